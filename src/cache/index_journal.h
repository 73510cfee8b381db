// IndexJournal: the index on disk: a log of changes and a checkpoint of the whole, either of which may be lost.
//
// Load first, once. Append and Checkpoint are jobs of the disk pool; any of its threads may call. A change is made
// in the IndexTable first and appended after, so a checkpoint that is taken in between holds it already, and
// what is appended while a checkpoint is written goes into the new log as well.
// A journal that cannot be written costs a restart its recency and the newest blocks (the directory scan finds
// those again), never a read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/thread_annotations.h"
#include "cache/index_table.h"
#include "cache/record_log.h"
#include "cache/space_ledger.h"

namespace hearth::cache {

class IndexJournal {
 public:
  struct Loaded {
    std::uint64_t checkpoint_blocks = 0;
    std::uint64_t log_records = 0;
    std::uint64_t bytes_dropped = 0;
    bool complete = false;           // both files were there and whole, and the process before ended in order:
                                     // no block file is there that they do not know
    std::optional<Error> discarded;  // a file could not be read and was begun anew; this is why
  };

  IndexJournal(io::FileSystem& files, std::shared_ptr<SpaceLedger> ledger);

  // Fills `index` from checkpoint and log, and charges both files to the ledger. A file that cannot be read is
  // thrown away; an error means that none can be written either.
  Result<Loaded> Load(IndexTable& index);

  Status Append(std::span<const IndexRecord> records);
  // Writes the checkpoint from `index` and begins a new log.
  Status Checkpoint(const IndexTable& index);
  // The last word: `complete` for the next Load. Durable.
  Status StopInOrder();
  // Whether the log has grown so far that a checkpoint pays, or has failed, which only a new log can mend.
  bool WantsCheckpoint() const;

 private:
  Result<std::unique_ptr<RecordLog>> OpenOrBegin(std::string_view path, IndexTable& index, Loaded& loaded);
  Status Mark(StoppedInOrder mark) REQUIRES(mutex_);
  void ChargeGrowth() REQUIRES(mutex_);

  io::FileSystem& files_;

  mutable Mutex mutex_;
  std::unique_ptr<RecordLog> log_ GUARDED_BY(mutex_);
  std::unique_ptr<RecordLog> checkpoint_ GUARDED_BY(mutex_);
  bool checkpointing_ GUARDED_BY(mutex_) = false;
  std::uint64_t rewriting_bytes_ GUARDED_BY(mutex_) = 0;  // about what the checkpoint that is being written takes
  bool failed_ GUARDED_BY(mutex_) = false;                // an append was lost since the last checkpoint
  std::vector<std::vector<std::byte>> appended_meanwhile_ GUARDED_BY(mutex_);
  LedgerShare log_share_ GUARDED_BY(mutex_);
  LedgerShare checkpoint_share_ GUARDED_BY(mutex_);
};

}  // namespace hearth::cache
