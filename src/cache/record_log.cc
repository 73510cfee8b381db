#include "cache/record_log.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <tuple>
#include <vector>

#include "base/check.h"
#include "base/hash.h"

namespace hearth::cache {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and copied as it stands");

constexpr std::array<char, 4> kMagic = {'H', 'L', 'O', 'G'};
constexpr std::uint32_t kFormatVersion = 1;

struct FileHeader {
  std::array<char, 4> magic = kMagic;
  std::array<char, 4> kind = {};
  std::uint32_t format_version = kFormatVersion;
  std::uint32_t crc = 0;  // over the three fields before
};
static_assert(sizeof(FileHeader) == 16);

// Before each record. A length of zero ends the log: a file that grew before a power cut reads as zeros there.
struct Frame {
  std::uint32_t length = 0;
  std::uint32_t crc = 0;  // over `length` and the record
};
static_assert(sizeof(Frame) == 8);

// Large enough that a log is read, and a new one written, at the disk's own speed.
constexpr std::size_t kReadChunk = 4_MiB;
constexpr std::size_t kWriteChunk = 1_MiB;
static_assert(kReadChunk >= sizeof(Frame) + RecordLog::kRecordMax, "a record must fit the buffer");

std::span<const std::byte> Bytes(const auto& value) { return std::as_bytes(std::span(&value, 1)); }

FileHeader MakeFileHeader(std::string_view kind) {
  FileHeader header;
  std::memcpy(header.kind.data(), kind.data(), header.kind.size());
  header.crc = Crc32c(Bytes(header).first(offsetof(FileHeader, crc)));
  return header;
}

std::uint32_t RecordChecksum(std::uint32_t length, std::span<const std::byte> record) {
  return Crc32c(record, Crc32c(Bytes(length)));
}

Status AddFrame(std::span<const std::byte> record, std::vector<std::byte>* to) {
  if (record.empty() || record.size() > RecordLog::kRecordMax) {
    return Fail(Code::kInvalidArgument, "a log record of " + std::to_string(record.size()) + " bytes");
  }
  const auto length = static_cast<std::uint32_t>(record.size());
  const Frame frame{.length = length, .crc = RecordChecksum(length, record)};
  const auto head = Bytes(frame);
  to->insert(to->end(), head.begin(), head.end());
  to->insert(to->end(), record.begin(), record.end());
  return {};
}

// "a/b" for "a/b/c"; "", the root, for a bare name.
std::string_view ParentOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string TemporaryPath(const std::string& path) { return path + ".tmp"; }

// A window that moves over a file from its beginning, one large read at a time.
class Window {
 public:
  Window(const io::File& file, std::uint64_t file_size)
      : file_(file),
        capacity_(std::min<std::uint64_t>(kReadChunk, file_size + 1)),
        buffer_(std::make_unique_for_overwrite<std::byte[]>(capacity_)) {}

  // What is known from the current place on.
  std::span<const std::byte> bytes() const { return {buffer_.get() + begin_, end_ - begin_}; }
  bool at_end_of_file() const { return at_end_of_file_; }
  void Skip(std::size_t count) { begin_ += count; }

  // Reads on, as far as the buffer or the file goes.
  Status Fill() {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    const std::size_t wanted = capacity_ - end_;
    const Result<std::size_t> read = file_.ReadAt(offset_, {buffer_.get() + end_, wanted});
    if (!read) return Fail(read.error());
    at_end_of_file_ = *read == 0 || *read < wanted;
    end_ += *read;
    offset_ += *read;
    return {};
  }

