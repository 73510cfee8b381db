// DiskStore: one directory of the block cache: makes, finds, opens and evicts block files within a budget.
//
// Owned by the composition root (one a directory); borrows file system, disk pools, clock, counters and log, which
// outlive it. Order: Open (a job of the disk pool), StartBackground, use, Stop.
// FindOpen, NoteUse, Lookup: any thread, no wait: the hit path. The tasks wait for the disk pool.
//
// Whoever opens, makes or unlinks a block's file, or adopts it in the scan (directory_scan.h), holds the block's
// claim (live_files.h) while it does.
// Disk trouble never reaches a reader: the calls say kNoSpace, kUnavailable or null, and the caller streams
// through (invariant 3). After a failed write the directory is left alone for a second.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "base/executor.h"
#include "base/result.h"
#include "base/task.h"
#include "base/task_scope.h"
#include "cache/block_file.h"
#include "cache/index_journal.h"
#include "cache/index_table.h"
#include "cache/live_files.h"
#include "cache/open_files.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace hearth::cache {

enum class EvictReason : std::uint8_t { kSpace, kPurge, kAsked, kCorrupt, kBad };

class DiskStore {
 public:
  struct Options {
    std::string directory;           // as shown in metrics and logs
    std::uint64_t budget_bytes = 0;  // allocated bytes on disk, of everything in the directory
    Geometry geometry;
    EvictionKind eviction = EvictionKind::kWTinyLfu;
    double high_watermark = 0.95;  // of the budget: the purger evicts above it,
    double low_watermark = 0.90;   // down to this
    Duration purge_interval = std::chrono::seconds(10);
    Duration verify_interval = std::chrono::minutes(10);
    std::size_t open_files_max = 512;
  };
  struct Environment {
    io::FileSystem& files;
    Executor& pool;     // opens, reads, checks, unlinks
    Executor& writers;  // writes block data; may be slower than the rest without anybody waiting
    const Clock& clock;
    telemetry::Registry& metrics;
    telemetry::Logger& log;
  };

  DiskStore(Options options, Environment environment);
  ~DiskStore();

  // Locks the directory and loads the index. Blocks: a job of the disk pool.
  Status Open();
  // Starts the scan and the purger on `home`.
  void StartBackground(Executor& home);
  // Ends them, writes a checkpoint. After it nothing else is called.
  Task<void> Stop();

  // --- the hit path: no wait ---
  // The block's file if it is open, whole or partial.
  std::shared_ptr<BlockFile> FindOpen(const Hash128& hash) { return open_files_.Find(hash); }
  bool IsChecked(const BlockFile& file, ByteRange in_block) const {
    return file.IsChecked(in_block, NowTick(), verify_interval_ticks_);
  }
  bool IsReady(const BlockFile& file, ByteRange in_block) const {
    return file.IsReady(in_block, NowTick(), verify_interval_ticks_);
  }
  void NoteUse(BlockFile& file);
  // What the index says of a block.
  std::optional<BlockRecord> Lookup(const Hash128& hash) const { return index_.Find(hash); }

  // --- for readers and fills ---
  // Opens the block's file. Null: it is not there, or was not fit for use and has been dropped.
  Task<std::shared_ptr<BlockFile>> OpenBlock(BlockInfo info);
  // Whether a block that has no file is to get one for a fill of so many bytes, or is streamed: the eviction policy's
  // decision while there is no room without evicting. Counts as a use of the block, and a refusal in the metrics; once
  // a fill. `regardless`: the answer is yes.
  bool Admit(const BlockInfo& info, std::uint64_t fill_bytes, bool regardless);
  // What Admit would say; counts nothing.
  bool WouldAdmit(const BlockInfo& info, std::uint64_t fill_bytes);
  // Makes the block's file with room for `fill_bytes` of data; if another fill has made it meanwhile, takes the room
  // in that one. kNoSpace, kUnavailable; kInvalidArgument: no block file can hold such a block.
  Task<Result<std::shared_ptr<BlockFile>>> Create(BlockInfo info, std::uint64_t fill_bytes);
  // Takes room for `fill_bytes` more. kNoSpace; kUnavailable: the block was evicted meanwhile.
  Task<Status> Reserve(std::shared_ptr<BlockFile> file, std::uint64_t fill_bytes);
  // Gives back room that was reserved and not written.
  void Unreserve(BlockFile& file, std::uint64_t bytes);
  // Checks the pages of `in_block`. Anything but success: the file is gone, take the bytes from elsewhere.
  Task<Status> Verify(std::shared_ptr<BlockFile> file, ByteRange in_block);
  // Writes one sub-block. On failure the sub-block stays absent.
  Task<Status> Write(std::shared_ptr<BlockFile> file, std::uint32_t sub, BufferSlice bytes);
  // Makes what was written known to a restart.
  Task<void> Record(std::shared_ptr<BlockFile> file);

