// EvictionShard: the blocks of one shard of the index (index_table.h), as its eviction policy sees them: entries in
// slabs, lists that link them by 32-bit slots, and what the policy remembers of blocks that are not here.
//
// Owned by the shard, guarded by its lock; a policy gets it for the length of a call. Nothing waits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/hash.h"
#include "cache/frequency_sketch.h"
#include "cache/ghost_table.h"

namespace hearth::cache {

inline constexpr std::uint32_t kNoSlot = 0xffffffff;

// A block stands in one list. What the lists mean is the policy's: eviction_policy.h.
enum class BlockList : std::uint8_t { kNone, kNew, kMain, kProtected };
inline constexpr std::size_t kBlockLists = 4;  // with kNone, so that a list is its own index

struct BlockEntry {
  static constexpr std::uint32_t kUsesMax = 3;
  static constexpr std::uint32_t kSubsMax = 2047;  // a block has at most 1,024

  Hash128 hash;
  std::uint32_t chain = kNoSlot;  // next in the hash chain, or in the free list
  std::uint32_t newer = kNoSlot;
  std::uint32_t older = kNoSlot;
  std::uint32_t last_used = 0;
  std::uint32_t allocated_units = 0;  // of 4 KiB
  std::uint32_t present : 11 = 0;
  std::uint32_t total : 11 = 0;
  std::uint32_t remembered : 1 = 0;  // IndexTable::TakeUsed will tell of it
  std::uint32_t making : 1 = 0;      // its first fill has not been recorded yet
  std::uint32_t list : 2 = 0;        // BlockList
  std::uint32_t uses : 2 = 0;        // the policy's, up to kUsesMax
};
static_assert(sizeof(BlockEntry) == 40);

// Entries by slot. A slot stays where it is until it is given back.
class EntrySlabs {
 public:
  BlockEntry& operator[](std::uint32_t slot) { return slabs_[slot / kSlabEntries][slot % kSlabEntries]; }
  const BlockEntry& operator[](std::uint32_t slot) const { return slabs_[slot / kSlabEntries][slot % kSlabEntries]; }

  std::uint32_t Take() {
    std::uint32_t slot = free_;
    if (slot != kNoSlot) {
      free_ = (*this)[slot].chain;
    } else {
      slot = end_++;
      HEARTH_CHECK(slot != kNoSlot);
      if (slot / kSlabEntries == slabs_.size()) slabs_.push_back(std::make_unique<BlockEntry[]>(kSlabEntries));
    }
    return slot;
  }
  void Give(std::uint32_t slot) {
    (*this)[slot] = BlockEntry{};
    (*this)[slot].chain = free_;
    free_ = slot;
  }

  // All slots that were ever taken are below; those that are free stand in no list.
  std::uint32_t end() const { return end_; }
  std::uint64_t memory_bytes() const { return slabs_.size() * kSlabEntries * sizeof(BlockEntry); }

 private:
  static constexpr std::size_t kSlabEntries = 64;  // 64 shards have one each that is not full

  std::vector<std::unique_ptr<BlockEntry[]>> slabs_;
  std::uint32_t end_ = 0;
  std::uint32_t free_ = kNoSlot;
};

// The ends of one list; the links are in the entries.
struct ListEnds {
  std::uint32_t newest = kNoSlot;
  std::uint32_t oldest = kNoSlot;
};

struct EvictionShard {
  EntrySlabs entries;
  std::array<ListEnds, kBlockLists> lists;
  std::uint64_t count = 0;  // of blocks
  FrequencySketch sketch;   // takes no memory until it is used
  GhostTable ghosts;        // the same

  // `slot` stands in no list.
  void Link(std::uint32_t slot, BlockList list) {
    BlockEntry& entry = entries[slot];
    ListEnds& ends = lists[static_cast<std::size_t>(list)];
    entry.list = static_cast<std::uint32_t>(list) & 3;
    entry.newer = kNoSlot;
    entry.older = ends.newest;
    if (ends.newest != kNoSlot) entries[ends.newest].newer = slot;
    ends.newest = slot;
    if (ends.oldest == kNoSlot) ends.oldest = slot;
  }
  void Unlink(std::uint32_t slot) {
    BlockEntry& entry = entries[slot];
    ListEnds& ends = lists[entry.list];
    (entry.newer == kNoSlot ? ends.newest : entries[entry.newer].older) = entry.older;
    (entry.older == kNoSlot ? ends.oldest : entries[entry.older].newer) = entry.newer;
    entry.list = 0;
  }
  BlockList ListOf(std::uint32_t slot) const { return static_cast<BlockList>(entries[slot].list); }
  std::uint32_t OldestOf(BlockList list) const { return lists[static_cast<std::size_t>(list)].oldest; }
};

}  // namespace hearth::cache
