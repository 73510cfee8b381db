#include "cache/live_files.h"

namespace hearth::cache {

Task<LiveFiles::Claim> LiveFiles::Acquire(Hash128 hash) {
  while (true) {
    const std::uint64_t seen = ended_.generation();
    if (std::optional<Claim> claim = TryAcquire(hash)) co_return std::move(*claim);
    co_await ended_.Wait(seen);
  }
}

std::optional<LiveFiles::Claim> LiveFiles::TryAcquire(const Hash128& hash) {
  MutexLock lock(mutex_);
  if (!claimed_.insert(hash).second) return std::nullopt;
  return Claim(this, hash);
}

void LiveFiles::EndClaim(const Hash128& hash) {
  {
    MutexLock lock(mutex_);
    claimed_.erase(hash);
  }
  ended_.NotifyAll();
}

void LiveFiles::Add(const std::shared_ptr<BlockFile>& file) {
  MutexLock lock(mutex_);
  files_[file->hash()] = file;
}

std::shared_ptr<BlockFile> LiveFiles::Find(const Hash128& hash) {
  MutexLock lock(mutex_);
  const auto found = files_.find(hash);
  return found == files_.end() ? nullptr : found->second.lock();
}

void LiveFiles::Forget(const Hash128& hash) {
  MutexLock lock(mutex_);
  const auto found = files_.find(hash);
  if (found != files_.end() && found->second.expired()) files_.erase(found);
}

}  // namespace hearth::cache
