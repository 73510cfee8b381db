// One record of the metadata log: what is understood is written again as it was, and can be made an entry of.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/check.h"
#include "read/meta_entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  auto record = hearth::read::DecodeMetaRecord(bytes);
  if (!record) return 0;
  const auto again = hearth::read::EncodeMetaRecord(*record);
  HEARTH_CHECK(std::ranges::equal(again, bytes));
  if (!record->meta) return 0;
  const hearth::read::MetaEntry entry(std::move(record->key), std::move(*record->meta), record->fetched, {});
  HEARTH_CHECK(entry.memory_bytes() >= entry.whole_headers.size());
  return 0;
}
