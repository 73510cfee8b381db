// SimDisk: a disk in memory behind io::FileSystem, which loses, tears, fills up and fails on purpose.
//
// The disk outlives its processes. Mount() is one process opening it; Crash() ends every mount: calls on
// old file systems and files fail from then on, what survived is decided at that instant, and the next
// Mount() sees it. Kill keeps everything (the page cache is the kernel's); power loss keeps what was
// synced and, of the rest, what the seed says (sim_contents.h, sim_tree.h).
//
// Space: `capacity` bytes in units of 4 KiB, directories included. An unlinked file that is open counts
// until it is closed. A write that does not fit is done by part, then kNoSpace.
// Any thread may call; the order of random decisions is that of the calls, so determinism needs SimWorld.
// Mounts and files keep the disk's memory alive themselves.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/executor.h"
#include "io/file_system.h"

namespace hearth::sim {

enum class CrashKind : std::uint8_t { kKill, kPowerLoss };

enum class DiskCall : std::uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kTruncate,
  kInfo,
  kStat,
  kMakeDirectory,
  kList,
  kRename,
  kUnlink,
  kSyncDirectory,
  kLock,
  kGetSpace,
};
inline constexpr std::size_t kDiskCalls = 14;
std::string_view DiskCallName(DiskCall call);

struct SimDiskOptions {
  std::uint64_t capacity = 1_GiB;
};

struct DiskCounters {
  std::array<std::uint64_t, kDiskCalls> calls{};
  std::array<std::uint64_t, kDiskCalls> failed{};  // by injection
  std::uint64_t no_space = 0;
  std::uint64_t probes = 0;          // IsResident and TryReadNow
  std::uint64_t probes_refused = 0;  // answered false although the bytes are there
  std::uint64_t kills = 0;
  std::uint64_t power_losses = 0;

  std::uint64_t of(DiskCall call) const { return calls[static_cast<std::size_t>(call)]; }
};

class SimDisk {
 public:
  SimDisk(const Clock& clock, std::uint64_t seed, SimDiskOptions options = {});

  // Another process opens the disk (several may at once; Lock tells them apart). Ends crashed().
  std::unique_ptr<io::FileSystem> Mount();

  void Crash(CrashKind kind);
  // The `calls`-th call from now (1: the next) is the last: it is done not at all, by part, or wholly, and
  // the crash comes with it. 0 takes it back.
  void CrashAfter(std::uint64_t calls, CrashKind kind);
  // Since the last Mount.
  bool crashed() const;

  // Probability that a call fails with EIO (kUnavailable). A failed write may be done by part, a failed
  // Sync never becomes durable.
  void SetErrorRate(DiskCall call, double probability);
  void SetErrorRateOfAll(double probability);
  // Probability that IsResident and TryReadNow find the bytes in memory. 1 by default.
  void SetResidency(double probability);
  void SetCapacity(std::uint64_t bytes);

  // Damage at rest, as by a bad disk or a stranger. kNotFound if there is no such file.
  Status FlipBit(std::string_view path, std::uint64_t offset, unsigned bit = 0);
  Status CutAtRest(std::string_view path, std::uint64_t size);
  Status RemoveAtRest(std::string_view path);

  struct FileFacts {
    std::uint64_t size = 0;
    std::uint64_t allocated = 0;
  };
  // Every file (no directories) by path.
  std::map<std::string, FileFacts> Files() const;
  // Bytes in use, as GetSpace counts them.
  std::uint64_t used() const;
  DiskCounters counters() const;

 private:
  friend class SimFile;
  friend class SimFileSystem;
  struct Device;
  std::shared_ptr<Device> device_;
};

}  // namespace hearth::sim
