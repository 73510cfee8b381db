// BlockCache: the cache engine as the read plane sees it: blocks of immutable versions, read through.
//
// Life of a block read:
//   TrySlices        on the event loop, no wait: everything is there, checked and in memory -> slices to sendfile
//   Read -> Next*    otherwise: the block's ActiveBlock is found or made; pieces come from its file (checked on the
//                    disk pool when they were not lately), from the buffers of a running fill, or from a fill that
//                    this reader begins
//   FillRest         the rest of a block in the background, when fill_policy says so
//
// Owned by the composition root; borrows stores, memory, executors, counters. Any thread may call any method.
// Stop() ends all fills; readers must be gone before.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "cache/block_reader.h"

namespace hearth::cache {

// Slices of one answer, in order: enough for ranges over a few blocks without an allocation.
struct SliceList {
  static constexpr std::size_t kMax = 4;
  std::array<io::FileSlice, kMax> slices;
  std::size_t count = 0;
};

// How much of a range is here.
enum class Presence : std::uint8_t { kNone, kSome, kAll };

class BlockCache {
 public:
  struct Environment {
    DiskStore* store = nullptr;  // null: no directory could be used; everything streams through
    MemoryBudget& memory;
    std::vector<Executor*> fetch;  // where fills run; at least one
    telemetry::Registry& metrics;
  };

  BlockCache(Geometry geometry, Environment env);

  const Geometry& geometry() const { return geometry_; }
  DiskStore* store() const { return env_.store; }

  // The hit path. False, and `out` of no meaning: take the slow way. Ranges shorter than io::kCopiedBelow may not be in
  // memory: whoever copies them sees.
  bool TrySlices(const BlockHasher& hasher, std::uint64_t object_size, ByteRange range, SliceList& out) const;

  // How much of `range` (not empty) is on disk. Stops looking when the answer is kSome, and after some thousand blocks
  // (all there: kSome). Waits for the disk only
  // where a partial block is not open.
  Task<Presence> Census(ObjectId object, Version version, std::uint64_t object_size, ByteRange range);

  std::unique_ptr<BlockReader> Read(BlockInfo info, BlockReader::Request request);

  // Begins to fill what is absent of `in_block` (empty: of all the block), one transfer at a time; returns at once.
  void FillRest(BlockInfo info, ByteRange in_block, std::shared_ptr<BlockSource> source, RequestContext context);

  // What share of the block is on disk, 0 to 1, by the index.
  double PresentShare(const Hash128& hash) const;
  Task<bool> Evict(Hash128 hash);

  // Ends every fill, with kCancelled: those who wait for bytes learn of it.
  void Cancel() { stop_.Cancel(); }
  Task<void> Stop();

 private:
  std::shared_ptr<ActiveBlock> Activate(BlockInfo info, const Hash128& hash);
  std::shared_ptr<ActiveBlock> FindActive(const Hash128& hash);
  FillEnvironment fill_environment() const;
  Executor& FetchFor(const Hash128& hash) const { return *env_.fetch[hash.low % env_.fetch.size()]; }
  static Task<void> FillAbsent(BlockCache& cache, std::shared_ptr<ActiveBlock> block, SubRange subs,
                               std::shared_ptr<BlockSource> source, std::string request_id);

  const Geometry geometry_;
  const Environment env_;
  CancelSource stop_;
  mutable TaskScope scope_;

  Mutex mutex_;
  std::unordered_map<Hash128, std::weak_ptr<ActiveBlock>> active_ GUARDED_BY(mutex_);
  std::size_t sweep_at_ GUARDED_BY(mutex_) = 64;  // size of active_ at which the dead entries are swept out
};

}  // namespace hearth::cache
