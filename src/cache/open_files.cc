#include "cache/open_files.h"

#include <algorithm>
#include <utility>

namespace hearth::cache {

OpenFiles::OpenFiles(std::size_t files_max)
    : shard_files_max_(std::max<std::size_t>(1, files_max / kShards)), shards_(kShards) {}

std::shared_ptr<BlockFile> OpenFiles::Find(const Hash128& hash) {
  Shard& shard = ShardOf(hash);
  MutexLock lock(shard.mutex);
  const auto found = shard.by_hash.find(hash);
  if (found == shard.by_hash.end()) return nullptr;
  if (found->second != shard.files.begin()) {
    shard.files.splice(shard.files.begin(), shard.files, found->second);
  }
  return *found->second;
}

std::shared_ptr<BlockFile> OpenFiles::Add(std::shared_ptr<BlockFile> file) {
  std::shared_ptr<BlockFile> dropped;  // let go outside of the lock
  Shard& shard = ShardOf(file->hash());
  MutexLock lock(shard.mutex);
  // Marked gone first, removed here after (DiskStore): whoever adds it in between sees the mark.
  if (file->gone()) return file;
  if (const auto found = shard.by_hash.find(file->hash()); found != shard.by_hash.end()) {
    dropped = std::exchange(*found->second, file);
    return file;
  }
  shard.files.push_front(file);
  shard.by_hash.emplace(file->hash(), shard.files.begin());
  if (shard.files.size() > shard_files_max_) {
    dropped = std::move(shard.files.back());
    shard.by_hash.erase(dropped->hash());
    shard.files.pop_back();
  }
  return file;
}

std::shared_ptr<BlockFile> OpenFiles::Remove(const Hash128& hash, const BlockFile* only) {
  Shard& shard = ShardOf(hash);
  MutexLock lock(shard.mutex);
  const auto found = shard.by_hash.find(hash);
  if (found == shard.by_hash.end() || (only != nullptr && found->second->get() != only)) return nullptr;
  std::shared_ptr<BlockFile> file = std::move(*found->second);
  shard.files.erase(found->second);
  shard.by_hash.erase(found);
  return file;
}

std::size_t OpenFiles::size() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    count += shard.files.size();
  }
  return count;
}

}  // namespace hearth::cache
