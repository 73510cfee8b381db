// What a process does with a SimDisk: the io::FileSystem and io::File of one mount.
#include "support/sim_file_system.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "support/sim_device.h"

namespace hearth::sim {
namespace {

constexpr std::uint64_t kDeviceNumber = 77;

io::FileInfo InfoOf(const SimNode& node) {
  io::FileInfo info;
  info.size = node.is_directory ? kPageSize : node.contents.current().size();
  info.allocated = node.allocated();
  info.device = kDeviceNumber;
  info.inode = node.number;
  info.modified_ns = node.modified_ns;
  info.changed_ns = node.changed_ns;
  info.mode = node.is_directory ? 0700 : 0600;
  info.owner = geteuid();
  info.is_directory = node.is_directory;
  info.is_regular = !node.is_directory;
  return info;
}

void Touch(SimNode& node, std::int64_t now_ns) { node.modified_ns = node.changed_ns = now_ns; }

}  // namespace

class SimFile final : public io::File {
 public:
  SimFile(std::shared_ptr<SimDisk::Device> device, std::shared_ptr<SimMount> mount, NodePtr node, bool writable)
      : device_(std::move(device)), mount_(std::move(mount)), node_(std::move(node)), writable_(writable) {}
  ~SimFile() override;

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> to) const override;
  Status WriteAt(std::uint64_t offset, std::span<const std::byte> from) override;
  Status Sync() override;
  Status Truncate(std::uint64_t size) override;
  Result<io::FileInfo> Info() const override;
  bool IsResident(ByteRange range) const override;
  bool TryReadNow(std::uint64_t offset, std::span<std::byte> to) const override;

 private:
  Status WriteLocked(DiskState& state, std::uint64_t offset, std::span<const std::byte> from);
  static bool Resident(DiskState& state);

  const std::shared_ptr<SimDisk::Device> device_;
  const std::shared_ptr<SimMount> mount_;
  const NodePtr node_;
  const bool writable_;
};

SimFile::~SimFile() {
  const MutexLock lock(device_->mutex);
  if (mount_->dead) return;  // the crash has closed it
  --node_->opens;
  device_->state.FreeIfGone(*node_);
}

Result<std::size_t> SimFile::ReadAt(std::uint64_t offset, std::span<std::byte> to) const {
  return device_->Perform(DiskCall::kRead, *mount_, [&](DiskState&, Extent) -> Result<std::size_t> {
    return node_->contents.current().Read(offset, to);
  });
}

// As much as there is room for; then ENOSPC.
Status SimFile::WriteLocked(DiskState& state, std::uint64_t offset, std::span<const std::byte> from) {
  while (!from.empty()) {
    const std::uint64_t n = std::min<std::uint64_t>(kPageSize - offset % kPageSize, from.size());
    if (!state.Allocate(node_->contents.current().MissingIn(offset, n))) {
      return Fail(ErrorFromErrno(ENOSPC, "simulated write"));
    }
    node_->contents.Write(offset, from.first(n));
    offset += n;
    from = from.subspan(n);
  }
  return {};
}

Status SimFile::WriteAt(std::uint64_t offset, std::span<const std::byte> from) {
  return device_->Perform(DiskCall::kWrite, *mount_, [&](DiskState& state, Extent extent) -> Status {
    if (!writable_) return Fail(ErrorFromErrno(EBADF, "simulated write"));
    if (extent != Extent::kWhole) from = from.first(state.random.Below(from.size() + 1));
    Touch(*node_, device_->NowNs());
    Status written = WriteLocked(state, offset, from);
    state.WriteBackSometimes(&node_->contents);
    return written;
  });
}

Status SimFile::Sync() {
  return device_->Perform(DiskCall::kSync, *mount_, [&](DiskState& state, Extent extent) -> Status {
    switch (extent) {
      case Extent::kWhole: node_->contents.Sync(); break;
      case Extent::kFailed: node_->contents.SyncFailed(state.random); break;
      case Extent::kInterrupted: node_->contents.WriteBack(); break;
    }
    return {};
  });
}

Status SimFile::Truncate(std::uint64_t size) {
  return device_->Perform(DiskCall::kTruncate, *mount_, [&](DiskState& state, Extent) -> Status {
    if (!writable_) return Fail(ErrorFromErrno(EBADF, "simulated truncate"));
    const std::uint64_t before = node_->allocated();
    node_->contents.Truncate(size);
    state.used -= before - node_->allocated();
    Touch(*node_, device_->NowNs());
    return {};
  });
}

Result<io::FileInfo> SimFile::Info() const {
  return device_->Perform(DiskCall::kInfo, *mount_,
                          [&](DiskState&, Extent) -> Result<io::FileInfo> { return InfoOf(*node_); });
}

