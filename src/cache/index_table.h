// IndexTable: every block of one directory, in memory, and which of them go first.
//
// At most 64 bytes a block, all told: entries lie in slabs and link by 32-bit slots, hash chains and the lists of the
// eviction policy alike. 64 shards by the hash's top bits, each with a mutex of its own, so that cores do not meet.
// The order of a list is exact within a shard; Victim() compares the shards' ends, so that it is exact to the tick
// over all of them.
// A hint, never a promise: what a block holds is said by its file's header (block_format.h).
// Any thread; nothing waits.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/hash.h"
#include "base/thread_annotations.h"
#include "cache/eviction_policy.h"
#include "cache/index_records.h"

namespace hearth::cache {

class IndexTable {
 public:
  // Who only loads or checks an index need not name a policy.
  explicit IndexTable(EvictionKind eviction = EvictionKind::kLru);
  ~IndexTable();

  // Adds the block as most recently used, or changes what is known of it; returns what was known before. A block that
  // was here before: it need not prove itself.
  std::optional<BlockRecord> Put(const BlockRecord& record);
  // The same for a block that is being made: new to the policy, and no victim, if there are others, before Update.
  std::optional<BlockRecord> Begin(const BlockRecord& record);
  // The same for many, quickest when those of one shard stand together, as a checkpoint has them.
  void PutAll(std::span<const BlockRecord> records);
  // Makes room for so many blocks in all, so that adding them moves nothing. A hint.
  void Reserve(std::uint64_t count);
  // Changes what is known of the block, if it is known; else does nothing and returns nothing.
  std::optional<BlockRecord> Update(const BlockRecord& record);
  std::optional<BlockRecord> Find(const Hash128& hash) const;
  std::optional<BlockRecord> Remove(const Hash128& hash);
  // The block was used. `remember`: TakeUsed will tell of it.
  void Touch(const Hash128& hash, std::uint32_t now, bool remember);
  // Adds to the bytes on disk and returns true, if the block is known.
  bool Grow(const Hash128& hash, std::int64_t allocated_bytes);

  // Forgets the blocks without any sub-block; returns the bytes on disk of those that stay.
  std::uint64_t DropUnfinished();

  // --- eviction (eviction_policy.h) ---
  // A block that is not here was asked for, and will take so many bytes. False: it is not worth the room of what would
  // have to go for it. `regardless`: it is let in whatever the policy thinks, but counts as asked for.
  bool Admit(const Hash128& hash, std::uint64_t bytes, bool regardless);
  // What Admit would say now, without counting anything.
  bool WouldAdmit(const Hash128& hash);
  // The block to go next, which is to be removed then; never `spare`. One that is being made only if there is no other.
  std::optional<Hash128> Victim(const Hash128* spare = nullptr);

  // Blocks touched (with `remember`) since the last call, least recently used first.
  std::vector<BlocksUsed::Use> TakeUsed();

  std::uint64_t count() const;
  // Bytes of memory that the table takes, for the metric and the test of the 64 bytes.
  std::uint64_t memory_bytes() const;

  // Least recently used first within each shard, to the tick. Works on a copy of one shard after the other: `visit` may
  // write to a disk, and no event loop may wait for that.
  void ForEach(const std::function<void(const BlockRecord&)>& visit) const;
  // The blocks whose hash begins with `byte` (one directory of block files).
  std::vector<Hash128> WithPrefix(std::uint8_t byte) const;

 private:
  class Shard;
  static constexpr std::size_t kShards = 64;
  static std::size_t ShardIndex(const Hash128& hash);
  Shard& ShardOf(const Hash128& hash) const;
  Finalists FindFinalists(const Hash128* spare, bool with_unmade) const;
  Finalists FindFinalists(const Hash128* spare) const;
  bool IsWorthIt(std::uint32_t frequency) const;

  const std::unique_ptr<EvictionPolicy> policy_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace hearth::cache
