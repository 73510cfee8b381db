// LiveFiles: the BlockFiles that exist in memory, kept open or not, and who may change a block's file just now.
//
// A block has one BlockFile at most: two would each write a header of their own. Opening, making, unlinking and
// adopting a file each look at names first and act then, so whoever does one of them holds the block's Claim: no file
// is made while one of the same name is on its way out, and none is opened half made.
// Shared with the files' deleters, so it may outlive the store; outlives its claims. Any thread may call; only
// Acquire waits. Whoever holds a claim waits for the disk and for nothing else, above all for no other claim.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "base/signal.h"
#include "base/task.h"
#include "base/thread_annotations.h"
#include "cache/block_file.h"

namespace hearth::cache {

class LiveFiles {
 public:
  // The right to change the file of one block; ends with the object.
  class Claim {
   public:
    Claim(Claim&& other) noexcept : live_(std::exchange(other.live_, nullptr)), hash_(other.hash_) {}
    Claim& operator=(Claim&&) = delete;
    ~Claim() {
      if (live_ != nullptr) live_->EndClaim(hash_);
    }

   private:
    friend class LiveFiles;
    Claim(LiveFiles* live, const Hash128& hash) : live_(live), hash_(hash) {}
    LiveFiles* live_;
    Hash128 hash_;
  };

  Task<Claim> Acquire(Hash128 hash);
  // Nothing if somebody has it.
  std::optional<Claim> TryAcquire(const Hash128& hash);

  void Add(const std::shared_ptr<BlockFile>& file);
  // Null if there is none. It may be gone.
  std::shared_ptr<BlockFile> Find(const Hash128& hash);
  // Drops the entry of a file that is no more.
  void Forget(const Hash128& hash);

 private:
  void EndClaim(const Hash128& hash);

  Mutex mutex_;
  std::unordered_map<Hash128, std::weak_ptr<BlockFile>> files_ GUARDED_BY(mutex_);
  std::unordered_set<Hash128> claimed_ GUARDED_BY(mutex_);
  Signal ended_;  // some claim has
};

}  // namespace hearth::cache
