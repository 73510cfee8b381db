// ActiveBlock: a block that is being read or filled right now. Readers and fills meet here.
//
// One a block at most, made by BlockCache, alive while a reader or a fill holds it. Any thread may call; only
// EnsureOpen waits. Everything that changes is told by `changed()`.
//
//   sub-block    absent --fill begins--> filling --all bytes--> complete --written--> on disk
//                   ^------fill failed------'                       '--no disk, nobody needs it--> absent
//
//   on disk:   in the block's file; readers get slices of it.
//   filling:   a fill appends to a buffer; readers get what has arrived (cut-through) and wait for more.
//   complete:  the whole sub-block is in memory, its write is under way, or there is no disk to write to; then it
//              stays for as long as a reader that is here needs it (a bounded window: see Fill).
//   absent:    a newcomer starts a fill over the run of absent sub-blocks that it asked for.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/buffer.h"
#include "base/hash.h"
#include "base/signal.h"
#include "base/task.h"
#include "cache/block_source.h"
#include "cache/disk_store.h"

namespace hearth::cache {

class ActiveBlock;

// One running transfer into a block. Made by ActiveBlock::Claim; run by RunFill (fill.h).
struct Fill {
  // Constant.
  SubRange subs;
  std::shared_ptr<BlockSource> source;
  std::string request_id;  // of the reader that began it, for logs

  // Of the running fill alone.
  std::unique_ptr<ByteStream> stream;  // already open, at the first byte of `subs`; null: to be opened

  // Guarded by the block's mutex.
  bool done = false;
  std::optional<Error> error;
  bool abandoned = false;
  bool disk_failed = false;
  std::deque<std::uint32_t> to_write;  // complete sub-blocks that wait for their turn
  bool writer_runs = false;            // WriteBehind (write_behind.h) has not ended
};

class ActiveBlock : public std::enable_shared_from_this<ActiveBlock> {
 public:
  // A reader's place: what of the block it still needs. Owned by the reader, known to the block.
  struct Place {
    std::uint64_t position = 0;  // offsets within the block
    std::uint64_t end = 0;
    // The fill whose bytes it waits for now, and whose failure it shares. The reader's own.
    std::shared_ptr<Fill> waits_for;
  };

  // What a reader at its place can do next.
  struct OnDisk {
    std::shared_ptr<BlockFile> file;
    ByteRange range;
  };
  struct InMemory {
    BufferSlice bytes;
  };
  struct Wait {
    std::uint64_t seen = 0;  // for changed().Wait
  };
  struct Absent {
    SubRange subs;
  };
  struct Failed {
    Error error;
  };
  using Step = std::variant<OnDisk, InMemory, Wait, Absent, Failed>;

  ActiveBlock(BlockInfo info, Geometry geometry, DiskStore* store);

  const BlockInfo& info() const { return info_; }
  const Geometry& geometry() const { return geometry_; }
  std::uint64_t block_length() const { return block_length_; }
  DiskStore* store() const { return store_; }  // null: no directory, everything streams through
  Signal& changed() { return changed_; }

  // Whether all of `subs` is on disk or complete in memory, so that no source need be asked.
  bool HasAll(SubRange subs) const;

  // Opens the block's file if there is one. Before anything else.
  Task<void> EnsureOpen();

  // --- readers ---
  void Enter(Place& place);
  void Leave(Place& place);
  std::size_t readers() const;  // that are here now
  Step Look(Place& place);
  void Advance(Place& place, std::uint64_t bytes);
  // The file's bytes were wrong or could not be read: it is not used any more by those who are here.
  void Condemn(const BlockFile& file);
  // Claims `subs`, as far as they are absent from the first on. Null: somebody was quicker.
  std::shared_ptr<Fill> Claim(SubRange subs, std::shared_ptr<BlockSource> source, std::string request_id);
  // The first run of absent sub-blocks at or after `from`.
  std::optional<SubRange> NextAbsent(std::uint32_t from);

