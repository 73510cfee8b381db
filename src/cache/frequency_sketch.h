// FrequencySketch: about how often a block was asked for lately, whether it is here or not.
//
// A count-min sketch of 4-bit counters, about sixteen a block, behind a doorkeeper of one bit a block seen: what is
// asked for once takes a bit and no counter. Seven to fifteen bytes a block in all. Only the lowest of a block's
// counters grow (conservative update), so that many blocks in few counters disturb each other least. Ageing halves: a
// changed working set overtakes the old one. Owned by a shard and guarded by its lock. Pure: the same calls give the
// same estimates.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/hash.h"

namespace hearth::cache {

class FrequencySketch {
 public:
  static constexpr std::uint32_t kMax = 16;  // the counter's 15 and the doorkeeper's 1

  // Grows, if need be, to count `blocks`; what was counted stays.
  void Fit(std::uint64_t blocks);
  // Halves what was counted as often as `epoch` has grown since the last call.
  void AgeTo(std::uint32_t epoch);
  // Fit comes first, once.
  void Add(const Hash128& hash);
  std::uint32_t Estimate(const Hash128& hash) const;

  std::uint64_t memory_bytes() const { return (counters_.capacity() + door_.capacity()) * sizeof(std::uint64_t); }

 private:
  static constexpr std::size_t kDepth = 4;

  void Halve();
  // Places of the block's counters, and of its bit at the door.
  std::array<std::uint64_t, kDepth> PlacesOf(std::uint64_t mixed) const;
  std::uint32_t CounterAt(std::uint64_t place) const {
    return static_cast<std::uint32_t>(counters_[place / 16] >> (place % 16 * 4)) & 15;
  }
  bool IsAtDoor(std::uint64_t mixed) const;

  std::uint64_t blocks_ = 0;  // what it fits, a power of two
  std::uint32_t epoch_ = 0;
  std::vector<std::uint64_t> counters_;  // 16 each
  std::vector<std::uint64_t> door_;
};

}  // namespace hearth::cache
