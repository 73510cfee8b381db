#include "cache/block_format.h"

#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/check.h"
#include "base/hash.h"

namespace hearth::cache {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and copied as it stands");

constexpr std::array<char, 4> kMagic = {'H', 'B', 'L', 'K'};
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::uint64_t kDataAlignment = 4_KiB;
constexpr std::size_t kNameMax = 4096;
constexpr std::uint64_t kObjectSizeMax = std::uint64_t{1} << 62;  // keeps offset arithmetic far from overflow

// The part of fixed size. Behind it: origin, bucket, key, version value, zeros to a multiple of 8, presence
// words, page checksums.
struct FixedHeader {
  std::array<char, 4> magic = kMagic;
  std::uint32_t format_version = kFormatVersion;
  std::uint32_t header_length = 0;  // to the end of the page checksums
  std::uint32_t header_crc = 0;     // over header_length bytes, this field being zero
  std::uint64_t object_size = 0;
  std::uint64_t block_index = 0;
  std::uint64_t block_size = 0;
  std::uint32_t sub_block_size = 0;
  std::uint32_t page_size = kPageSize;
  std::uint16_t origin_length = 0;
  std::uint16_t bucket_length = 0;
  std::uint16_t key_length = 0;
  std::uint16_t version_length = 0;
  std::uint8_t version_kind = 0;
  std::array<std::uint8_t, 7> reserved = {};  // zero
};
static_assert(sizeof(FixedHeader) == 64);
static_assert(std::is_trivially_copyable_v<FixedHeader> && std::has_unique_object_representations_v<FixedHeader>);

// The largest header: four names, 64 MiB in pages and sub-blocks of 64 KiB.
constexpr std::size_t kPagesMax = 64_MiB / kPageSize;
constexpr std::size_t kSubsMax = kPagesMax;
static_assert(sizeof(FixedHeader) + 4 * kNameMax + kSubsMax / 8 + kPagesMax * 4 <= kBlockHeaderMax);

std::size_t WordCount(std::uint32_t subs) { return DivideUp(subs, 64); }

std::size_t NamesLength(const BlockInfo& info) {
  return info.object.origin.value.size() + info.object.bucket.value.size() + info.object.key.value.size() +
         info.version.value.size();
}

// Where the presence words begin.
std::size_t PresenceOffset(const BlockInfo& info) { return AlignUp(sizeof(FixedHeader) + NamesLength(info), 8); }

std::size_t HeaderLength(const BlockInfo& info, const Geometry& geometry) {
  const std::uint64_t length = geometry.BlockRange(info.index, info.object_size).length();
  return PresenceOffset(info) + WordCount(geometry.SubCount(length)) * sizeof(std::uint64_t) +
         geometry.PageCount(length) * sizeof(std::uint32_t);
}

bool IsLegal(const Geometry& geometry) {
  return std::has_single_bit(geometry.block_size) && geometry.block_size >= 1_MiB && geometry.block_size <= 64_MiB &&
         std::has_single_bit(geometry.sub_block_size) && geometry.sub_block_size >= kPageSize &&
         geometry.sub_block_size <= geometry.block_size;
}

std::span<const std::byte> BytesOf(std::string_view text) { return std::as_bytes(std::span(text)); }

template <typename T>
std::span<const std::byte> BytesOf(const T& value)
  requires std::is_trivially_copyable_v<T> && (!std::is_convertible_v<T, std::string_view>)
{
  return std::as_bytes(std::span(&value, 1));
}

FixedHeader FixedPart(const BlockHeader& header) {
  const BlockInfo& info = header.info;
  return {.header_length = static_cast<std::uint32_t>(HeaderLength(info, header.geometry)),
          .object_size = info.object_size,
          .block_index = info.index.value,
          .block_size = header.geometry.block_size,
          .sub_block_size = header.geometry.sub_block_size,
          .origin_length = static_cast<std::uint16_t>(info.object.origin.value.size()),
          .bucket_length = static_cast<std::uint16_t>(info.object.bucket.value.size()),
          .key_length = static_cast<std::uint16_t>(info.object.key.value.size()),
          .version_length = static_cast<std::uint16_t>(info.version.value.size()),
          .version_kind = static_cast<std::uint8_t>(info.version.kind)};
}

std::uint32_t HeaderChecksum(FixedHeader fixed, std::span<const std::byte> rest) {
  fixed.header_crc = 0;
  return Crc32c(rest, Crc32c(BytesOf(fixed)));
}

// What the fixed part says about the block, with the names behind it; nullopt if they do not fit.
std::optional<BlockInfo> InfoOf(const FixedHeader& fixed, std::span<const std::byte> names) {
  const std::size_t total =
      std::size_t{fixed.origin_length} + fixed.bucket_length + fixed.key_length + fixed.version_length;
  if (total > names.size()) return std::nullopt;
  const auto take = [&names](std::size_t length) {
    std::string text(reinterpret_cast<const char*>(names.data()), length);
    names = names.subspan(length);
    return text;
  };
  BlockInfo info;
  info.object.origin = OriginName(take(fixed.origin_length));
  info.object.bucket = BucketName(take(fixed.bucket_length));
  info.object.key = ObjectKey(take(fixed.key_length));
  info.version = {static_cast<VersionKind>(fixed.version_kind), take(fixed.version_length)};
  info.object_size = fixed.object_size;
  info.index = {fixed.block_index};
  return info;
}

bool HasStrayBits(const BlockHeader& header) {
  const std::uint32_t used = header.sub_count() % 64;
  return used != 0 && (header.present.back() >> used) != 0;
}

std::unexpected<Error> NotAHeader(std::string_view why) {
  return Fail(Code::kCorruption, "block header: " + std::string(why));
}

// The fixed part, once the whole header is known to be there and intact.
Result<FixedHeader> DecodeFixedPart(std::span<const std::byte> bytes) {
  FixedHeader fixed;
  if (bytes.size() < sizeof fixed) return NotAHeader("too short");
  std::memcpy(&fixed, bytes.data(), sizeof fixed);
  if (fixed.magic != kMagic) return NotAHeader("no magic");
  // Before the checksum: another version may keep it elsewhere.
  if (fixed.format_version != kFormatVersion) {
    return Fail(Code::kInvalidArgument, "block header: format version " + std::to_string(fixed.format_version) +
                                            ", this build knows " + std::to_string(kFormatVersion));
  }
  if (fixed.header_length < sizeof fixed || fixed.header_length > kBlockHeaderMax ||
      fixed.header_length > bytes.size()) {
    return NotAHeader("its length does not fit");
  }
  const auto rest = bytes.subspan(sizeof fixed, fixed.header_length - sizeof fixed);
  if (HeaderChecksum(fixed, rest) != fixed.header_crc) return NotAHeader("checksum mismatch");
  return fixed;
}

}  // namespace

