// The format of a block file: docs/formats/block.md. One block of one version, whole or partial.
//
//   0                header: magic, format version, its own length, sizes, block index, key, version,
//                    presence of each sub-block, checksum of each page, checksum of the header
//   data_offset()    the block's bytes, at the next 4 KiB boundary after the header; absent sub-blocks are holes
//
// The header's length does not change over the file's life. Presence is set only after the data it speaks of
// was written. Pure: bytes in, values out; decoding never trusts a length (fuzzed).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/names.h"
#include "base/result.h"
#include "cache/geometry.h"

namespace hearth::cache {

// What a block is, apart from its bytes.
struct BlockInfo {
  ObjectId object;
  Version version;
  std::uint64_t object_size = 0;
  BlockIndex index;

  bool operator==(const BlockInfo&) const = default;
};

struct BlockHeader {
  BlockInfo info;
  Geometry geometry;
  std::vector<std::uint64_t> present;    // bit i of word i/64: sub-block i is there
  std::vector<std::uint32_t> page_crcs;  // PageChecksum of each page; meaningless where absent

  // A header with nothing present.
  static BlockHeader Empty(BlockInfo info, Geometry geometry);

  std::uint64_t block_length() const { return geometry.BlockRange(info.index, info.object_size).length(); }
  std::uint32_t sub_count() const { return geometry.SubCount(block_length()); }
  bool IsPresent(std::uint32_t sub) const { return (present[sub / 64] >> (sub % 64)) & 1; }
  void SetPresent(std::uint32_t sub) { present[sub / 64] |= std::uint64_t{1} << (sub % 64); }
  std::uint32_t present_count() const;
  // Where the data begins; a multiple of 4 KiB.
  std::uint64_t data_offset() const;

  bool operator==(const BlockHeader&) const = default;
};

// The largest header that any legal key, version and geometry make.
inline constexpr std::size_t kBlockHeaderMax = 64_KiB;

// Whether the format can hold such a block: a cacheable version, names and version of at most 4096 bytes each,
// a legal geometry, a block inside its object. Names and versions come from the world: whoever makes a block
// asks first, and reads through what cannot be held.
bool IsStorable(const BlockInfo& info, const Geometry& geometry);

// data_offset() bytes, zero padded. Requires IsStorable.
std::vector<std::byte> EncodeBlockHeader(const BlockHeader& header);
// `bytes` begins at the file's first byte and may be longer or shorter than the header.
// kCorruption: not a header, or torn. kInvalidArgument: a format version that this build does not know.
Result<BlockHeader> DecodeBlockHeader(std::span<const std::byte> bytes);

// What page checksums begin with: covers origin, bucket, key and version, so that the right bytes of another
// object are wrong bytes.
std::uint32_t PageSeed(const BlockInfo& info);
// CRC-32C over seed, the page's offset in the object (u64 little-endian) and its bytes.
std::uint32_t PageChecksum(std::uint32_t seed, std::uint64_t offset_in_object, std::span<const std::byte> page);

}  // namespace hearth::cache
