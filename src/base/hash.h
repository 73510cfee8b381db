// Hashes: XXH3 over length-prefixed parts, so that ("ab","c") and ("a","bc") differ.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/names.h"
#include "base/range.h"

namespace hearth {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  // 32 lower-case hex digits: the name of a block file.
  std::string ToHex() const;
  auto operator<=>(const Hash128&) const = default;
};

// XXH3-64 and XXH3-128, seed 0, over each part as u64 little-endian length and bytes.
std::uint64_t HashParts64(std::initializer_list<std::string_view> parts);
Hash128 HashParts128(std::initializer_list<std::string_view> parts);

// Identity of an object, for maps.
std::uint64_t HashObject(const ObjectId& object);

// Identity of a block: origin, bucket, key, version, then the block index as eight little-endian bytes.
Hash128 HashBlock(const ObjectId& object, const Version& version, BlockIndex index);
// The same for many blocks of one version: the parts before the index are hashed once.
class BlockHasher {
 public:
  BlockHasher(const ObjectId& object, const Version& version);
  Hash128 Of(BlockIndex index) const;

 private:
  Hash128 prefix_;
};

// CRC-32C (Castagnoli, RFC 3720 B.4), continuing from `seed`.
std::uint32_t Crc32c(std::span<const std::byte> bytes, std::uint32_t seed = 0);

}  // namespace hearth

template <>
struct std::hash<hearth::Hash128> {
  std::size_t operator()(const hearth::Hash128& hash) const noexcept { return hash.low; }
};
template <>
struct std::hash<hearth::ObjectId> {
  std::size_t operator()(const hearth::ObjectId& object) const noexcept { return hearth::HashObject(object); }
};
