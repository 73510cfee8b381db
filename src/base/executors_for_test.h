// Executors for base's own tests: no thread of their own, and a clock that only the test moves.
//
// Above base, tests use the simulation (tests/support); base comes before it and cannot.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/executor.h"
#include "base/task.h"

namespace hearth {

class ManualClock final : public Clock {
 public:
  TimePoint Now() const override { return now; }
  WallTime Wall() const override {
    return WallTime(std::chrono::duration_cast<WallTime::duration>(now.time_since_epoch()));
  }
  TimePoint now{std::chrono::hours(1)};
};

// Jobs wait until the test runs them, on whatever thread calls Run...; other threads may post meanwhile.
// Timers fire in Advance only.
class QueueExecutor final : public Executor {
 public:
  void Post(Job job) override {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    posted_.notify_one();
  }
  TimerId PostAfter(Duration delay, Job job) override {
    const std::lock_guard lock(mutex_);
    const TimerId id = next_timer_++;
    timers_.emplace(id, Timer{clock_.now + delay, std::move(job)});
    return id;
  }
  void Cancel(TimerId timer) override {
    const std::lock_guard lock(mutex_);
    timers_.erase(timer);
  }
  const Clock& clock() const override { return clock_; }

  std::size_t timers() const {
    const std::lock_guard lock(mutex_);
    return timers_.size();
  }

  // Number of jobs run.
  std::size_t RunUntilIdle() {
    std::size_t count = 0;
    while (std::optional<Job> job = Take()) {
      RunJob(*std::move(job));
      ++count;
    }
    return count;
  }
  // Runs jobs, and waits for other threads to post more, until `done` becomes true in one of them.
  template <typename Done>
  void RunUntil(Done done) {
    while (!done()) {
      std::unique_lock lock(mutex_);
      posted_.wait(lock, [this] { return !jobs_.empty(); });
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      RunJob(std::move(job));
    }
  }
  // Moves the clock, then runs what is due, in order of time, and what follows from it.
  void Advance(Duration duration) {
    {
      const std::lock_guard lock(mutex_);
      clock_.now += duration;
      std::multimap<TimePoint, Job> due;
      for (auto timer = timers_.begin(); timer != timers_.end();) {
        if (timer->second.due > clock_.now) {
          ++timer;
          continue;
        }
        due.emplace(timer->second.due, std::move(timer->second.job));
        timer = timers_.erase(timer);
      }
      for (auto& [time, job] : due) jobs_.push_back(std::move(job));
    }
    RunUntilIdle();
  }
  // Starts `task` as a job and runs until it has ended, or nothing is left to run: then nullopt.
  template <typename T>
  std::optional<T> Run(Task<T> task) {
    std::optional<T> result;
    Post([wrapped = Keep(std::move(task), result)]() mutable { StartDetached(std::move(wrapped)); });
    RunUntilIdle();
    return result;
  }
  void Start(Task<void> task) {
    Post([task = std::move(task)]() mutable { StartDetached(std::move(task)); });
  }

 private:
  struct Timer {
    TimePoint due;
    Job job;
  };

  template <typename T>
  static Task<void> Keep(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
  }
  std::optional<Job> Take() {
    const std::lock_guard lock(mutex_);
    if (jobs_.empty()) return std::nullopt;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    return job;
  }
  void RunJob(Job job) {
    const Scope scope(this);
    job();
  }

  mutable std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<Job> jobs_;
  std::map<TimerId, Timer> timers_;
  TimerId next_timer_ = 1;
  ManualClock clock_;
};

// A QueueExecutor with a thread that runs it until the end of the object's life.
class ThreadExecutor {
 public:
  ThreadExecutor() : thread_([this] { queue_.RunUntil([this] { return stopped_; }); }) {}
  ~ThreadExecutor() {
    queue_.Post([this] { stopped_ = true; });
    thread_.join();
  }
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  QueueExecutor& executor() { return queue_; }

 private:
  QueueExecutor queue_;
  bool stopped_ = false;  // by a job: on the thread only
  std::thread thread_;
};

}  // namespace hearth
