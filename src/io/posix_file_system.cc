#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/thread_annotations.h"
#include "io/file_system.h"
#include "io/posix_file.h"
#include "io/unique_fd.h"

namespace hearth::io {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

// Owner and mode of a directory that only we may change.
Status CheckPrivate(int fd, const std::string& path) {
  const auto info = InfoOf(fd, path);
  if (!info) return Fail(info.error());
  if (info->owner != ::geteuid()) {
    return Fail(Code::kPermissionDenied, path + ": belongs to uid " + std::to_string(info->owner) +
                                             ", not to us (uid " + std::to_string(::geteuid()) + "): refused");
  }
  if ((info->mode & 077) != 0) {
    return Fail(Code::kPermissionDenied, path + ": others may enter it: chmod 0700 it, or choose another directory");
  }
  return {};
}

// A path below the root, split where it matters. "" is the root itself.
struct SplitPath {
  std::string parent;  // empty: the root
  std::string name;
};

bool IsValidComponent(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('\0') == std::string_view::npos;
}

Status CheckPath(std::string_view path) {
  while (true) {
    const std::size_t slash = path.find('/');
    if (!IsValidComponent(path.substr(0, slash))) {
      return Fail(Code::kInvalidArgument, "not a relative path of plain names: " + std::string(path));
    }
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
  }
}

Result<SplitPath> Split(std::string_view path) {
  HEARTH_TRY(CheckPath(path));
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return SplitPath{"", std::string(path)};
  return SplitPath{std::string(path.substr(0, slash)), std::string(path.substr(slash + 1))};
}

// Some file systems do not say in the directory what a name stands for.
DirectoryEntry::Kind KindOf(int directory, const dirent& entry) {
  struct stat info{};
  mode_t type = DTTOIF(entry.d_type);
  if (entry.d_type == DT_UNKNOWN && ::fstatat(directory, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    type = info.st_mode;
  }
  if (S_ISREG(type)) return DirectoryEntry::Kind::kFile;
  return S_ISDIR(type) ? DirectoryEntry::Kind::kDirectory : DirectoryEntry::Kind::kOther;
}

class PosixFileSystem final : public FileSystem {
 public:
  PosixFileSystem(UniqueFd root, std::string path, bool is_private)
      : root_(std::move(root)), root_path_(std::move(path)), is_private_(is_private) {}

  Result<std::shared_ptr<File>> Open(std::string_view path, OpenOptions options) override;
  Result<FileInfo> Stat(std::string_view path) override;
  Status MakeDirectory(std::string_view path) override;
  Result<std::vector<std::string>> List(std::string_view directory) override;
  Status VisitDirectory(std::string_view directory, const Visitor& visit) override;
  Status Rename(std::string_view from, std::string_view to) override;
  Status Unlink(std::string_view path) override;
  Status SyncDirectory(std::string_view directory) override;
  Status Lock(std::string_view path) override;
  Result<Space> GetSpace() override;

 private:
  // Opens beneath the root; no component may be a symbolic link. "" opens the root itself.
  Result<UniqueFd> OpenBeneath(std::string_view path, int flags, mode_t mode = 0) const;

  // The directory that holds `split.name`: the root, which is open already, or one that `opened` keeps.
  struct Parent {
    UniqueFd opened;
    int fd = -1;
  };
  Result<Parent> OpenParent(const SplitPath& split) const;
  std::string Describe(std::string_view path) const { return root_path_ + "/" + std::string(path); }

  const UniqueFd root_;
  const std::string root_path_;
  const bool is_private_;

  Mutex mutex_;
  std::vector<UniqueFd> locks_ GUARDED_BY(mutex_);
};

Result<UniqueFd> PosixFileSystem::OpenBeneath(std::string_view path, int flags, mode_t mode) const {
  if (!path.empty()) HEARTH_TRY(CheckPath(path));
  const std::string text = path.empty() ? "." : std::string(path);
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  while (true) {
    const long fd = ::syscall(SYS_openat2, root_.get(), text.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    // EAGAIN: something was renamed while the kernel looked; EINTR: a signal.
    if (errno == EAGAIN || errno == EINTR) continue;
    if (errno == EEXIST || errno == EISDIR || errno == EXDEV) {
      return Fail(Code::kInvalidArgument, ErrorFromErrno(errno, "open " + Describe(path)).message());
    }
    return Fail(ErrorFromErrno(errno, "open " + Describe(path)));
  }
}

Result<PosixFileSystem::Parent> PosixFileSystem::OpenParent(const SplitPath& split) const {
  Parent parent;
  if (split.parent.empty()) {
    parent.fd = root_.get();
    return parent;
  }
  auto opened = OpenBeneath(split.parent, O_PATH | O_DIRECTORY);
  if (!opened) return Fail(std::move(opened).error());
  parent.opened = std::move(*opened);
  parent.fd = parent.opened.get();
  return parent;
}

Result<std::shared_ptr<File>> PosixFileSystem::Open(std::string_view path, OpenOptions options) {
  // O_NONBLOCK: opening a FIFO that somebody put there must not wait; regular files do not mind.
  int flags = (options.write ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_NOCTTY;
  mode_t mode = 0;
  if (options.create) {
    flags |= O_CREAT | (options.exclusive ? O_EXCL : 0);
    mode = kFileMode;
  }
  if (options.truncate) flags |= O_TRUNC;
  auto fd = OpenBeneath(path, flags, mode);
  if (!fd) return Fail(std::move(fd).error());
  return MakePosixFile(std::move(*fd), Describe(path));
}

Result<FileInfo> PosixFileSystem::Stat(std::string_view path) {
  auto fd = OpenBeneath(path, O_PATH);
  if (!fd) return Fail(std::move(fd).error());
  return InfoOf(fd->get(), path);
}

Status PosixFileSystem::MakeDirectory(std::string_view path) {
  auto split = Split(path);
  if (!split) return Fail(std::move(split).error());
  auto parent = OpenParent(*split);
  if (!parent) return Fail(std::move(parent).error());
  if (::mkdirat(parent->fd, split->name.c_str(), kDirectoryMode) == 0) return {};
  if (errno != EEXIST) return Fail(ErrorFromErrno(errno, "mkdir " + Describe(path)));
  const auto there = OpenBeneath(path, O_PATH | O_DIRECTORY);
  if (!there) return Fail(Code::kInvalidArgument, Describe(path) + ": there is something else of that name");
  return is_private_ ? CheckPrivate(there->get(), Describe(path)) : Status();
}

Result<std::vector<std::string>> PosixFileSystem::List(std::string_view directory) {
  std::vector<std::string> names;
  HEARTH_TRY(VisitDirectory(directory, [&](const DirectoryEntry& entry) {
    names.emplace_back(entry.name);
    return true;
  }));
  return names;
}

Status PosixFileSystem::VisitDirectory(std::string_view directory, const Visitor& visit) {
  auto fd = OpenBeneath(directory, O_RDONLY | O_DIRECTORY);
  if (!fd) return Fail(std::move(fd).error());
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(fd->get()), ::closedir);
  if (!stream) return Fail(ErrorFromErrno(errno, "list " + Describe(directory)));
  fd->Release();  // the stream's now
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (!visit({name, KindOf(::dirfd(stream.get()), *entry)})) return {};
  }
  if (errno != 0) return Fail(ErrorFromErrno(errno, "list " + Describe(directory)));
  return {};
}

Status PosixFileSystem::Rename(std::string_view from, std::string_view to) {
  auto source = Split(from);
  if (!source) return Fail(std::move(source).error());
  auto target = Split(to);
  if (!target) return Fail(std::move(target).error());
  auto source_parent = OpenParent(*source);
  if (!source_parent) return Fail(std::move(source_parent).error());
  auto target_parent = OpenParent(*target);
  if (!target_parent) return Fail(std::move(target_parent).error());
  if (::renameat(source_parent->fd, source->name.c_str(), target_parent->fd, target->name.c_str()) == 0) return {};
  return Fail(ErrorFromErrno(errno, "rename " + Describe(from) + " to " + std::string(to)));
}

Status PosixFileSystem::Unlink(std::string_view path) {
  auto split = Split(path);
  if (!split) return Fail(std::move(split).error());
  auto parent = OpenParent(*split);
  if (!parent) return Fail(std::move(parent).error());
  if (::unlinkat(parent->fd, split->name.c_str(), 0) == 0) return {};
  return Fail(ErrorFromErrno(errno, "unlink " + Describe(path)));
}

Status PosixFileSystem::SyncDirectory(std::string_view directory) {
  const auto fd = OpenBeneath(directory, O_RDONLY | O_DIRECTORY);
  if (!fd) return Fail(fd.error());
  if (::fsync(fd->get()) != 0) return Fail(ErrorFromErrno(errno, "sync " + Describe(directory)));
  return {};
}

// flock and not fcntl: it belongs to the open file, so a second open in this process does not steal it,
// and closing some other descriptor of the file does not drop it.
Status PosixFileSystem::Lock(std::string_view path) {
  auto fd = OpenBeneath(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY, kFileMode);
  if (!fd) return Fail(std::move(fd).error());
  while (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) {
      return Fail(Code::kUnavailable, Describe(path) + ": held by another process: one process per directory");
    }
    return Fail(ErrorFromErrno(errno, "lock " + Describe(path)));
  }
  MutexLock lock(mutex_);
  locks_.push_back(std::move(*fd));
  return {};
}

Result<FileSystem::Space> PosixFileSystem::GetSpace() {
  struct statvfs space{};
  if (::fstatvfs(root_.get(), &space) != 0) return Fail(ErrorFromErrno(errno, "statvfs " + root_path_));
  return Space{.total = space.f_blocks * space.f_frsize, .available = space.f_bavail * space.f_frsize};
}

// Makes `path` and what is above it, and each new name durable in the directory that holds it. What is above
// is made for everybody to pass through, the last one for us alone.
Status MakeDirectories(const std::string& path) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const bool is_last = slash == std::string::npos;
    const std::string part = path.substr(0, slash);
    if (::mkdir(part.c_str(), is_last ? kDirectoryMode : 0755) == 0) {
      const std::string above = part.substr(0, std::max<std::size_t>(part.rfind('/'), 1));
      const UniqueFd parent(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      if (!parent.valid() || ::fsync(parent.get()) != 0) return Fail(ErrorFromErrno(errno, "sync " + above));
    } else if (errno != EEXIST) {
      return Fail(ErrorFromErrno(errno, "mkdir " + part));
    }
    if (is_last) return {};
  }
}

}  // namespace

Result<std::unique_ptr<FileSystem>> OpenPosixFileSystem(const std::string& root, DirectoryOptions options) {
  std::string path = root;
  // "link/" would follow the link that "link" is.
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  if (!path.starts_with('/')) return Fail(Code::kInvalidArgument, "not an absolute path: " + root);
  if (options.create) HEARTH_TRY(MakeDirectories(path));
  const int follow = options.must_be_private ? O_NOFOLLOW : 0;
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | follow));
  if (!fd.valid()) {
    const int error = errno;
    struct stat stat{};
    if (follow != 0 && ::lstat(path.c_str(), &stat) == 0 && S_ISLNK(stat.st_mode)) {
      return Fail(Code::kPermissionDenied, path + ": is a symbolic link: refused, name the directory itself");
    }
    if (error == ENOTDIR) return Fail(Code::kInvalidArgument, path + ": is not a directory");
    return Fail(ErrorFromErrno(error, "open " + path));
  }
  if (options.must_be_private) HEARTH_TRY(CheckPrivate(fd.get(), path));
  return std::make_unique<PosixFileSystem>(std::move(fd), path, options.must_be_private);
}

}  // namespace hearth::io
