#include "cache/block_cache.h"

#include <algorithm>

namespace hearth::cache {
namespace {

// An answer over more blocks is not counted through before its first byte.
constexpr std::uint64_t kCensusBlocksMax = 8192;
constexpr std::uint64_t kCensusTurn = 64;

}  // namespace

BlockCache::BlockCache(Geometry geometry, Environment env) : geometry_(geometry), env_(std::move(env)) {
  HEARTH_CHECK(!env_.fetch.empty());
}

FillEnvironment BlockCache::fill_environment() const {
  return {.memory = env_.memory, .scope = scope_, .stop = stop_.token(), .metrics = env_.metrics};
}

bool BlockCache::TrySlices(const BlockHasher& hasher, std::uint64_t object_size, ByteRange range,
                           SliceList& out) const {
  if (env_.store == nullptr) return false;
  const std::uint64_t first = range.begin / geometry_.block_size;
  const std::uint64_t last = (range.end - 1) / geometry_.block_size;
  if (last - first >= SliceList::kMax) return false;
  out.count = 0;
  // What is copied finds out by itself whether it is in memory.
  const bool is_copied = range.length() < io::kCopiedBelow;
  for (std::uint64_t i = first; i <= last; ++i) {
    const std::shared_ptr<BlockFile> file = env_.store->FindOpen(hasher.Of({i}));
    if (!file) return false;
    const ByteRange block = geometry_.BlockRange({i}, object_size);
    const ByteRange part = range.Intersect(block);
    const ByteRange in_block{part.begin - block.begin, part.end - block.begin};
    if (!file->Has(in_block)) return false;
    if (is_copied ? !env_.store->IsChecked(*file, in_block) : !env_.store->IsReady(*file, in_block)) return false;
    env_.store->NoteUse(*file);
    out.slices[out.count++] = file->Slice(in_block);
  }
  return true;
}

Task<Presence> BlockCache::Census(ObjectId object, Version version, std::uint64_t object_size, ByteRange range) {
  if (env_.store == nullptr) co_return Presence::kNone;
  const BlockHasher hasher(object, version);
  bool any_here = false;
  bool any_absent = false;
  const std::uint64_t first = range.begin / geometry_.block_size;
  for (std::uint64_t i = first; i * geometry_.block_size < range.end; ++i) {
    if (i - first == kCensusBlocksMax) co_return any_absent ? Presence::kNone : Presence::kSome;
    if ((i - first) % kCensusTurn == kCensusTurn - 1) co_await Yield();  // the loop has others to serve
    const Hash128 hash = hasher.Of({i});
    const ByteRange block = geometry_.BlockRange({i}, object_size);
    const ByteRange part = range.Intersect(block);
    const SubRange subs = geometry_.SubsOf({part.begin - block.begin, part.end - block.begin});
    const std::optional<BlockRecord> record = env_.store->Lookup(hash);
    const std::shared_ptr<ActiveBlock> active = FindActive(hash);
    if (active && active->block_length() == block.length() && active->HasAll(subs)) {
      any_here = true;  // written, or about to be: no source is asked
    } else if (!record && env_.store->scan_done()) {
      any_absent = true;
    } else if (record && record->present == record->total) {
      any_here = true;
    } else {
      std::shared_ptr<BlockFile> file = env_.store->FindOpen(hash);
      if (!file) file = co_await env_.store->OpenBlock({object, version, object_size, {i}});
      for (std::uint32_t sub = subs.begin; sub < subs.end; ++sub) {
        (file && file->HasSub(sub) ? any_here : any_absent) = true;
      }
    }
    if (any_here && any_absent) co_return Presence::kSome;
  }
  co_return any_absent ? Presence::kNone : Presence::kAll;
}

std::shared_ptr<ActiveBlock> BlockCache::FindActive(const Hash128& hash) {
  MutexLock lock(mutex_);
  const auto found = active_.find(hash);
  return found == active_.end() ? nullptr : found->second.lock();
}

std::shared_ptr<ActiveBlock> BlockCache::Activate(BlockInfo info, const Hash128& hash) {
  MutexLock lock(mutex_);
  std::weak_ptr<ActiveBlock>& entry = active_[hash];
  std::shared_ptr<ActiveBlock> block = entry.lock();
  if (block && block->info() != info) {
    // The origin told two sizes of one version: one of them lied. This reader goes past the disk, by itself.
    return std::make_shared<ActiveBlock>(std::move(info), geometry_, nullptr);
  }
  if (!block) {
    // What no file can hold (a key that is too long) passes through.
    DiskStore* store = IsStorable(info, geometry_) ? env_.store : nullptr;
    block = std::make_shared<ActiveBlock>(std::move(info), geometry_, store);
    entry = block;
  }
  if (active_.size() >= sweep_at_) {
    std::erase_if(active_, [](const auto& each) { return each.second.expired(); });
    sweep_at_ = std::max<std::size_t>(64, active_.size() * 2);
  }
  return block;
}

std::unique_ptr<BlockReader> BlockCache::Read(BlockInfo info, BlockReader::Request request) {
  const Hash128 hash = HashBlock(info.object, info.version, info.index);
  std::shared_ptr<ActiveBlock> block = Activate(std::move(info), hash);
  return std::make_unique<BlockReader>(std::move(block), std::move(request), fill_environment(), FetchFor(hash));
}

Task<void> BlockCache::FillAbsent(BlockCache& cache, std::shared_ptr<ActiveBlock> block, SubRange subs,
                                  std::shared_ptr<BlockSource> source, std::string request_id) {
  co_await block->EnsureOpen();
  std::uint32_t from = subs.begin;
  // What would be refused is not worth a transfer that nobody waits for.
  const std::uint64_t bytes = block->geometry().BytesOf(subs, block->block_length()).length();
  if (!block->storage_refused() && !block->file() && !block->store()->WouldAdmit(block->info(), bytes)) co_return;
  // Without a disk there is nothing to fill for later.
  while (!block->storage_refused() && cache.env_.store->IsWritable() && !cache.stop_.token().IsCancelled()) {
    std::optional<SubRange> absent = block->NextAbsent(from);
    if (!absent || absent->begin >= subs.end) co_return;
    absent->end = std::min(absent->end, subs.end);
    std::shared_ptr<Fill> fill = block->Claim(*absent, source, request_id);
    from = absent->end;
    if (!fill) continue;
    from = fill->subs.end;
    std::shared_ptr<ActiveBlock> same = block;
    co_await RunFill(std::move(same), fill, cache.fill_environment());
    if (fill->error) co_return;  // the next reader tries again, and has somebody to tell
  }
}

void BlockCache::FillRest(BlockInfo info, ByteRange in_block, std::shared_ptr<BlockSource> source,
                          RequestContext context) {
  if (env_.store == nullptr || !env_.store->IsWritable()) return;  // it would be fetched once more for its reader
  const Hash128 hash = HashBlock(info.object, info.version, info.index);
  const std::uint64_t length = geometry_.BlockRange(info.index, info.object_size).length();
  const SubRange subs = in_block.empty() ? SubRange{0, geometry_.SubCount(length)} : geometry_.SubsOf(in_block);
  std::shared_ptr<ActiveBlock> block = Activate(std::move(info), hash);
  scope_.Start(FetchFor(hash), FillAbsent(*this, std::move(block), subs, std::move(source), context.request_id));
}

double BlockCache::PresentShare(const Hash128& hash) const {
  if (env_.store == nullptr) return 0;
  // What was just written is in the open file before it is in the index.
  if (const std::shared_ptr<BlockFile> file = env_.store->FindOpen(hash)) {
    return static_cast<double>(file->present_count()) / static_cast<double>(file->sub_count());
  }
  const std::optional<BlockRecord> record = env_.store->Lookup(hash);
  if (!record || record->total == 0) return 0;
  return static_cast<double>(record->present) / static_cast<double>(record->total);
}

Task<bool> BlockCache::Evict(Hash128 hash) {
  if (env_.store == nullptr) co_return false;
  co_return co_await env_.store->Evict(hash, EvictReason::kAsked);
}

Task<void> BlockCache::Stop() {
  scope_.Close();
  stop_.Cancel();
  co_await scope_.Join();
}

}  // namespace hearth::cache