bool SimFile::Resident(DiskState& state) {
  ++state.counters.probes;
  if (state.random.Fraction() < state.residency) return true;
  ++state.counters.probes_refused;
  return false;
}

bool SimFile::IsResident(ByteRange range) const {
  const MutexLock lock(device_->mutex);
  if (mount_->dead || range.end > node_->contents.current().size()) return false;
  return Resident(device_->state);
}

bool SimFile::TryReadNow(std::uint64_t offset, std::span<std::byte> to) const {
  const MutexLock lock(device_->mutex);
  const SparseBytes& bytes = node_->contents.current();
  if (mount_->dead || offset > bytes.size() || to.size() > bytes.size() - offset) return false;
  return Resident(device_->state) && bytes.Read(offset, to) == to.size();
}

class SimFileSystem final : public io::FileSystem {
 public:
  SimFileSystem(std::shared_ptr<SimDisk::Device> device, std::shared_ptr<SimMount> mount)
      : device_(std::move(device)), mount_(std::move(mount)) {}
  ~SimFileSystem() override;

  Result<std::shared_ptr<io::File>> Open(std::string_view path, io::OpenOptions options) override;
  Result<io::FileInfo> Stat(std::string_view path) override;
  Status MakeDirectory(std::string_view path) override;
  Result<std::vector<std::string>> List(std::string_view directory) override;
  Status VisitDirectory(std::string_view directory, const Visitor& visit) override;
  Status Rename(std::string_view from, std::string_view to) override;
  Status Unlink(std::string_view path) override;
  Status SyncDirectory(std::string_view directory) override;
  Status Lock(std::string_view path) override;
  Result<Space> GetSpace() override;

 private:
  Result<NodePtr> OpenNode(DiskState& state, std::string_view path, io::OpenOptions options);

  const std::shared_ptr<SimDisk::Device> device_;
  const std::shared_ptr<SimMount> mount_;
};

std::unique_ptr<io::FileSystem> SimDisk::Mount() {
  auto mount = std::make_shared<SimMount>();
  const MutexLock lock(device_->mutex);
  device_->state.crashed = false;
  device_->state.mounts.push_back(mount);
  return std::make_unique<SimFileSystem>(device_, std::move(mount));
}

SimFileSystem::~SimFileSystem() {
  const MutexLock lock(device_->mutex);
  std::erase_if(device_->state.locks, [&](const auto& entry) { return entry.second == mount_; });
}

Result<NodePtr> SimFileSystem::OpenNode(DiskState& state, std::string_view path, io::OpenOptions options) {
  const auto place = state.tree.FindPlace(path);
  if (!place) return Fail(place.error());
  NodePtr node = place->node;
  const bool create = options.create && options.write;
  if (node && create && options.exclusive) {
    return Fail(Code::kInvalidArgument, "there is a file already: " + std::string(path));
  }
  if (node && node->is_directory) return Fail(Code::kInvalidArgument, "a directory: " + std::string(path));
  if (!node) {
    if (!create) return Fail(ErrorFromErrno(ENOENT, path));
    node = state.tree.Make(*place, false);
    Touch(*node, device_->NowNs());
  }
  if (options.truncate && options.write && node->contents.current().size() > 0) {
    state.used -= node->allocated();
    node->contents.Truncate(0);
    Touch(*node, device_->NowNs());
  }
  state.WriteBackSometimes(nullptr);
  return node;
}

Result<std::shared_ptr<io::File>> SimFileSystem::Open(std::string_view path, io::OpenOptions options) {
  using Opened = Result<std::shared_ptr<io::File>>;
  return device_->Perform(DiskCall::kOpen, *mount_, [&](DiskState& state, Extent) -> Opened {
    auto node = OpenNode(state, path, options);
    if (!node) return Fail(node.error());
    ++(*node)->opens;
    return std::make_shared<SimFile>(device_, mount_, *node, options.write);
  });
}

Result<io::FileInfo> SimFileSystem::Stat(std::string_view path) {
  return device_->Perform(DiskCall::kStat, *mount_, [&](DiskState& state, Extent) -> Result<io::FileInfo> {
    const auto node = state.tree.Find(path);
    if (!node) return Fail(node.error());
    return InfoOf(**node);
  });
}