  // Unlinks the block, if it is there; true if it was. To make room (kSpace, kPurge): false also if the disk did not
  // let go of it, and then it stays.
  Task<bool> Evict(Hash128 hash, EvictReason reason);

  const Options& options() const { return options_; }
  const SpaceLedger& ledger() const { return *ledger_; }
  // For what else lies in the directory.
  const std::shared_ptr<SpaceLedger>& shared_ledger() const { return ledger_; }
  std::uint64_t blocks() const { return index_.count(); }
  std::uint64_t index_memory_bytes() const { return index_.memory_bytes(); }
  // Whether it makes sense to fetch what nobody reads: files may be made now.
  bool IsWritable() const { return counted_.load(std::memory_order_acquire) && !InTrouble(); }
  // Every block file has been looked at since the start: what the index does not know is not there.
  bool scan_done() const { return scan_done_.load(std::memory_order_acquire); }

 private:
  // Files that could not be unlinked: on disk and in the ledger still, and in no index.
  struct Orphan {
    Hash128 hash;
    std::uint64_t allocated = 0;
  };

  std::uint32_t NowTick() const;  // monotonic, from 1, 10 ms each
  std::uint32_t UseTick() const;  // calendar seconds, for the index
  bool InTrouble() const;
  // The index knows every block file.
  bool IsExact();
  void NoteTrouble(const Error& error, std::string_view doing);
  // Looks at what else the disk holds.
  void FitToDisk();  // disk pool
  bool HasRoomFor(const BlockInfo& info, std::uint64_t fill_bytes) const;
  // Never evicts `spare` (null: none such), which outlives the call.
  Task<bool> MakeRoom(std::uint64_t bytes, const Hash128* spare);
  Status TakeRoom(BlockFile& file, std::uint64_t bytes);
  Result<std::shared_ptr<BlockFile>> OpenFile(const BlockInfo& info);        // disk pool, with the claim
  Result<std::shared_ptr<BlockFile>> CreateFile(const BlockHeader& header);  // disk pool, with the claim
  Task<Result<std::shared_ptr<BlockFile>>> CreateClaimed(BlockHeader header, std::uint64_t fill_bytes);
  std::shared_ptr<BlockFile> Adopt(BlockHeader header, std::shared_ptr<io::File> file);
  // Changes what index and ledger know of the block; false, and nothing is done, if the index does not know it.
  bool Recount(const BlockRecord& record);
  Status RecordFile(BlockFile& file);  // disk pool
  // With the claim.
  Task<bool> EvictClaimed(Hash128 hash, EvictReason reason);
  enum class IfStuck : std::uint8_t { kKeep, kForget };  // what becomes of a block whose file cannot be unlinked
  Task<bool> DropClaimed(Hash128 hash, IfStuck if_stuck);
  bool UnlinkFile(const Hash128& hash);  // disk pool, with the claim
  void LogGone(const Hash128& hash);     // disk pool
  bool IsSettled(const Orphan& orphan);  // disk pool
  void RetryUnlinks();                   // disk pool
  void WriteUses();                      // disk pool
  Task<void> PurgeLoop();
  Task<void> PurgeOnce();
  Task<void> PurgeTo(std::uint64_t used_bytes);
  Task<void> Scan();

  // Constant after construction.
  const Options options_;
  Environment env_;
  const std::uint32_t verify_interval_ticks_;
  const TimePoint started_;
  const std::shared_ptr<SpaceLedger> ledger_;
  const std::shared_ptr<LiveFiles> live_;  // shared with the files' deleters

  bool complete_at_open_ = false;  // set by Open: the index knew every block file

  // Own synchronization.
  IndexTable index_;
  IndexJournal journal_;
  OpenFiles open_files_;
  std::atomic<bool> scan_done_ = false;
  // No file is there that is not in the ledger. Until then nothing is written: the budget may be used up already.
  std::atomic<bool> counted_ = false;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> fit_to_disk_ = false;  // a write found the disk full
  std::atomic<std::int64_t> trouble_until_ns_ = 0;
  Signal stop_;
  TaskScope scope_;

  Mutex orphans_mutex_;
  std::vector<Orphan> orphans_ GUARDED_BY(orphans_mutex_);
};

}  // namespace hearth::cache