 private:
  const io::File& file_;
  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t offset_ = 0;
  bool at_end_of_file_ = false;
};

enum class Next {
  kRecord,      // whole and right
  kIncomplete,  // goes on past the bytes that are known
  kZeros,       // no record was written here
  kCorrupt,     // whole and wrong
};

// Looks at the frame that `bytes` begins with; for kRecord, `record` is its content.
Next ParseFrame(std::span<const std::byte> bytes, std::span<const std::byte>* record) {
  Frame frame;
  if (bytes.size() < sizeof frame) return Next::kIncomplete;
  std::memcpy(&frame, bytes.data(), sizeof frame);
  if (frame.length == 0) return frame.crc == 0 ? Next::kZeros : Next::kCorrupt;
  if (frame.length > RecordLog::kRecordMax) return Next::kCorrupt;
  if (bytes.size() - sizeof frame < frame.length) return Next::kIncomplete;
  *record = bytes.subspan(sizeof frame, frame.length);
  return RecordChecksum(frame.length, *record) == frame.crc ? Next::kRecord : Next::kCorrupt;
}

// Hands out records until the first that is not whole and right; says what stopped it.
Result<Next> ReplayRecords(Window* window, const RecordLog::Replay& replay, RecordLog::Replayed* found) {
  while (true) {
    std::span<const std::byte> record;
    const Next next = ParseFrame(window->bytes(), &record);
    if (next == Next::kRecord) {
      replay(record);
      ++found->records;
      found->bytes += sizeof(Frame) + record.size();
      window->Skip(sizeof(Frame) + record.size());
    } else if (next == Next::kIncomplete && !window->at_end_of_file()) {
      HEARTH_TRY(window->Fill());
    } else {
      return next;
    }
  }
}

Result<RecordLog::Replayed> Scan(const io::File& file, std::string_view kind, const RecordLog::Replay& replay) {
  HEARTH_CHECK(kind.size() == FileHeader{}.kind.size());
  const Result<io::FileInfo> info = file.Info();
  if (!info) return Fail(info.error());
  Window window(file, info->size);
  HEARTH_TRY(window.Fill());

  RecordLog::Replayed found;
  const FileHeader header = MakeFileHeader(kind);
  if (window.bytes().size() < sizeof header || std::memcmp(window.bytes().data(), &header, sizeof header) != 0) {
    found.fresh = true;
    found.bytes_dropped = info->size;
    return found;
  }
  window.Skip(sizeof header);
  found.bytes = sizeof header;
  const Result<Next> stop = ReplayRecords(&window, replay, &found);
  if (!stop) return Fail(stop.error());
  found.corrupt = *stop == Next::kCorrupt;
  found.bytes_dropped = info->size - std::min(info->size, found.bytes);
  return found;
}

// A new log under a temporary name.
struct NewLog {
  std::shared_ptr<io::File> file;
  std::uint64_t size = 0;
};

class LogWriter {
 public:
  explicit LogWriter(std::shared_ptr<io::File> file, std::string_view kind) : log_{.file = std::move(file)} {
    const FileHeader header = MakeFileHeader(kind);
    const auto bytes = Bytes(header);
    pending_.assign(bytes.begin(), bytes.end());
  }

  // Does nothing after the first error, which Finish reports.
  void Add(std::span<const std::byte> record) {
    if (!status_) return;
    status_ = AddFrame(record, &pending_);
    if (status_ && pending_.size() >= kWriteChunk) Flush();
  }

  // Durable, but for its name.
  Result<NewLog> Finish() {
    if (status_) Flush();
    if (status_) status_ = log_.file->Sync();
    if (!status_) return Fail(status_.error());
    return log_;
  }

 private:
  void Flush() {
    status_ = log_.file->WriteAt(log_.size, pending_);
    log_.size += pending_.size();
    pending_.clear();
  }

  NewLog log_;
  std::vector<std::byte> pending_;
  Status status_;
};

Result<NewLog> WriteNewLog(io::FileSystem& files, const std::string& path, std::string_view kind,
                           const std::function<void(const RecordLog::Add& add)>& produce) {
  // Always a new file: nobody knows what the disk has of one whose sync failed once.
  if (Status gone = files.Unlink(path); !gone && gone.error().code() != Code::kNotFound) return Fail(gone.error());
  auto file = files.Open(path, {.write = true, .create = true, .exclusive = true});
  if (!file) return Fail(std::move(file).error());
  LogWriter writer(*std::move(file), kind);
  produce([&writer](std::span<const std::byte> record) { writer.Add(record); });
  return writer.Finish();
}

}  // namespace

RecordLog::RecordLog(io::FileSystem& files, std::string path, std::string kind)
    : files_(files), path_(std::move(path)), kind_(std::move(kind)) {}

