// S3FifoPolicy: three queues (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023).
//
//   kNew    a tenth of the room: where what is new waits to be asked for again; what was not, goes and is a ghost
//   kMain   what was asked for twice while it was new, or came back as a ghost; the oldest goes, unless it was used:
//           then it has one use less and starts again
//
// A hit counts in the entry, up to three, and moves nothing. Everything is let in.
#pragma once

#include "cache/eviction_policy.h"

namespace hearth::cache {

class S3FifoPolicy final : public EvictionPolicy {
 public:
  void OnInsert(EvictionShard& shard, std::uint32_t slot, Arrival arrival) override;
  void OnUse(EvictionShard& shard, std::uint32_t slot) override;
  void OnChange(EvictionShard& /*shard*/, std::uint32_t /*slot*/) override {}
  void OnChosen(EvictionShard& shard, std::uint32_t slot) override;
  void OnSpared(EvictionShard& shard, std::uint32_t slot) override;
  std::uint32_t FrequencyOf(EvictionShard& shard, const Hash128& hash, std::uint32_t slot) override;
  Verdict Judge(const Finalists& finalists) const override;

 private:
  std::atomic<std::uint32_t> ghosts_made_ = 0;
};

}  // namespace hearth::cache
