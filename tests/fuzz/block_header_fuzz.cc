// A block file's header, as it is and with its checksum made right: without that no mutation gets past it.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "cache/block_format.h"

namespace {

constexpr std::size_t kFixedPart = 64;
constexpr std::size_t kLengthOffset = 8;
constexpr std::size_t kChecksumOffset = 12;

// What was understood is written again as it was, and says nothing that does not fit together.
void Check(std::span<const std::byte> bytes) {
  const auto header = hearth::cache::DecodeBlockHeader(bytes);
  if (!header) return;
  HEARTH_CHECK(hearth::cache::IsStorable(header->info, header->geometry));
  HEARTH_CHECK(header->present_count() <= header->sub_count());
  HEARTH_CHECK(header->page_crcs.size() == header->geometry.PageCount(header->block_length()));
  const auto again = hearth::cache::EncodeBlockHeader(*header);
  HEARTH_CHECK(again.size() == header->data_offset() && again.size() <= hearth::cache::kBlockHeaderMax);
  const auto header_again = hearth::cache::DecodeBlockHeader(again);
  HEARTH_CHECK(header_again && *header_again == *header);
}

std::vector<std::byte> WithRightChecksum(std::span<const std::byte> bytes) {
  std::vector<std::byte> mended(bytes.begin(), bytes.end());
  std::uint32_t length = 0;
  std::memcpy(&length, mended.data() + kLengthOffset, sizeof length);
  if (length < kFixedPart || length > mended.size()) {
    length = static_cast<std::uint32_t>(mended.size());
    std::memcpy(mended.data() + kLengthOffset, &length, sizeof length);
  }
  std::memset(mended.data() + kChecksumOffset, 0, sizeof(std::uint32_t));
  const std::uint32_t checksum = hearth::Crc32c(std::span(mended).first(length));
  std::memcpy(mended.data() + kChecksumOffset, &checksum, sizeof checksum);
  return mended;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  Check(bytes);
  if (size >= kFixedPart) Check(WithRightChecksum(bytes));
  return 0;
}