Result<std::unique_ptr<RecordLog>> RecordLog::Open(io::FileSystem& files, std::string path, std::string_view kind,
                                                   const Replay& replay) {
  std::unique_ptr<RecordLog> log(new RecordLog(files, std::move(path), std::string(kind)));
  if (Status started = log->Start(replay); !started) return Fail(std::move(started).error().With(log->path_));
  return log;
}

Result<RecordLog::Replayed> RecordLog::Inspect(io::FileSystem& files, const std::string& path, std::string_view kind,
                                               const Replay& replay) {
  const auto file = files.Open(path, {});
  if (!file) return Fail(file.error());
  return Scan(**file, kind, replay);
}

Status RecordLog::Start(const Replay& replay) {
  MutexLock lock(mutex_);
  std::ignore = files_.Unlink(TemporaryPath(path_));  // a crashed Rewrite may have left one
  auto file = files_.Open(path_, {.write = true});
  if (!file && file.error().code() != Code::kNotFound) return Fail(std::move(file).error());
  if (file) {
    Result<Replayed> found = Scan(**file, kind_, replay);
    if (!found) return Fail(std::move(found).error());
    replayed_ = *found;
  } else {
    replayed_.fresh = true;
  }
  if (replayed_.fresh) {
    HEARTH_TRY(RewriteLocked([](const Add&) {}));
    replayed_.bytes = size_;
    return {};
  }
  file_ = *std::move(file);
  size_ = replayed_.bytes;
  if (replayed_.bytes_dropped != 0) {
    // Synced: otherwise a power cut could bring the old tail back behind what is appended from now on.
    HEARTH_TRY(file_->Truncate(size_));
    HEARTH_TRY(file_->Sync());
  }
  return {};
}

std::uint64_t RecordLog::size() const {
  MutexLock lock(mutex_);
  return size_;
}

Status RecordLog::Append(std::span<const std::span<const std::byte>> records) {
  MutexLock lock(mutex_);
  return AppendLocked(records);
}

Status RecordLog::AppendDurably(std::span<const std::span<const std::byte>> records) {
  MutexLock lock(mutex_);
  const std::uint64_t size_before = size_;
  HEARTH_TRY(AppendLocked(records));
  if (Status synced = file_->Sync(); !synced) {
    TakeBack(size_before);
    broken_ = true;
    return Fail(std::move(synced).error().With("sync " + path_));
  }
  return {};
}

Status RecordLog::AppendLocked(std::span<const std::span<const std::byte>> records) {
  if (broken_) return Fail(Code::kUnavailable, path_ + " refuses records after an earlier failure");
  std::vector<std::byte> frames;
  for (const auto record : records) HEARTH_TRY(AddFrame(record, &frames));
  if (frames.empty()) return {};
  if (Status written = file_->WriteAt(size_, frames); !written) {
    TakeBack(size_);
    return Fail(std::move(written).error().With("append to " + path_));
  }
  size_ += frames.size();
  return {};
}

// The file may hold some of what a failed call wrote: as at Start, it must not come back later.
void RecordLog::TakeBack(std::uint64_t size) {
  size_ = size;
  if (!file_->Truncate(size) || !file_->Sync()) broken_ = true;
}

Status RecordLog::Rewrite(const std::function<void(const Add& add)>& produce) {
  MutexLock lock(mutex_);
  return RewriteLocked(produce);
}

Status RecordLog::RewriteLocked(const std::function<void(const Add& add)>& produce) {
  const std::string temporary = TemporaryPath(path_);
  Result<NewLog> fresh = WriteNewLog(files_, temporary, kind_, produce);
  Status placed = fresh ? files_.Rename(temporary, path_) : Status(Fail(fresh.error()));
  if (!placed) {
    // Best effort: the next Rewrite or Open removes what stays.
    std::ignore = files_.Unlink(temporary);
    return Fail(std::move(placed).error().With("rewrite " + path_));
  }
  file_ = std::move(fresh->file);
  size_ = fresh->size;
  // Until the name is durable a power cut may bring the old file back, and lose what is appended to the new one.
  broken_ = true;
  if (Status synced = files_.SyncDirectory(ParentOf(path_)); !synced) {
    return Fail(std::move(synced).error().With("rewrite " + path_));
  }
  broken_ = false;
  return {};
}

}  // namespace hearth::cache
