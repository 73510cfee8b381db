// IndexTable::Shard: the blocks of one shard behind one mutex: a hash table over the entries that the eviction policy
// has in its lists. Part of index_table.h; the table splits the work, and merges what the shards say.
// Any thread; nothing waits.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/thread_annotations.h"
#include "cache/eviction_policy.h"
#include "cache/index_table.h"

namespace hearth::cache {

class IndexTable::Shard {
 public:
  // Once, before anything else: shards are made as an array.
  void SetPolicy(EvictionPolicy* policy) { policy_ = policy; }

  std::optional<BlockRecord> Put(const BlockRecord& record, EvictionPolicy::Arrival arrival) EXCLUDES(mutex_);
  void PutAll(std::span<const BlockRecord> records) EXCLUDES(mutex_);
  void Reserve(std::uint64_t count) EXCLUDES(mutex_);
  std::uint64_t DropUnfinished() EXCLUDES(mutex_);
  std::optional<BlockRecord> Update(const BlockRecord& record) EXCLUDES(mutex_);
  std::optional<BlockRecord> Find(const Hash128& hash) const EXCLUDES(mutex_);
  std::optional<BlockRecord> Remove(const Hash128& hash) EXCLUDES(mutex_);
  void Touch(const Hash128& hash, std::uint32_t now, bool remember) EXCLUDES(mutex_);
  bool Grow(const Hash128& hash, std::int64_t bytes) EXCLUDES(mutex_);

  // Counts a miss; returns how often the block was asked for.
  std::uint32_t NoteMiss(const Hash128& hash, std::uint64_t bytes) EXCLUDES(mutex_);
  std::uint32_t FrequencyOf(const Hash128& hash) EXCLUDES(mutex_);
  void NoteRefused(const Hash128& hash) EXCLUDES(mutex_);
  // Puts the shard's oldest into the place of those that are younger; without their frequencies.
  void Compete(Finalists& finalists, const Hash128* spare, bool with_unmade) const EXCLUDES(mutex_);
  // False: it is gone already.
  bool Choose(const Hash128& hash) EXCLUDES(mutex_);
  void Spare(const Hash128& hash) EXCLUDES(mutex_);

  void TakeUsed(std::vector<BlocksUsed::Use>& uses) EXCLUDES(mutex_);
  std::vector<BlockRecord> Copy() const EXCLUDES(mutex_);
  std::uint64_t count() const EXCLUDES(mutex_);
  std::uint64_t memory_bytes() const EXCLUDES(mutex_);

 private:
  std::uint32_t& Bucket(const Hash128& hash) REQUIRES(mutex_) { return buckets_[hash.low & (buckets_.size() - 1)]; }
  std::uint32_t FindSlot(const Hash128& hash) const REQUIRES(mutex_);
  void Add(const BlockRecord& record, EvictionPolicy::Arrival arrival) REQUIRES(mutex_);
  void Change(std::uint32_t slot, const BlockRecord& record) REQUIRES(mutex_);
  void Drop(std::uint32_t slot) REQUIRES(mutex_);
  void Rehash(std::size_t buckets) REQUIRES(mutex_);
  BlockRecord RecordOf(std::uint32_t slot) const REQUIRES(mutex_);

  EvictionPolicy* policy_ = nullptr;

  mutable Mutex mutex_;
  EvictionShard state_ GUARDED_BY(mutex_);
  std::vector<std::uint32_t> buckets_ GUARDED_BY(mutex_);  // a power of two, or empty
  std::vector<Hash128> used_ GUARDED_BY(mutex_);
};

}  // namespace hearth::cache
