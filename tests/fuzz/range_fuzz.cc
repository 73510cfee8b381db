// The small parsers of header values on arbitrary bytes: ranges, dates and queries.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "http/authority.h"
#include "http/date.h"
#include "http/percent.h"
#include "http/range.h"

namespace hearth::http {
namespace {

void FuzzRange(std::string_view text, std::uint64_t size) {
  const auto range = ResolveRange(ParseRange(text), size);
  if (!range) return;
  HEARTH_CHECK(range->begin <= range->end && range->end <= size);
  if (!range->empty()) HEARTH_CHECK(ContentRange(*range, size).starts_with("bytes "));
}

void FuzzDate(std::string_view text) {
  const auto time = ParseHttpDate(text);
  if (time) HEARTH_CHECK(ParseHttpDate(FormatHttpDate(*time)) == time);
}

void FuzzPercent(std::string_view text) {
  const auto bytes = PercentDecode(text);
  if (bytes) HEARTH_CHECK(PercentDecode(PercentEncode(*bytes, Slash::kEncode)) == bytes);
  const auto query = ParseQuery(text);
  if (query) HEARTH_CHECK(query->size() <= text.size());
}

}  // namespace
}  // namespace hearth::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // Sizes from 0 to the largest, by the first byte.
  hearth::http::FuzzRange(text, data[0] < 64 ? std::uint64_t{1} << data[0] : data[0] - 64u);
  hearth::http::FuzzDate(text);
  hearth::http::FuzzPercent(text);
  hearth::http::Authority authority;
  hearth::http::ParseAuthority(text, authority);
  return 0;
}