BlockHeader BlockHeader::Empty(BlockInfo info, Geometry geometry) {
  BlockHeader header{.info = std::move(info), .geometry = geometry, .present = {}, .page_crcs = {}};
  header.present.resize(WordCount(header.sub_count()));
  header.page_crcs.resize(geometry.PageCount(header.block_length()));
  return header;
}

std::uint32_t BlockHeader::present_count() const {
  std::uint32_t count = 0;
  for (const std::uint64_t word : present) count += static_cast<std::uint32_t>(std::popcount(word));
  return count;
}

std::uint64_t BlockHeader::data_offset() const { return AlignUp(HeaderLength(info, geometry), kDataAlignment); }

bool IsStorable(const BlockInfo& info, const Geometry& geometry) {
  const bool names_fit = info.object.origin.value.size() <= kNameMax && info.object.bucket.value.size() <= kNameMax &&
                         info.object.key.value.size() <= kNameMax && info.version.value.size() <= kNameMax;
  const bool version_fits = info.version.cacheable() && info.version.kind <= VersionKind::kStat;
  return names_fit && version_fits && IsLegal(geometry) && info.object_size <= kObjectSizeMax &&
         info.index.value < geometry.BlockCount(info.object_size);
}

std::vector<std::byte> EncodeBlockHeader(const BlockHeader& header) {
  HEARTH_CHECK(IsStorable(header.info, header.geometry));
  HEARTH_CHECK(header.present.size() == WordCount(header.sub_count()) && !HasStrayBits(header));
  HEARTH_CHECK(header.page_crcs.size() == header.geometry.PageCount(header.block_length()));

  std::vector<std::byte> bytes(header.data_offset());
  std::size_t end = sizeof(FixedHeader);
  const auto put = [&bytes, &end](std::span<const std::byte> part) {
    std::memcpy(bytes.data() + end, part.data(), part.size());
    end += part.size();
  };
  const ObjectId& object = header.info.object;
  for (const std::string* name :
       {&object.origin.value, &object.bucket.value, &object.key.value, &header.info.version.value}) {
    put(BytesOf(*name));
  }
  end = PresenceOffset(header.info);
  put(std::as_bytes(std::span(header.present)));
  put(std::as_bytes(std::span(header.page_crcs)));

  FixedHeader fixed = FixedPart(header);
  HEARTH_CHECK(end == fixed.header_length);
  fixed.header_crc = HeaderChecksum(fixed, std::span(bytes).subspan(sizeof fixed, end - sizeof fixed));
  std::memcpy(bytes.data(), &fixed, sizeof fixed);
  return bytes;
}

Result<BlockHeader> DecodeBlockHeader(std::span<const std::byte> bytes) {
  const Result<FixedHeader> fixed = DecodeFixedPart(bytes);
  if (!fixed) return Fail(fixed.error());
  const auto whole = bytes.first(fixed->header_length);
  std::optional<BlockInfo> info = InfoOf(*fixed, whole.subspan(sizeof(FixedHeader)));
  const Geometry geometry{.block_size = fixed->block_size, .sub_block_size = fixed->sub_block_size};
  if (!info || fixed->page_size != kPageSize || !IsStorable(*info, geometry)) return NotAHeader("impossible values");
  if (HeaderLength(*info, geometry) != whole.size()) return NotAHeader("its length is not that of its parts");

  BlockHeader header = BlockHeader::Empty(*std::move(info), geometry);
  const std::size_t presence = PresenceOffset(header.info);
  const std::size_t presence_bytes = header.present.size() * sizeof(std::uint64_t);
  std::memcpy(header.present.data(), whole.data() + presence, presence_bytes);
  std::memcpy(header.page_crcs.data(), whole.data() + presence + presence_bytes,
              header.page_crcs.size() * sizeof(std::uint32_t));
  if (HasStrayBits(header)) return NotAHeader("sub-blocks past its end");
  return header;
}

std::uint32_t PageSeed(const BlockInfo& info) {
  const std::string version = info.version.ToString();
  std::uint32_t seed = 0;
  for (const std::string_view part :
       {std::string_view(info.object.origin.value), std::string_view(info.object.bucket.value),
        std::string_view(info.object.key.value), std::string_view(version)}) {
    const std::uint64_t length = part.size();
    seed = Crc32c(BytesOf(part), Crc32c(BytesOf(length), seed));
  }
  return seed;
}

std::uint32_t PageChecksum(std::uint32_t seed, std::uint64_t offset_in_object, std::span<const std::byte> page) {
  return Crc32c(page, Crc32c(BytesOf(offset_in_object), seed));
}

}  // namespace hearth::cache
