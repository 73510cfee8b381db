// FileSystem and File: the disk, as the cache sees it. The real one is OpenPosixFileSystem(); the
// simulation (tests/support/sim_file_system.h) loses, tears and fails on purpose.
//
// Every call may block: only jobs of a disk pool call them (base/task.h, RunOn), never an event loop.
// Any thread may call any method. Paths are relative to the root that the FileSystem was opened on,
// with '/' between components, no "..", never made from an object's key (invariant 11).
// Errors: ErrorFromErrno's codes; a read past the end is short, not an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/range.h"
#include "base/result.h"

namespace hearth::io {

struct FileInfo {
  std::uint64_t size = 0;
  std::uint64_t allocated = 0;  // bytes on disk, st_blocks * 512
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;  // mtime and ctime since the epoch
  std::int64_t changed_ns = 0;
  std::uint32_t mode = 0;  // permission bits
  std::uint32_t owner = 0;
  bool is_directory = false;
  bool is_regular = false;
};

// An open file. Closed when the last reference goes (which may block for an unlinked file: let it go
// on the disk pool).
class File {
 public:
  virtual ~File() = default;

  // Fills `to` from `offset` as far as the file goes; returns the bytes read.
  virtual Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> to) const = 0;
  // Writes all of `from`, or fails.
  virtual Status WriteAt(std::uint64_t offset, std::span<const std::byte> from) = 0;
  virtual Status Sync() = 0;  // fdatasync
  virtual Status Truncate(std::uint64_t size) = 0;
  virtual Result<FileInfo> Info() const = 0;

  // Never blocks: whether the range is in memory, so that sendfile would not wait for a disk
  // (preadv2 RWF_NOWAIT, one byte per 256 KiB and the last; a file system that cannot tell counts as
  // resident). May be called on a loop.
  virtual bool IsResident(ByteRange range) const = 0;
  // Never blocks: reads the whole of `to`, or nothing (false) if that would wait or is past the end.
  // May be called on a loop.
  virtual bool TryReadNow(std::uint64_t offset, std::span<std::byte> to) const = 0;
};

// A name in a directory and what it stands for, as far as the directory says.
struct DirectoryEntry {
  enum class Kind : std::uint8_t {
    kFile,
    kDirectory,
    kOther,  // a symbolic link, whatever it leads to; a device, a pipe, a socket
  };
  std::string_view name;
  Kind kind = Kind::kOther;
};

struct OpenOptions {
  bool write = false;      // read only by default
  bool create = false;     // with write: make it, mode 0600, if it is not there
  bool exclusive = false;  // with create: kInvalidArgument if it is there
  bool truncate = false;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Never follows a symbolic link, in any component.
  virtual Result<std::shared_ptr<File>> Open(std::string_view path, OpenOptions options) = 0;
  virtual Result<FileInfo> Stat(std::string_view path) = 0;
  virtual Status MakeDirectory(std::string_view path) = 0;                        // mode 0700; fine if it is there
  virtual Result<std::vector<std::string>> List(std::string_view directory) = 0;  // names, no "." and ".."
  // The same one by one, in no order, without holding them all; ends early where `visit` returns false.
  using Visitor = std::function<bool(const DirectoryEntry&)>;
  virtual Status VisitDirectory(std::string_view directory, const Visitor& visit) = 0;
  virtual Status Rename(std::string_view from, std::string_view to) = 0;
  virtual Status Unlink(std::string_view path) = 0;
  virtual Status SyncDirectory(std::string_view directory) = 0;

  // Holds an exclusive lock on `path` (made if missing) until this FileSystem goes.
  // kUnavailable if another process has it.
  virtual Status Lock(std::string_view path) = 0;

  struct Space {
    std::uint64_t total = 0;
    std::uint64_t available = 0;  // to this user
  };
  virtual Result<Space> GetSpace() = 0;
};

struct DirectoryOptions {
  bool create = true;  // make it, and what is above it, if it is missing
  // Refuse a directory that is not ours: another owner, mode wider than 0700, or itself a symbolic link.
  // False for the data of others (the `file` origin), which is only read.
  bool must_be_private = true;
};

// `root` is absolute. Everything is opened beneath its descriptor (openat2 RESOLVE_BENEATH |
// RESOLVE_NO_SYMLINKS).
Result<std::unique_ptr<FileSystem>> OpenPosixFileSystem(const std::string& root, DirectoryOptions options);

}  // namespace hearth::io
