// RecordLog: an append-only file of checksummed records: docs/formats/log.md. Index and metadata keep one each.
//
// Open() reads what is whole, hands each record to `replay`, drops a torn or flipped tail (what follows the
// first bad record is cut off and counted), and is ready to append. Append() writes with one WriteAt and does
// not sync; AppendDurably() also syncs. Rewrite() replaces the log by new records in one step: a new file,
// synced, renamed over the old one, directory synced; a crash leaves the old or the new one.
//
// Blocks: jobs of the disk pool only. Calls are serialized by an own mutex. A failed append leaves the log as
// it was before (the tail is truncated back, or the log refuses further appends with kUnavailable until a
// Rewrite succeeds). A failed sync always makes it refuse: nobody knows which of the earlier bytes the disk
// has then, and what is appended behind a hole would be lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "io/file_system.h"

namespace hearth::cache {

class RecordLog {
 public:
  struct Replayed {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;          // of whole records, with the file's header
    std::uint64_t bytes_dropped = 0;  // torn or corrupt tail
    bool fresh = false;               // there was no log, or none of this kind and format: it starts empty
    // The dropped tail is more than an unfinished write: a whole record failed its checksum.
    bool corrupt = false;
  };
  using Replay = std::function<void(std::span<const std::byte> record)>;

  // `kind` is four characters that tell logs apart ("HIDX", "HMET"); a log of another kind counts as unreadable
  // and starts empty. A disk that fails to read is an error and changes nothing, though some records may have
  // been handed out: whoever can do without the log unlinks it and opens again.
  static Result<std::unique_ptr<RecordLog>> Open(io::FileSystem& files, std::string path, std::string_view kind,
                                                 const Replay& replay);

  // What Open would find, changing nothing. kNotFound: there is no such file.
  static Result<Replayed> Inspect(io::FileSystem& files, const std::string& path, std::string_view kind,
                                  const Replay& replay);

  const Replayed& replayed() const { return replayed_; }
  std::uint64_t size() const;

  static constexpr std::size_t kRecordMax = 1_MiB;

  // Records are 1 byte to kRecordMax (else kInvalidArgument and nothing is written). Several are written with
  // one call. AppendDurably also makes everything appended before durable, so it may be called with none.
  Status Append(std::span<const std::span<const std::byte>> records);
  Status AppendDurably(std::span<const std::span<const std::byte>> records);

  // `produce` is called once and passes each record to `add`; it must not call this log. After an error the old
  // log goes on, unless only the directory could not be synced: then the new one is in place and refuses appends.
  using Add = std::function<void(std::span<const std::byte> record)>;
  Status Rewrite(const std::function<void(const Add& add)>& produce);

 private:
  RecordLog(io::FileSystem& files, std::string path, std::string kind);

  Status Start(const Replay& replay) EXCLUDES(mutex_);
  Status AppendLocked(std::span<const std::span<const std::byte>> records) REQUIRES(mutex_);
  Status RewriteLocked(const std::function<void(const Add& add)>& produce) REQUIRES(mutex_);
  void TakeBack(std::uint64_t size) REQUIRES(mutex_);

  io::FileSystem& files_;
  const std::string path_;
  const std::string kind_;
  Replayed replayed_;  // constant after Open

  mutable Mutex mutex_;
  std::shared_ptr<io::File> file_ GUARDED_BY(mutex_);
  std::uint64_t size_ GUARDED_BY(mutex_) = 0;
  bool broken_ GUARDED_BY(mutex_) = false;
};

}  // namespace hearth::cache
