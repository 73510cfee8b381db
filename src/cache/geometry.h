// Geometry: how an object is cut into blocks, sub-blocks and pages. Pure arithmetic.
//
//   object  |--------- block 0 ---------|--------- block 1 ---------|-- block 2 --|   block_size, a power of two
//   block   |- sub 0 -|- sub 1 -| ...                                                sub_block_size: unit of presence
//   sub     |p|p|p|p|                                                                64 KiB pages: unit of checksum
//
// The last block, sub-block and page of an object are as long as the object goes.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/range.h"

namespace hearth::cache {

inline constexpr std::uint32_t kPageSize = 64_KiB;

struct Geometry {
  std::uint64_t block_size = 16_MiB;       // 1 to 64 MiB, a power of two
  std::uint32_t sub_block_size = 256_KiB;  // 64 KiB to block_size, a power of two

  BlockIndex BlockOf(std::uint64_t offset) const { return {offset / block_size}; }
  std::uint64_t BlockCount(std::uint64_t object_size) const { return DivideUp(object_size, block_size); }

  // The bytes of the object that block `index` holds.
  ByteRange BlockRange(BlockIndex index, std::uint64_t object_size) const {
    const std::uint64_t begin = index.value * block_size;
    return {begin, std::min(begin + block_size, object_size)};
  }
  std::uint32_t SubCount(std::uint64_t block_length) const {
    return static_cast<std::uint32_t>(DivideUp(block_length, sub_block_size));
  }
  std::uint32_t PageCount(std::uint64_t block_length) const {
    return static_cast<std::uint32_t>(DivideUp(block_length, kPageSize));
  }
  // The sub-blocks that `in_block` (offsets within the block, not empty) touches.
  SubRange SubsOf(ByteRange in_block) const {
    return {static_cast<std::uint32_t>(in_block.begin / sub_block_size),
            static_cast<std::uint32_t>(DivideUp(in_block.end, sub_block_size))};
  }
  // The bytes, within the block, of those sub-blocks.
  ByteRange BytesOf(SubRange subs, std::uint64_t block_length) const {
    return {std::uint64_t{subs.begin} * sub_block_size,
            std::min(std::uint64_t{subs.end} * sub_block_size, block_length)};
  }
  bool operator==(const Geometry&) const = default;
};

}  // namespace hearth::cache
