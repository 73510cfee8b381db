// SimWorld: one thread, one queue, one virtual clock, run from a seed.
//
// The world owns everything that waits. Its executors are faces on one queue: an event loop, a fetch loop
// and a disk pool of the code under test are different Executor objects, and one thread runs all of them,
// in an order that the seed decides. Time stands still while a job is ready; then it jumps to the next
// timer. Equal seeds give equal runs (Trace() is a fingerprint of the order).
//
// One thread only: the one that made the world. A world whose code goes round in circles, or whose task
// never ends, prints the seed and aborts (`HEARTH_SEED=N` in the environment replays it, seeds.h).
//
// A crash, and what the harness must do. A suspended coroutine is a raw handle inside a queued job, a timer
// or a Signal: dropping the job does not destroy the frame. So nothing is torn out. At a crash:
//   1. SimDisk::Crash (or its countdown) freezes what survives; every later call of the old process fails;
//      FakeOrigin::HangUp ends every call that waits, and refuses until Restart;
//   2. what the old process answers from now on is ignored: its clients have lost the connection;
//   3. cancel its requests, Close and Join its scopes with RunUntil, as in an orderly stop: since every call
//      fails at once, it ends by itself and can change nothing that survived;
//   4. destroy it, then DropAll() forgets the timers that are left (they hold no coroutine by then);
//   5. SimDisk::Mount and FakeOrigin::Restart: the next process starts.
// A coroutine that is stuck in step 3 is a hang of the product and fails there; LeakSanitizer finds the rest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/executor.h"
#include "base/random.h"
#include "base/task.h"

namespace hearth::sim {

class SimWorld;

namespace sim_internal {
template <typename T>
Task<void> Keep(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}
inline Task<void> Mark(Task<void> task, bool& done) {
  co_await std::move(task);
  done = true;
}
}  // namespace sim_internal

struct SimExecutorOptions {
  // Every job waits a random virtual time up to this before it is ready: a slow disk, a busy loop.
  Duration delay_max{};
};

// A face of the world's queue. Owned by the world.
class SimExecutor final : public Executor {
 public:
  void Post(Job job) override;
  TimerId PostAfter(Duration delay, Job job) override;
  void Cancel(TimerId timer) override;
  const Clock& clock() const override;

  const std::string& name() const { return name_; }
  // Jobs run so far.
  std::uint64_t jobs() const { return jobs_; }

 private:
  friend class SimWorld;
  SimExecutor(SimWorld& world, std::string name, std::uint64_t number, SimExecutorOptions options)
      : world_(world), name_(std::move(name)), number_(number), options_(options) {}
  void RunJob(Job job);

  SimWorld& world_;
  const std::string name_;
  const std::uint64_t number_;
  const SimExecutorOptions options_;
  std::uint64_t jobs_ = 0;
};

struct SimWorldOptions {
  // One call of a Run function may run so many jobs; more is a livelock.
  std::uint64_t steps_max = 20'000'000;
  // With n > 0 one step in n lets the next timer fire although jobs are ready: a machine under load, on
  // which deadlines pass while work waits. 0: never.
  std::uint64_t late_one_in = 0;
};

class SimWorld {
 public:
  explicit SimWorld(std::uint64_t seed, SimWorldOptions options = {});
  ~SimWorld();
  SimWorld(const SimWorld&) = delete;
  SimWorld& operator=(const SimWorld&) = delete;

  std::uint64_t seed() const { return seed_; }
  const Clock& clock() const { return clock_; }
  // A stream of random numbers of its own: use one per component, so that one more draw in one place does
  // not change every other.
  Random Fork() { return Random(forks_.Next()); }

  // Lives as long as the world.
  SimExecutor& MakeExecutor(std::string name, SimExecutorOptions options = {});
  // Where Run starts its tasks.
  SimExecutor& main() { return *executors_.front(); }

  // Until no job and no timer is left. Not for services with periodic timers: those never fall idle.
  void RunUntilIdle();
  // Until `done` or, false, until there is nothing left to run before now + `bound` (the time is then there).
  bool RunUntil(const std::function<bool()>& done, Duration bound);
  void RunFor(Duration duration);
  // Runs `task` on an executor, and everything else with it, until it has ended; its result. A task that
  // does not end within `bound` of virtual time is a failure.
  template <typename T>
  T RunAt(SimExecutor& where, Task<T> task, Duration bound = std::chrono::hours(24));
  template <typename T>
  T Run(Task<T> task) {
    return RunAt(main(), std::move(task));
  }
  // One job; false if there is none and no timer.
  bool Step();

  // Forgets every job and timer, and says how many. See "A crash" above: not while coroutines wait.
  std::size_t DropAll();
  bool idle() const { return ready_.empty() && timers_.empty(); }

  std::uint64_t steps() const { return steps_; }
  std::uint64_t Trace() const { return trace_; }

  // Moves the calendar (not the monotonic clock): NTP, an operator.
  void MoveWallClock(std::chrono::microseconds by) { clock_.wall_offset += by; }

  // Prints `what`, the seed and the state of the queue, and aborts.
  [[noreturn]] void Fail(std::string_view what) const;

 private:
  friend class SimExecutor;

  struct VirtualClock final : Clock {
    TimePoint Now() const override { return now; }
    WallTime Wall() const override;
    TimePoint now{std::chrono::hours(1)};
    std::chrono::microseconds wall_offset{};
  };
  struct Entry {
    SimExecutor* executor;
    Executor::TimerId id;
    Job job;
  };
  using TimerKey = std::pair<TimePoint, Executor::TimerId>;

  Executor::TimerId Add(SimExecutor& executor, Duration delay, Job job);
  void Remove(Executor::TimerId id);
  void FireTimers();  // time jumps to the next timer; those that are due become ready
  void RunReady();
  void CheckThread() const;

  const std::uint64_t seed_;
  const SimWorldOptions options_;
  const std::thread::id thread_;
  VirtualClock clock_;
  Random order_;
  Random forks_;
  std::vector<std::unique_ptr<SimExecutor>> executors_;
  std::vector<Entry> ready_;
  std::map<TimerKey, Entry> timers_;
  std::map<Executor::TimerId, TimePoint> due_;  // of timers_
  Executor::TimerId next_id_ = 1;
  std::uint64_t steps_ = 0;
  std::uint64_t trace_ = 0;
};

template <typename T>
T SimWorld::RunAt(SimExecutor& where, Task<T> task, Duration bound) {
  if constexpr (std::is_void_v<T>) {
    bool done = false;
    where.Post([wrapped = sim_internal::Mark(std::move(task), done)]() mutable { StartDetached(std::move(wrapped)); });
    if (!RunUntil([&] { return done; }, bound)) Fail("a task did not end");
  } else {
    std::optional<T> value;
    RunAt(where, sim_internal::Keep(std::move(task), value), bound);
    return std::move(*value);
  }
}

}  // namespace hearth::sim
