// SimDisk::Device: what SimDisk, its mounts and its files share. Part of sim_file_system.cc and sim_disk.cc.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/thread_annotations.h"
#include "support/sim_file_system.h"
#include "support/sim_tree.h"

namespace hearth::sim {

// One process's view of the disk. Dead after a crash.
struct SimMount {
  bool dead = false;
};

// How far a call goes.
enum class Extent : std::uint8_t {
  kWhole,
  kFailed,       // an error comes in the middle of it
  kInterrupted,  // the crash does
};

struct DiskState {
  DiskState(std::uint64_t seed, std::uint64_t bytes) : capacity(bytes), random(seed) {}

  SimTree tree;
  std::uint64_t capacity;
  std::uint64_t used = kPageSize;  // the root
  // Freed now, but still referred to by the platter: usable once the journal has committed.
  std::uint64_t freed_uncommitted = 0;
  std::vector<std::shared_ptr<SimMount>> mounts;
  std::map<std::string, std::shared_ptr<SimMount>> locks;

  Random random;
  std::array<double, kDiskCalls> error_rate{};
  double residency = 1.0;
  std::uint64_t calls_to_crash = 0;  // 0: no crash is planned
  CrashKind crash_kind = CrashKind::kKill;
  bool crashed = false;
  DiskCounters counters;

  void Crash(CrashKind kind);
  // Takes `bytes`, committing the journal if that makes room.
  bool Allocate(std::uint64_t bytes);
  // Gives a node's space back once it has no name and no open file.
  void FreeIfGone(const SimNode& node);
  // The kernel's own pace of writing back.
  void WriteBackSometimes(SimContents* contents);
};

struct SimDisk::Device {
  Device(const Clock& disk_clock, std::uint64_t seed, std::uint64_t capacity)
      : clock(disk_clock), state(seed, capacity) {}

  const Clock& clock;
  mutable Mutex mutex;
  DiskState state GUARDED_BY(mutex);

  std::int64_t NowNs() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(clock.Wall().time_since_epoch()).count();
  }

  // Runs `body(state, extent)` as one call of `mount`, unless it fails or crashes on purpose. Only writes
  // and syncs are done by part; any other call that fails is not done at all.
  template <typename Body>
  auto Perform(DiskCall call, const SimMount& mount, Body body) -> std::invoke_result_t<Body&, DiskState&, Extent>;
};

inline std::unexpected<Error> MachineIsDown() { return Fail(Code::kUnavailable, "the simulated machine is down"); }

template <typename Body>
auto SimDisk::Device::Perform(DiskCall call, const SimMount& mount, Body body)
    -> std::invoke_result_t<Body&, DiskState&, Extent> {
  // An opened file that nobody gets closes itself, which takes the lock: after this one.
  std::optional<std::invoke_result_t<Body&, DiskState&, Extent>> unseen;
  const MutexLock lock(mutex);
  if (mount.dead) return MachineIsDown();
  const auto index = static_cast<std::size_t>(call);
  const bool by_part = call == DiskCall::kWrite || call == DiskCall::kSync;
  ++state.counters.calls[index];
  const bool is_last = state.calls_to_crash == 1;
  if (state.calls_to_crash > 0) --state.calls_to_crash;
  if (is_last) {
    const std::uint64_t how_far = state.random.Below(3);
    if (how_far == 1 && by_part) unseen.emplace(body(state, Extent::kInterrupted));
    if (how_far == 2) unseen.emplace(body(state, Extent::kWhole));
    state.Crash(state.crash_kind);
    return MachineIsDown();
  }
  if (const double rate = state.error_rate[index]; rate > 0 && state.random.Fraction() < rate) {
    ++state.counters.failed[index];
    if (by_part) unseen.emplace(body(state, Extent::kFailed));
    return Fail(Code::kUnavailable, "simulated input/output error in " + std::string(DiskCallName(call)));
  }
  return body(state, Extent::kWhole);
}

}  // namespace hearth::sim
