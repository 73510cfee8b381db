// S3's error document, as any server or proxy may send it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "origin/s3_error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto error = hearth::origin::ParseS3Error({reinterpret_cast<const char*>(data), size});
  for (const std::string* field : {&error.code, &error.message, &error.region}) {
    HEARTH_CHECK(field->size() <= 1024);
    HEARTH_CHECK(std::ranges::none_of(*field, [](unsigned char c) { return c < 0x20 || c == 0x7f; }));
  }
  return 0;
}
