// SimDisk itself: crashes, faults and damage. The calls that a process makes are in sim_file_system.cc.
#include <algorithm>
#include <cerrno>

#include "base/check.h"
#include "support/sim_device.h"

namespace hearth::sim {

std::string_view DiskCallName(DiskCall call) {
  static constexpr std::array<std::string_view, kDiskCalls> kNames = {
      "open",           "read", "write",  "sync",   "truncate",       "info", "stat",
      "make_directory", "list", "rename", "unlink", "sync_directory", "lock", "get_space"};
  return kNames[static_cast<std::size_t>(call)];
}

void DiskState::Crash(CrashKind kind) {
  for (const auto& mount : mounts) mount->dead = true;
  mounts.clear();
  locks.clear();
  if (kind == CrashKind::kPowerLoss) tree.LosePower(random);
  tree.CloseAll();
  ++(kind == CrashKind::kKill ? counters.kills : counters.power_losses);
  used = tree.allocated();
  if (kind == CrashKind::kPowerLoss) freed_uncommitted = 0;
  calls_to_crash = 0;
  crashed = true;
}

bool DiskState::Allocate(std::uint64_t bytes) {
  if (used + freed_uncommitted + bytes > capacity && freed_uncommitted > 0) {
    tree.CommitAll();
    freed_uncommitted = 0;
  }
  if (used + bytes > capacity) {
    ++counters.no_space;
    return false;
  }
  used += bytes;
  return true;
}

void DiskState::FreeIfGone(const SimNode& node) {
  if (node.links > 0 || node.opens > 0) return;
  used -= node.allocated();
  freed_uncommitted += node.allocated();
}

void DiskState::WriteBackSometimes(SimContents* contents) {
  if (contents != nullptr && (contents->unsynced_bytes() > 4_MiB || random.OneIn(32))) contents->WriteBack();
  if (tree.unsynced() > 256 || random.OneIn(64)) tree.CommitSome();
}

SimDisk::SimDisk(const Clock& clock, std::uint64_t seed, SimDiskOptions options)
    : device_(std::make_shared<Device>(clock, seed, options.capacity)) {}

void SimDisk::Crash(CrashKind kind) {
  const MutexLock lock(device_->mutex);
  device_->state.Crash(kind);
}

void SimDisk::CrashAfter(std::uint64_t calls, CrashKind kind) {
  const MutexLock lock(device_->mutex);
  device_->state.calls_to_crash = calls;
  device_->state.crash_kind = kind;
}

bool SimDisk::crashed() const {
  const MutexLock lock(device_->mutex);
  return device_->state.crashed;
}

void SimDisk::SetErrorRate(DiskCall call, double probability) {
  const MutexLock lock(device_->mutex);
  device_->state.error_rate[static_cast<std::size_t>(call)] = probability;
}

void SimDisk::SetErrorRateOfAll(double probability) {
  const MutexLock lock(device_->mutex);
  device_->state.error_rate.fill(probability);
}

void SimDisk::SetResidency(double probability) {
  const MutexLock lock(device_->mutex);
  device_->state.residency = probability;
}

void SimDisk::SetCapacity(std::uint64_t bytes) {
  const MutexLock lock(device_->mutex);
  device_->state.capacity = bytes;
}

namespace {

Result<NodePtr> FindFile(const SimTree& tree, std::string_view path) {
  auto node = tree.Find(path);
  if (node && (*node)->is_directory) return Fail(ErrorFromErrno(EISDIR, path));
  return node;
}

}  // namespace

Status SimDisk::FlipBit(std::string_view path, std::uint64_t offset, unsigned bit) {
  const MutexLock lock(device_->mutex);
  const auto node = FindFile(device_->state.tree, path);
  if (!node) return Fail(node.error());
  const std::uint64_t before = (*node)->allocated();
  (*node)->contents.FlipBit(offset, bit);
  device_->state.used += (*node)->allocated() - before;  // a flipped hole becomes a page
  return {};
}

Status SimDisk::CutAtRest(std::string_view path, std::uint64_t size) {
  const MutexLock lock(device_->mutex);
  const auto node = FindFile(device_->state.tree, path);
  if (!node) return Fail(node.error());
  const std::uint64_t before = (*node)->allocated();
  (*node)->contents.Cut(size);
  device_->state.used -= before - (*node)->allocated();
  return {};
}

Status SimDisk::RemoveAtRest(std::string_view path) {
  const MutexLock lock(device_->mutex);
  const auto place = device_->state.tree.FindPlace(path);
  if (!place) return Fail(place.error());
  if (!place->node) return Fail(ErrorFromErrno(ENOENT, path));
  HEARTH_CHECK(!place->node->is_directory);
  const NodePtr node = device_->state.tree.Unlink(*place);
  device_->state.tree.SyncDirectory(place->directory);
  device_->state.FreeIfGone(*node);
  return {};
}

std::map<std::string, SimDisk::FileFacts> SimDisk::Files() const {
  const MutexLock lock(device_->mutex);
  std::map<std::string, FileFacts> files;
  for (const auto& [path, node] : device_->state.tree.All()) {
    if (!node->is_directory) files[path] = {node->contents.current().size(), node->allocated()};
  }
  return files;
}

std::uint64_t SimDisk::used() const {
  const MutexLock lock(device_->mutex);
  return device_->state.used;
}

DiskCounters SimDisk::counters() const {
  const MutexLock lock(device_->mutex);
  return device_->state.counters;
}

}  // namespace hearth::sim
