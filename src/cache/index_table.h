// IndexTable: every block of one directory, in memory, with its place in the order of use.
//
// At most 64 bytes a block: entries lie in slabs and link by 32-bit slots, hash chains and recency alike.
// 64 shards by the hash's top bits, each with a mutex of its own, so that cores do not meet. Recency is exact
// within a shard; Oldest() compares the shards' ends, so that it is exact to the tick over all of them.
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
#include "cache/index_records.h"

namespace hearth::cache {

class IndexTable {
 public:
  IndexTable();
  ~IndexTable();

  // Adds the block as most recently used, or changes what is known of it; returns what was known before.
  std::optional<BlockRecord> Put(const BlockRecord& record);
  // The same for many, quickest when those of one shard stand together, as a checkpoint has them.
  void PutAll(std::span<const BlockRecord> records);
  // Makes room for so many blocks in all, so that adding them moves nothing. A hint.
  void Reserve(std::uint64_t count);
  // Put, if the block is known; else does nothing and returns nothing.
  std::optional<BlockRecord> Update(const BlockRecord& record);
  std::optional<BlockRecord> Find(const Hash128& hash) const;
  std::optional<BlockRecord> Remove(const Hash128& hash);
  // Moves the block to the most recently used end. `remember`: TakeUsed will tell of it.
  void Touch(const Hash128& hash, std::uint32_t now, bool remember);
  // Adds to the bytes on disk and returns true, if the block is known.
  bool Grow(const Hash128& hash, std::int64_t allocated_bytes);

  // Forgets the blocks without any sub-block; returns the bytes on disk of those that stay.
  std::uint64_t DropUnfinished();

  // The least recently used block of all shards.
  std::optional<Hash128> Oldest() const;

  // Blocks touched (with `remember`) since the last call, least recently used first.
  std::vector<BlocksUsed::Use> TakeUsed();

  std::uint64_t count() const;
  // Bytes of memory that the table takes, for the metric and the test of the 64 bytes.
  std::uint64_t memory_bytes() const;

  // Least recently used first within each shard. Works on a copy of one shard after the other: `visit` may write
  // to a disk, and no event loop may wait for that.
  void ForEach(const std::function<void(const BlockRecord&)>& visit) const;
  // The blocks whose hash begins with `byte` (one directory of block files).
  std::vector<Hash128> WithPrefix(std::uint8_t byte) const;

 private:
  struct Entry;
  class Shard;
  static constexpr std::size_t kShards = 64;
  static std::size_t ShardIndex(const Hash128& hash);
  Shard& ShardOf(const Hash128& hash) const;

  std::unique_ptr<Shard[]> shards_;
};

}  // namespace hearth::cache
