#include "cache/s3_fifo_policy.h"

#include <algorithm>
#include <limits>

namespace hearth::cache {
namespace {

constexpr std::uint64_t kNewShare = 10;   // of all, one in so many
constexpr std::uint32_t kUsesToStay = 2;  // of a new block

}  // namespace

void S3FifoPolicy::OnInsert(EvictionShard& shard, std::uint32_t slot, Arrival arrival) {
  bool is_proven = arrival == Arrival::kKnown;
  if (!is_proven) {
    const std::uint64_t ghosts = BlocksIn(BlockList::kMain);
    const auto age_max =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(ghosts, std::numeric_limits<std::uint32_t>::max()));
    is_proven = shard.ghosts.Take(shard.entries[slot].hash, ghosts_made_.load(std::memory_order_relaxed), age_max);
  }
  shard.entries[slot].uses = 0;
  Link(shard, slot, is_proven ? BlockList::kMain : BlockList::kNew);
}

void S3FifoPolicy::OnUse(EvictionShard& shard, std::uint32_t slot) {
  BlockEntry& entry = shard.entries[slot];
  if (entry.uses < BlockEntry::kUsesMax) ++entry.uses;
}

void S3FifoPolicy::OnChosen(EvictionShard& shard, std::uint32_t slot) {
  if (shard.ListOf(slot) != BlockList::kNew) return;
  shard.ghosts.Fit(shard.count);
  shard.ghosts.Add(shard.entries[slot].hash, ghosts_made_.fetch_add(1, std::memory_order_relaxed) + 1);
}

void S3FifoPolicy::OnSpared(EvictionShard& shard, std::uint32_t slot) {
  BlockEntry& entry = shard.entries[slot];
  if (shard.ListOf(slot) == BlockList::kMain) {
    if (entry.uses > 0) --entry.uses;
    Renew(shard, slot);
  } else {
    entry.uses = 0;
    Move(shard, slot, BlockList::kMain);
  }
}

std::uint32_t S3FifoPolicy::FrequencyOf(EvictionShard& shard, const Hash128& /*hash*/, std::uint32_t slot) {
  return slot == kNoSlot ? 0 : shard.entries[slot].uses;
}

Verdict S3FifoPolicy::Judge(const Finalists& finalists) const {
  const std::optional<Finalist>& fresh = finalists[static_cast<std::size_t>(BlockList::kNew)];
  const std::optional<Finalist>& main = finalists[static_cast<std::size_t>(BlockList::kMain)];
  if (fresh && (!main || UnitsIn(BlockList::kNew) * kNewShare >= AllUnits())) {
    return {.list = BlockList::kNew, .evict = fresh->frequency < kUsesToStay};
  }
  return {.list = BlockList::kMain, .evict = main->frequency == 0};
}

}  // namespace hearth::cache