  // --- the fill ---
  void BeginSub(Fill& fill, std::uint32_t sub, std::shared_ptr<const Buffer> buffer);
  void Publish(std::uint32_t sub, std::size_t bytes);
  // The buffer of `sub` is full: in one step with its last bytes, so that whoever has got them finds it complete. It
  // waits for its write, unless the fill's disk has failed. True: this is the first one, and the writer is to be
  // started.
  bool CompleteSub(Fill& fill, std::uint32_t sub);

  // --- its writer ---
  struct ToWrite {
    std::uint32_t sub = 0;
    BufferSlice bytes;
  };
  struct WriterStep {
    std::optional<ToWrite> write;
    bool over = false;       // the fill has ended and all is written
    std::uint64_t seen = 0;  // for changed().Wait
  };
  WriterStep NextWrite(Fill& fill);
  void WriteDone(Fill& fill, std::uint32_t sub, bool written);
  // What waits for its write stays in memory for as long as somebody needs it.
  void GiveUpDisk(Fill& fill);
  void WriterEnded(Fill& fill);

  // Unfinished sub-blocks become absent; readers that wait for this fill learn of the error, unless it is that nobody
  // wanted the bytes (`abandoned`): who came since begins anew.
  void EndFill(Fill& fill, std::optional<Error> error, bool abandoned = false);
  bool WriterRuns(const Fill& fill) const;
  // There is no place on disk for this fill, or a write has failed: what comes next must not count on the disk.
  bool DiskFailed(const Fill& fill) const;
  // What stands against more bytes in memory when there is no disk: how many sub-blocks of this fill readers still
  // hold, and whether any reader wants what comes at `position` or later in it. Only its own count: a reader
  // that waits for this fill may be the one that holds those of another.
  struct Pressure {
    std::uint32_t held = 0;
    bool wanted = false;
    std::uint64_t seen = 0;
  };
  Pressure PressureAt(const Fill& fill, std::uint64_t position) const;
  // A fill of this block waits for memory: from now to the end of it, only complete sub-blocks that a reader can get
  // at without waiting are held. Else a reader could hold what comes later while it waits for this fill.
  void BeginStarving();
  void EndStarving();
  // The file to write to; null: none yet.
  std::shared_ptr<BlockFile> file() const;
  bool storage_refused() const;
  void SetFile(std::shared_ptr<BlockFile> file);

 private:
  enum class Opening : std::uint8_t { kNot, kRunning, kDone };
  enum class SubState : std::uint8_t { kNone, kFilling, kComplete };  // kNone: absent or on disk
  struct Sub {
    SubState state = SubState::kNone;
    bool writing = false;
    std::size_t published = 0;
    std::shared_ptr<const Buffer> buffer;
    std::shared_ptr<Fill> fill;
  };

  bool IsOnDisk(std::uint32_t sub) const REQUIRES(mutex_);
  bool IsAbsent(std::uint32_t sub) const REQUIRES(mutex_);
  Step LookOnDisk(const Place& place, std::uint32_t sub) const REQUIRES(mutex_);
  Step LookAbsent(const Place& place, std::uint32_t sub) const REQUIRES(mutex_);
  bool IsNeeded(std::uint32_t sub, const Place& place) const REQUIRES(mutex_);
  void Trim() REQUIRES(mutex_);

  const BlockInfo info_;
  const Geometry geometry_;
  const std::uint64_t block_length_;
  DiskStore* const store_;

  mutable Mutex mutex_;
  Opening opening_ GUARDED_BY(mutex_) = Opening::kNot;
  std::shared_ptr<BlockFile> file_ GUARDED_BY(mutex_);
  bool storage_refused_ GUARDED_BY(mutex_) = false;
  int starving_ GUARDED_BY(mutex_) = 0;  // fills that wait for memory
  std::vector<Sub> subs_ GUARDED_BY(mutex_);
  std::vector<Place*> places_ GUARDED_BY(mutex_);
  Signal changed_;
};

}  // namespace hearth::cache
