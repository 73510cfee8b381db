#include "cli/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace hearth::cli {
namespace {

// Where a rename has to go so that a symbolic link stays one.
std::string Resolve(const std::string& path) {
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  return error ? path : real.string();
}

}  // namespace

Result<OutputFile> OutputFile::Create(const std::string& path) {
  const std::string target = Resolve(path);
  struct stat info{};
  const bool exists = stat(target.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return Fail(Code::kInvalidArgument, fmt::format("{} is a directory; name a file", path));
  if (exists && !S_ISREG(info.st_mode)) {
    const int fd = open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return Fail(ErrorFromErrno(errno, path));
    return OutputFile(fd, target, "");
  }
  const std::string temporary = fmt::format("{}.hearth-{}", target, getpid());
  // A leftover of a process of this number that was killed is ours to replace.
  unlink(temporary.c_str());
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd < 0) return Fail(ErrorFromErrno(errno, path));
  if (exists && fchmod(fd, info.st_mode & 07777) != 0) {
    Error error = ErrorFromErrno(errno, path);
    close(fd);
    unlink(temporary.c_str());
    return Fail(std::move(error));
  }
  return OutputFile(fd, target, temporary);
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(other.path_), temporary_(std::exchange(other.temporary_, {})) {}

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Status OutputFile::Write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(ErrorFromErrno(errno, path_));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status OutputFile::Commit() {
  if (close(std::exchange(fd_, -1)) != 0) return Fail(ErrorFromErrno(errno, path_));
  if (temporary_.empty()) return {};
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return Fail(ErrorFromErrno(errno, path_));
  temporary_.clear();
  return {};
}

}  // namespace hearth::cli
