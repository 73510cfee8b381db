#include "io/posix_file.h"

#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/bytes.h"

namespace hearth::io {
namespace {

constexpr std::uint64_t kProbeStep = 256_KiB;

std::int64_t Nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

class PosixFile final : public File {
 public:
  PosixFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  int fd() const { return fd_.get(); }

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> to) const override {
    std::size_t done = 0;
    while (done < to.size()) {
      const ssize_t n = ::pread(fd(), to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
      if (n == 0) break;
      if (n < 0) {
        if (errno == EINTR) continue;
        return Fail(ErrorFromErrno(errno, "read " + path_));
      }
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  Status WriteAt(std::uint64_t offset, std::span<const std::byte> from) override {
    while (!from.empty()) {
      const ssize_t n = ::pwrite(fd(), from.data(), from.size(), static_cast<off_t>(offset));
      if (n < 0) {
        if (errno == EINTR) continue;
        return Fail(ErrorFromErrno(errno, "write " + path_));
      }
      from = from.subspan(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  Status Sync() override {
    if (::fdatasync(fd()) != 0) return Fail(ErrorFromErrno(errno, "sync " + path_));
    return {};
  }

  Status Truncate(std::uint64_t size) override {
    while (::ftruncate(fd(), static_cast<off_t>(size)) != 0) {
      if (errno != EINTR) return Fail(ErrorFromErrno(errno, "truncate " + path_));
    }
    return {};
  }

  Result<FileInfo> Info() const override { return InfoOf(fd(), path_); }

  bool IsResident(ByteRange range) const override {
    if (range.empty() || cannot_tell_.load(std::memory_order_relaxed)) return true;
    for (std::uint64_t at = range.begin; at < range.end; at += kProbeStep) {
      if (!ByteIsResident(at)) return false;
    }
    return range.length() <= kProbeStep || ByteIsResident(range.end - 1);
  }

  bool TryReadNow(std::uint64_t offset, std::span<std::byte> to) const override {
    // Where the file system cannot tell, it lives in memory (tmpfs): a plain read does not wait.
    const int flags = cannot_tell_.load(std::memory_order_relaxed) ? 0 : RWF_NOWAIT;
    const iovec vector{to.data(), to.size()};
    const ssize_t n = ::preadv2(fd(), &vector, 1, static_cast<off_t>(offset), flags);
    if (n < 0 && errno == EOPNOTSUPP && flags != 0) {
      cannot_tell_.store(true, std::memory_order_relaxed);
      return TryReadNow(offset, to);
    }
    return n >= 0 && static_cast<std::size_t>(n) == to.size();
  }

 private:
  bool ByteIsResident(std::uint64_t offset) const {
    std::byte byte{};
    const iovec vector{&byte, 1};
    const ssize_t n = ::preadv2(fd(), &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    if (n == 1) return true;
    if (n < 0 && errno == EOPNOTSUPP) {
      cannot_tell_.store(true, std::memory_order_relaxed);
      return true;
    }
    return false;
  }

  const UniqueFd fd_;
  const std::string path_;
  // The file system knows no RWF_NOWAIT: learned at the first probe, so that each later one costs no call.
  mutable std::atomic<bool> cannot_tell_ = false;
};

}  // namespace

std::shared_ptr<File> MakePosixFile(UniqueFd fd, std::string path) {
  return std::make_shared<PosixFile>(std::move(fd), std::move(path));
}

int DescriptorOf(const File& file) {
  const auto* posix = dynamic_cast<const PosixFile*>(&file);
  return posix != nullptr ? posix->fd() : -1;
}

Result<FileInfo> InfoOf(int fd, std::string_view path) {
  struct stat stat{};
  if (::fstat(fd, &stat) != 0) return Fail(ErrorFromErrno(errno, "stat " + std::string(path)));
  FileInfo info;
  info.size = static_cast<std::uint64_t>(stat.st_size);
  info.allocated = static_cast<std::uint64_t>(stat.st_blocks) * 512;
  info.device = stat.st_dev;
  info.inode = stat.st_ino;
  info.modified_ns = Nanoseconds(stat.st_mtim);
  info.changed_ns = Nanoseconds(stat.st_ctim);
  info.mode = stat.st_mode & 07777;
  info.owner = stat.st_uid;
  info.is_directory = S_ISDIR(stat.st_mode);
  info.is_regular = S_ISREG(stat.st_mode);
  return info;
}

}  // namespace hearth::io
