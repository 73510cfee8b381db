// Partitions: the 2^18 buckets of the hash space that members own (docs/formats/placement.md).
//
// The version of an object is not hashed, so that a new version of a block has the owner of the old one. Pure.
#pragma once

#include <compare>
#include <cstdint>

#include "base/names.h"
#include "base/range.h"

namespace hearth::placement {

inline constexpr unsigned kPartitionBits = 18;
inline constexpr std::uint32_t kPartitions = 1u << kPartitionBits;

struct PartitionIndex {
  std::uint32_t value = 0;  // below kPartitions
  auto operator<=>(const PartitionIndex&) const = default;
};

// The top 18 bits of XXH3-64, seed 0, over origin name, bucket and key, each after its length as u64
// little-endian, then the block index as eight little-endian bytes (without a length).
PartitionIndex PartitionOf(const ObjectId& object, BlockIndex block);

}  // namespace hearth::placement
