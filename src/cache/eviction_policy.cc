#include "cache/eviction_policy.h"

#include "cache/lru_policy.h"
#include "cache/s3_fifo_policy.h"
#include "cache/tiny_lfu_policy.h"

namespace hearth::cache {

void EvictionPolicy::OnRemove(EvictionShard& shard, std::uint32_t slot) { Unlink(shard, slot); }

void EvictionPolicy::Resize(EvictionShard& shard, std::uint32_t slot, std::uint32_t allocated_units) {
  BlockEntry& entry = shard.entries[slot];
  // Wraps around to less where it shrinks, as unsigned sums do.
  totals_[entry.list].units.fetch_add(std::uint64_t{allocated_units} - entry.allocated_units,
                                      std::memory_order_relaxed);
  entry.allocated_units = allocated_units;
}

void EvictionPolicy::Link(EvictionShard& shard, std::uint32_t slot, BlockList list) {
  shard.Link(slot, list);
  Total& total = totals_[static_cast<std::size_t>(list)];
  total.blocks.fetch_add(1, std::memory_order_relaxed);
  total.units.fetch_add(shard.entries[slot].allocated_units, std::memory_order_relaxed);
}

void EvictionPolicy::Unlink(EvictionShard& shard, std::uint32_t slot) {
  Total& total = totals_[shard.entries[slot].list];
  total.blocks.fetch_sub(1, std::memory_order_relaxed);
  total.units.fetch_sub(shard.entries[slot].allocated_units, std::memory_order_relaxed);
  shard.Unlink(slot);
}

void EvictionPolicy::Move(EvictionShard& shard, std::uint32_t slot, BlockList list) {
  Unlink(shard, slot);
  Link(shard, slot, list);
}

void EvictionPolicy::Renew(EvictionShard& shard, std::uint32_t slot) {
  const BlockList list = shard.ListOf(slot);
  shard.Unlink(slot);
  shard.Link(slot, list);
}

std::unique_ptr<EvictionPolicy> MakeEvictionPolicy(EvictionKind kind) {
  switch (kind) {
    case EvictionKind::kLru: return std::make_unique<LruPolicy>();
    case EvictionKind::kS3Fifo: return std::make_unique<S3FifoPolicy>();
    case EvictionKind::kWTinyLfu: break;
  }
  return std::make_unique<TinyLfuPolicy>();
}

}  // namespace hearth::cache
