// TinyLfuPolicy: W-TinyLFU (Einziger, Eytan, Friedman, Manes: "Adaptive software cache management", Middleware 2018)
// with a window that opens and closes by what it would bring, so that it can refuse.
//
//   kNew        the window: what is new, least recently used at its end. Its size is a target between nothing and most
//               of the room.
//   kMain       on probation: was asked for more often than what it replaced
//   kProtected  asked for again since; at most four fifths of kMain and kProtected
//
// What leaves the window when it is over its target stays, on probation, if it was asked for more often than the oldest
// there, by the frequency sketch of its shard; else it goes. Equals never replace each other: over a working
// set that does not fit, a part of it stays put, where LRU would keep nothing.
// While the window's target is less than a block it is closed: a new block that was not asked for more often than what
// would go is refused, and a scan writes nothing. What comes while there is room waits in the window all the same.
// The target follows evidence. A hit in the window, or on what came back soon after it was refused or fell out of the
// window (a ghost), speaks for recency; a hit in the other two lists for frequency. Each counts by the share of the
// blocks that it stands for, so that the target rests where a block brings as much on either side.
// Frequencies halve every ten uses a block, all shards together.
#pragma once

#include "cache/eviction_policy.h"

namespace hearth::cache {

class TinyLfuPolicy final : public EvictionPolicy {
 public:
  void OnInsert(EvictionShard& shard, std::uint32_t slot, Arrival arrival) override;
  void OnUse(EvictionShard& shard, std::uint32_t slot) override;
  void OnMiss(EvictionShard& shard, const Hash128& hash, std::uint32_t units) override;
  void OnRefused(EvictionShard& shard, const Hash128& hash) override;
  void OnChosen(EvictionShard& shard, std::uint32_t slot) override;
  void OnSpared(EvictionShard& shard, std::uint32_t slot) override;
  std::uint32_t FrequencyOf(EvictionShard& shard, const Hash128& hash, std::uint32_t slot) override;
  Verdict Judge(const Finalists& finalists) const override;
  bool MayRefuse() const override { return true; }
  bool Admits(std::uint32_t frequency, const Finalists& finalists) const override;

 private:
  void Count(EvictionShard& shard, const Hash128& hash);
  void AddGhost(EvictionShard& shard, const Hash128& hash);
  std::uint64_t GhostsMax() const;
  std::uint64_t RecentBlocks() const;
  std::uint64_t MainBlocks() const;
  void GrowWindow(std::uint32_t units);
  void ShrinkWindow(std::uint32_t units);
  std::uint64_t window_target() const { return window_target_.load(std::memory_order_relaxed); }
  bool IsWindowOpen() const;

  std::atomic<std::uint64_t> window_target_ = 0;  // units
  std::atomic<std::uint64_t> uses_ = 0;           // since the last halving
  std::atomic<std::uint32_t> epoch_ = 0;          // halvings
  std::atomic<std::uint32_t> ghosts_made_ = 0;
};

}  // namespace hearth::cache
