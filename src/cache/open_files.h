// OpenFiles: the block files that are kept open, least recently used first out.
//
// Bounded by count (at most half of RLIMIT_NOFILE). Sharded like the index; the hit path takes one shard's
// mutex for a moment. A file that leaves while it is being sent stays open until that is done.
// Any thread; nothing waits: the last reference of a BlockFile goes to the disk pool (DiskStore's deleter).
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "base/thread_annotations.h"
#include "cache/block_file.h"

namespace hearth::cache {

class OpenFiles {
 public:
  explicit OpenFiles(std::size_t files_max);

  // Null if it is not open.
  std::shared_ptr<BlockFile> Find(const Hash128& hash);
  // Keeps `file` open, in place of one of the same block that is gone; one that is gone itself is not kept.
  // Returns `file`.
  std::shared_ptr<BlockFile> Add(std::shared_ptr<BlockFile> file);
  // Forgets the file, if it is this one (null: whichever it is); returns what was forgotten.
  std::shared_ptr<BlockFile> Remove(const Hash128& hash, const BlockFile* only);
  std::size_t size() const;

 private:
  static constexpr std::size_t kShards = 64;
  struct Shard {
    mutable Mutex mutex;
    std::list<std::shared_ptr<BlockFile>> files GUARDED_BY(mutex);  // newest first
    std::unordered_map<Hash128, std::list<std::shared_ptr<BlockFile>>::iterator> by_hash GUARDED_BY(mutex);
  };
  Shard& ShardOf(const Hash128& hash) { return shards_[hash.low >> 58]; }

  const std::size_t shard_files_max_;
  std::vector<Shard> shards_;
};

}  // namespace hearth::cache
