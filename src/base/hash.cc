#include "base/hash.h"

#include <bit>
#include <cstring>

#include <isa-l/crc.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace hearth {
namespace {

static_assert(std::endian::native == std::endian::little, "hashes are defined over little-endian lengths");

// Names and versions together are rarely longer; the one-call form of XXH3 over a copy is several times faster than
// its streaming form for such lengths, and gives the same hash.
constexpr std::size_t kInPlaceMax = 2048;

std::size_t LengthOf(std::initializer_list<std::string_view> parts) {
  std::size_t length = 0;
  for (const std::string_view part : parts) length += sizeof(std::uint64_t) + part.size();
  return length;
}

// Writes each part behind its length.
void Join(std::initializer_list<std::string_view> parts, char* to) {
  for (const std::string_view part : parts) {
    const std::uint64_t length = part.size();
    std::memcpy(to, &length, sizeof length);
    to += sizeof length;
    if (!part.empty()) std::memcpy(to, part.data(), part.size());
    to += part.size();
  }
}

template <typename Hash>
auto HashJoined(std::initializer_list<std::string_view> parts, Hash hash) {
  const std::size_t length = LengthOf(parts);
  if (length <= kInPlaceMax) {
    char joined[kInPlaceMax];
    Join(parts, joined);
    return hash(joined, length);
  }
  std::string joined(length, '\0');
  Join(parts, joined.data());
  return hash(joined.data(), length);
}

}  // namespace

std::string Hash128::ToHex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(32, '0');
  for (int i = 0; i < 16; ++i) {
    text[static_cast<std::size_t>(15 - i)] = kDigits[(high >> (4 * i)) & 15];
    text[static_cast<std::size_t>(31 - i)] = kDigits[(low >> (4 * i)) & 15];
  }
  return text;
}

std::uint64_t HashParts64(std::initializer_list<std::string_view> parts) {
  return HashJoined(parts, [](const char* bytes, std::size_t length) { return XXH3_64bits(bytes, length); });
}

Hash128 HashParts128(std::initializer_list<std::string_view> parts) {
  const XXH128_hash_t hash =
      HashJoined(parts, [](const char* bytes, std::size_t length) { return XXH3_128bits(bytes, length); });
  return {hash.high64, hash.low64};
}

std::uint64_t HashObject(const ObjectId& object) {
  return HashParts64({object.origin.value, object.bucket.value, object.key.value});
}

BlockHasher::BlockHasher(const ObjectId& object, const Version& version)
    : prefix_(HashParts128({object.origin.value, object.bucket.value, object.key.value, version.ToString()})) {}

Hash128 BlockHasher::Of(BlockIndex index) const {
  const std::uint64_t words[3] = {prefix_.high, prefix_.low, index.value};
  const XXH128_hash_t hash = XXH3_128bits(words, sizeof words);
  return {hash.high64, hash.low64};
}

Hash128 HashBlock(const ObjectId& object, const Version& version, BlockIndex index) {
  return BlockHasher(object, version).Of(index);
}

// isa-l takes an int length and neither inverts the seed nor the result.
std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  constexpr std::size_t kChunk = 1u << 30;
  while (!bytes.empty()) {
    const std::size_t n = bytes.size() < kChunk ? bytes.size() : kChunk;
    auto* data = const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
    crc = crc32_iscsi(data, static_cast<int>(n), crc);
    bytes = bytes.subspan(n);
  }
  return ~crc;
}

}  // namespace hearth
