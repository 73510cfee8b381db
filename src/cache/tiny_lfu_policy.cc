#include "cache/tiny_lfu_policy.h"

#include <algorithm>

namespace hearth::cache {
namespace {

constexpr std::uint64_t kUsesPerEpoch = 10;  // a block
constexpr std::uint64_t kBlocksMin = 16;     // fewer are counted as so many
constexpr std::uint64_t kGhostShare = 8;     // of all blocks, one in so many

const std::optional<Finalist>& Of(const Finalists& finalists, BlockList list) {
  return finalists[static_cast<std::size_t>(list)];
}

// Whether `candidate` was asked for so much more often that it is to replace what is here. Once more does not count: of
// two that are asked for equally often, one is always ahead, and over a loop the other would be the next to be missed.
bool IsBetter(std::uint32_t candidate, std::uint32_t here) { return candidate > here + 1; }

}  // namespace

void TinyLfuPolicy::Count(EvictionShard& shard, const Hash128& hash) {
  const std::uint64_t period = kUsesPerEpoch * std::max(AllBlocks(), kBlocksMin);
  if (uses_.fetch_add(1, std::memory_order_relaxed) + 1 >= period) {
    uses_.store(0, std::memory_order_relaxed);
    epoch_.fetch_add(1, std::memory_order_relaxed);
  }
  shard.sketch.Fit(shard.count + 1);
  shard.sketch.AgeTo(epoch_.load(std::memory_order_relaxed));
  shard.sketch.Add(hash);
}

void TinyLfuPolicy::OnInsert(EvictionShard& shard, std::uint32_t slot, Arrival arrival) {
  Link(shard, slot, arrival == Arrival::kMade ? BlockList::kNew : BlockList::kMain);
}

void TinyLfuPolicy::OnUse(EvictionShard& shard, std::uint32_t slot) {
  Count(shard, shard.entries[slot].hash);
  const std::uint32_t units = shard.entries[slot].allocated_units;
  switch (shard.ListOf(slot)) {
    case BlockList::kNew:
      if (UnitsIn(BlockList::kNew) > window_target()) {
        // It is here because there was room, and has been asked for again: it has proved itself.
        Move(shard, slot, BlockList::kMain);
      } else {
        GrowWindow(units);
        Renew(shard, slot);
      }
      return;
    case BlockList::kMain: {
      ShrinkWindow(units);
      Move(shard, slot, BlockList::kProtected);
      // Makes way in its own shard: over many blocks that is the same as in all, and over few it does not matter.
      const std::uint32_t oldest = shard.OldestOf(BlockList::kProtected);
      const std::uint64_t main = UnitsIn(BlockList::kMain) + UnitsIn(BlockList::kProtected);
      if (oldest != slot && UnitsIn(BlockList::kProtected) > main / 5 * 4) Move(shard, oldest, BlockList::kMain);
      return;
    }
    case BlockList::kProtected:
    case BlockList::kNone: break;
  }
  ShrinkWindow(units);
  Renew(shard, slot);
}

void TinyLfuPolicy::OnMiss(EvictionShard& shard, const Hash128& hash, std::uint32_t units) {
  Count(shard, hash);
  const auto age_max = static_cast<std::uint32_t>(GhostsMax());
  if (shard.ghosts.Take(hash, ghosts_made_.load(std::memory_order_relaxed), age_max)) GrowWindow(units);
}

void TinyLfuPolicy::OnRefused(EvictionShard& shard, const Hash128& hash) { AddGhost(shard, hash); }

void TinyLfuPolicy::OnChosen(EvictionShard& shard, std::uint32_t slot) {
  // What goes while the window is closed had its chance by frequency. In a loop it would be the next to be asked for.
  if (shard.ListOf(slot) == BlockList::kNew && IsWindowOpen()) AddGhost(shard, shard.entries[slot].hash);
}

void TinyLfuPolicy::OnSpared(EvictionShard& shard, std::uint32_t slot) { Move(shard, slot, BlockList::kMain); }

std::uint32_t TinyLfuPolicy::FrequencyOf(EvictionShard& shard, const Hash128& hash, std::uint32_t /*slot*/) {
  shard.sketch.AgeTo(epoch_.load(std::memory_order_relaxed));
  return shard.sketch.Estimate(hash);
}

void TinyLfuPolicy::AddGhost(EvictionShard& shard, const Hash128& hash) {
  shard.ghosts.Fit(shard.count / kGhostShare);
  shard.ghosts.Add(hash, ghosts_made_.fetch_add(1, std::memory_order_relaxed) + 1);
}

std::uint64_t TinyLfuPolicy::GhostsMax() const {
  return std::clamp<std::uint64_t>(AllBlocks() / kGhostShare, 1, 1 << 30);
}

void TinyLfuPolicy::GrowWindow(std::uint32_t units) {
  const std::uint64_t step = std::max<std::uint64_t>(1, MainBlocks() / RecentBlocks()) * units;
  const std::uint64_t most = AllUnits() / 5 * 4;
  window_target_.store(std::min(window_target() + step, most), std::memory_order_relaxed);
}

void TinyLfuPolicy::ShrinkWindow(std::uint32_t units) {
  const std::uint64_t step = std::max<std::uint64_t>(1, RecentBlocks() / MainBlocks()) * units;
  window_target_.store(window_target() - std::min(window_target(), step), std::memory_order_relaxed);
}

// What speaks for recency, and what for frequency; never none.
std::uint64_t TinyLfuPolicy::RecentBlocks() const { return BlocksIn(BlockList::kNew) + GhostsMax(); }
std::uint64_t TinyLfuPolicy::MainBlocks() const {
  return std::max<std::uint64_t>(1, BlocksIn(BlockList::kMain) + BlocksIn(BlockList::kProtected));
}

bool TinyLfuPolicy::IsWindowOpen() const {
  const std::uint64_t blocks = std::max<std::uint64_t>(1, AllBlocks());
  return window_target() > 0 && window_target() >= AllUnits() / blocks;
}

Verdict TinyLfuPolicy::Judge(const Finalists& finalists) const {
  const std::optional<Finalist>& fresh = Of(finalists, BlockList::kNew);
  const BlockList list = Of(finalists, BlockList::kMain) ? BlockList::kMain : BlockList::kProtected;
  const std::optional<Finalist>& main = Of(finalists, list);
  if (!main) return {.list = BlockList::kNew};
  if (!fresh || UnitsIn(BlockList::kNew) <= window_target()) return {.list = list};
  return {.list = BlockList::kNew, .evict = !IsBetter(fresh->frequency, main->frequency)};
}

bool TinyLfuPolicy::Admits(std::uint32_t frequency, const Finalists& finalists) const {
  if (IsWindowOpen()) return true;
  const Verdict verdict = Judge(finalists);
  // What is spared takes the place of the oldest in main.
  const BlockList main = Of(finalists, BlockList::kMain) ? BlockList::kMain : BlockList::kProtected;
  return IsBetter(frequency, Of(finalists, verdict.evict ? verdict.list : main)->frequency);
}

}  // namespace hearth::cache
