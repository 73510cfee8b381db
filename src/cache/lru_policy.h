// LruPolicy: the block that was unused for longest goes. One list, everything is let in.
#pragma once

#include "cache/eviction_policy.h"

namespace hearth::cache {

class LruPolicy final : public EvictionPolicy {
 public:
  void OnInsert(EvictionShard& shard, std::uint32_t slot, Arrival /*arrival*/) override {
    Link(shard, slot, BlockList::kMain);
  }
  void OnUse(EvictionShard& shard, std::uint32_t slot) override { Renew(shard, slot); }
  Verdict Judge(const Finalists& /*finalists*/) const override { return {.list = BlockList::kMain}; }
};

}  // namespace hearth::cache