Status SimFileSystem::MakeDirectory(std::string_view path) {
  return device_->Perform(DiskCall::kMakeDirectory, *mount_, [&](DiskState& state, Extent) -> Status {
    const auto place = state.tree.FindPlace(path);
    if (!place) return Fail(place.error());
    if (place->node && place->node->is_directory) return {};
    if (place->node) return Fail(Code::kInvalidArgument, "there is a file of that name: " + std::string(path));
    if (!state.Allocate(kPageSize)) return Fail(ErrorFromErrno(ENOSPC, path));
    Touch(*state.tree.Make(*place, true), device_->NowNs());
    return {};
  });
}

Result<std::vector<std::string>> SimFileSystem::List(std::string_view directory) {
  using Names = Result<std::vector<std::string>>;
  return device_->Perform(DiskCall::kList, *mount_, [&](DiskState& state, Extent) -> Names {
    const auto node = state.tree.Find(directory);
    if (!node) return Fail(node.error());
    if (!(*node)->is_directory) return Fail(ErrorFromErrno(ENOTDIR, directory));
    std::vector<std::string> names;
    for (const auto& entry : (*node)->entries) names.push_back(entry.first);
    // The order of a directory means nothing; nobody shall rely on it.
    for (std::size_t i = names.size(); i > 1; --i) std::swap(names[i - 1], names[state.random.Below(i)]);
    return names;
  });
}

Status SimFileSystem::VisitDirectory(std::string_view directory, const Visitor& visit) {
  const auto names = List(directory);
  if (!names) return Fail(names.error());
  const std::string above = directory.empty() ? std::string() : std::string(directory) + "/";
  for (const std::string& name : *names) {
    const auto info = Stat(above + name);
    if (!info) return Fail(info.error());
    const bool is_directory = info->is_directory;
    if (!visit({name, is_directory ? io::DirectoryEntry::Kind::kDirectory : io::DirectoryEntry::Kind::kFile})) break;
  }
  return {};
}

Status SimFileSystem::Rename(std::string_view from, std::string_view to) {
  return device_->Perform(DiskCall::kRename, *mount_, [&](DiskState& state, Extent) -> Status {
    const auto source = state.tree.FindPlace(from);
    if (!source) return Fail(source.error());
    const auto target = state.tree.FindPlace(to);
    if (!target) return Fail(target.error());
    if (!source->node) return Fail(ErrorFromErrno(ENOENT, from));
    if (source->node->is_directory && to.starts_with(std::string(from) + "/")) return Fail(ErrorFromErrno(EINVAL, to));
    if (target->node && target->node != source->node && (target->node->is_directory || source->node->is_directory)) {
      return Fail(ErrorFromErrno(target->node->is_directory ? EISDIR : ENOTDIR, to));
    }
    const NodePtr replaced = state.tree.Rename(*source, *target);
    if (replaced) state.FreeIfGone(*replaced);
    source->node->changed_ns = device_->NowNs();
    state.WriteBackSometimes(nullptr);
    return {};
  });
}

Status SimFileSystem::Unlink(std::string_view path) {
  return device_->Perform(DiskCall::kUnlink, *mount_, [&](DiskState& state, Extent) -> Status {
    const auto place = state.tree.FindPlace(path);
    if (!place) return Fail(place.error());
    if (!place->node) return Fail(ErrorFromErrno(ENOENT, path));
    if (place->node->is_directory) return Fail(ErrorFromErrno(EISDIR, path));
    const NodePtr node = state.tree.Unlink(*place);
    node->changed_ns = device_->NowNs();
    state.FreeIfGone(*node);
    state.WriteBackSometimes(nullptr);
    return {};
  });
}

Status SimFileSystem::SyncDirectory(std::string_view directory) {
  return device_->Perform(DiskCall::kSyncDirectory, *mount_, [&](DiskState& state, Extent) -> Status {
    const auto node = state.tree.Find(directory);
    if (!node) return Fail(node.error());
    if (!(*node)->is_directory) return Fail(ErrorFromErrno(ENOTDIR, directory));
    state.tree.SyncDirectory(*node);
    return {};
  });
}

Status SimFileSystem::Lock(std::string_view path) {
  return device_->Perform(DiskCall::kLock, *mount_, [&](DiskState& state, Extent) -> Status {
    const auto node = OpenNode(state, path, {.write = true, .create = true});
    if (!node) return Fail(node.error());
    const auto [held, taken] = state.locks.emplace(std::string(path), mount_);
    if (!taken) return Fail(Code::kUnavailable, "somebody holds " + held->first);
    return {};
  });
}

Result<io::FileSystem::Space> SimFileSystem::GetSpace() {
  return device_->Perform(DiskCall::kGetSpace, *mount_, [&](DiskState& state, Extent) -> Result<Space> {
    return Space{state.capacity, state.capacity - std::min(state.capacity, state.used)};
  });
}

}  // namespace hearth::sim
