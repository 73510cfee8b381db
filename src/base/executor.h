// Executor: a place where jobs run, with timers. Clock: what time it is there.
//
// An event loop (io), a pool of disk threads (io) and the simulation's queue (tests/support) are
// executors. Code that waits never blocks: it posts, or co_awaits (base/task.h), and names the
// executor on which it goes on. Any thread may call Post, PostAfter and Cancel.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace hearth {

using Job = std::move_only_function<void()>;
using Duration = std::chrono::nanoseconds;
// Monotonic; the origin is arbitrary. Deadlines and ages are made of these.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// Calendar time (UTC). For dates in headers, logs and on disk only.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint Now() const = 0;
  virtual WallTime Wall() const = 0;
};

// The machine's clocks.
const Clock& SystemClock();

class Executor {
 public:
  // 0 is no timer.
  using TimerId = std::uint64_t;

  virtual ~Executor() = default;

  // Runs `job` later, never inside the call. After Stop of the implementation jobs are dropped
  // unrun (their destructors run), so a job must not be the only thing that wakes a caller.
  virtual void Post(Job job) = 0;

  // Runs `job` once after `delay` (at least). Cancel is best effort from other threads: the job may
  // already be running; on the executor's own thread a cancelled job never runs.
  virtual TimerId PostAfter(Duration delay, Job job) = 0;
  virtual void Cancel(TimerId timer) = 0;

  virtual const Clock& clock() const = 0;

  // The executor whose job the calling thread runs just now, or null outside of one.
  static Executor* Current();

 protected:
  // Implementations hold one of these while they run jobs.
  class Scope {
   public:
    explicit Scope(Executor* executor);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Executor* previous_;
  };
};

}  // namespace hearth
