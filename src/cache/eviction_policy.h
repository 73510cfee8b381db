// EvictionPolicy: which blocks stay when there is no room for all, and whether a new one is let in.
//
// One a table (index_table.h), shared by its shards; what it knows of the blocks of a shard is in that EvictionShard.
// Calls that take a shard come with its lock held; totals over all shards are atomics. Nothing waits.
//
//   a miss     OnMiss -> Admits, unless there is room                   no: OnRefused, the block is streamed
//   made       OnInsert(kMade), OnChange when its fill is recorded
//   a hit      OnUse
//   no room    the oldest of each list over all shards are the finalists -> Judge
//                evict: OnChosen, then the block is unlinked and OnRemove called
//                spare: OnSpared, and new finalists are judged
//   start      OnInsert(kKnown), least recently used first: recency survives a restart, frequency does not
//
// Judge and Admits decide from what they are given and the totals, and change nothing.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "cache/eviction_shard.h"

namespace hearth::cache {

enum class EvictionKind : std::uint8_t { kWTinyLfu, kLru, kS3Fifo };
inline constexpr std::size_t kEvictionKinds = 3;

// A block that could go: the oldest of its list.
struct Finalist {
  Hash128 hash;
  std::uint32_t last_used = 0;
  std::uint32_t frequency = 0;  // as the policy counts it
};
using Finalists = std::array<std::optional<Finalist>, kBlockLists>;  // by BlockList

// What is to become of the finalist of `list`, which there must be.
struct Verdict {
  BlockList list = BlockList::kMain;
  bool evict = true;  // false: it stays, somewhere else
};

class EvictionPolicy {
 public:
  enum class Arrival : std::uint8_t { kMade, kKnown };

  virtual ~EvictionPolicy() = default;

  // --- one shard, with its lock ---
  // `slot` is filled in and stands in no list yet.
  virtual void OnInsert(EvictionShard& shard, std::uint32_t slot, Arrival arrival) = 0;
  virtual void OnUse(EvictionShard& shard, std::uint32_t slot) = 0;
  // More of the block has been written: as good as new, but no use.
  virtual void OnChange(EvictionShard& shard, std::uint32_t slot) { Renew(shard, slot); }
  virtual void OnMiss(EvictionShard& /*shard*/, const Hash128& /*hash*/, std::uint32_t /*units*/) {}
  virtual void OnRefused(EvictionShard& /*shard*/, const Hash128& /*hash*/) {}
  virtual void OnChosen(EvictionShard& /*shard*/, std::uint32_t /*slot*/) {}
  virtual void OnSpared(EvictionShard& shard, std::uint32_t slot) { Renew(shard, slot); }
  void OnRemove(EvictionShard& shard, std::uint32_t slot);
  void Resize(EvictionShard& shard, std::uint32_t slot, std::uint32_t allocated_units);
  // `slot`: kNoSlot if the block is not here.
  virtual std::uint32_t FrequencyOf(EvictionShard& /*shard*/, const Hash128& /*hash*/, std::uint32_t /*slot*/) {
    return 0;
  }

  // --- decisions ---
  // At least one finalist is there.
  virtual Verdict Judge(const Finalists& finalists) const = 0;
  // Whether Admits can say no.
  virtual bool MayRefuse() const { return false; }
  // Whether a block that was asked for `frequency` times is worth the room of what Judge would evict.
  virtual bool Admits(std::uint32_t /*frequency*/, const Finalists& /*finalists*/) const { return true; }

 protected:
  struct Total {
    std::atomic<std::uint64_t> blocks = 0;
    std::atomic<std::uint64_t> units = 0;  // of 4 KiB
  };

  void Link(EvictionShard& shard, std::uint32_t slot, BlockList list);
  void Move(EvictionShard& shard, std::uint32_t slot, BlockList list);
  // To the newest end of its list.
  static void Renew(EvictionShard& shard, std::uint32_t slot);

  std::uint64_t BlocksIn(BlockList list) const { return TotalOf(list).blocks.load(std::memory_order_relaxed); }
  std::uint64_t UnitsIn(BlockList list) const { return TotalOf(list).units.load(std::memory_order_relaxed); }
  std::uint64_t AllBlocks() const {
    return BlocksIn(BlockList::kNew) + BlocksIn(BlockList::kMain) + BlocksIn(BlockList::kProtected);
  }
  std::uint64_t AllUnits() const {
    return UnitsIn(BlockList::kNew) + UnitsIn(BlockList::kMain) + UnitsIn(BlockList::kProtected);
  }

 private:
  const Total& TotalOf(BlockList list) const { return totals_[static_cast<std::size_t>(list)]; }
  void Unlink(EvictionShard& shard, std::uint32_t slot);

  std::array<Total, kBlockLists> totals_;
};

std::unique_ptr<EvictionPolicy> MakeEvictionPolicy(EvictionKind kind);

}  // namespace hearth::cache
