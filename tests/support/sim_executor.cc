#include "support/sim_executor.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"

namespace hearth::sim {
namespace {

// 2026-01-01T00:00:00Z: dates of a simulation do not depend on the day it runs.
constexpr std::chrono::microseconds kWallStart = std::chrono::seconds(1'767'225'600);

std::uint64_t Mix(std::uint64_t hash, std::uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

}  // namespace

void SimExecutor::Post(Job job) { world_.Add(*this, Duration::zero(), std::move(job)); }
Executor::TimerId SimExecutor::PostAfter(Duration delay, Job job) { return world_.Add(*this, delay, std::move(job)); }
void SimExecutor::Cancel(TimerId timer) { world_.Remove(timer); }
const Clock& SimExecutor::clock() const { return world_.clock(); }

void SimExecutor::RunJob(Job job) {
  const Scope scope(this);
  ++jobs_;
  job();
}

WallTime SimWorld::VirtualClock::Wall() const {
  const auto since_start = now.time_since_epoch() - std::chrono::hours(1);
  return WallTime(kWallStart + wall_offset + std::chrono::duration_cast<std::chrono::microseconds>(since_start));
}

SimWorld::SimWorld(std::uint64_t seed, SimWorldOptions options)
    : seed_(seed),
      options_(options),
      thread_(std::this_thread::get_id()),
      order_(Mix(seed, 1)),
      forks_(Mix(seed, 2)),
      trace_(Mix(seed, 3)) {
  MakeExecutor("main");
}

SimWorld::~SimWorld() { DropAll(); }

SimExecutor& SimWorld::MakeExecutor(std::string name, SimExecutorOptions options) {
  executors_.emplace_back(new SimExecutor(*this, std::move(name), executors_.size(), options));
  return *executors_.back();
}

Executor::TimerId SimWorld::Add(SimExecutor& executor, Duration delay, Job job) {
  CheckThread();
  const Executor::TimerId id = next_id_++;
  delay = std::max(delay, Duration::zero());
  if (const Duration most = executor.options_.delay_max; most > Duration::zero()) {
    delay += Duration(order_.Below(static_cast<std::uint64_t>(most.count()) + 1));
  }
  if (delay == Duration::zero()) {
    ready_.push_back({&executor, id, std::move(job)});
    return id;
  }
  // A deadline far away must not run past the end of time.
  const TimePoint due = delay > TimePoint::max() - clock_.now ? TimePoint::max() : clock_.now + delay;
  timers_.emplace(TimerKey{due, id}, Entry{&executor, id, std::move(job)});
  due_.emplace(id, due);
  return id;
}

void SimWorld::Remove(Executor::TimerId id) {
  CheckThread();
  // The job's destructor may come back here, so it runs when the queue is whole again.
  Job removed;
  if (const auto due = due_.find(id); due != due_.end()) {
    const auto timer = timers_.find({due->second, id});
    removed = std::move(timer->second.job);
    timers_.erase(timer);
    due_.erase(due);
    return;
  }
  const auto ready = std::find_if(ready_.begin(), ready_.end(), [&](const Entry& entry) { return entry.id == id; });
  if (ready == ready_.end()) return;
  removed = std::move(ready->job);
  ready_.erase(ready);
}

void SimWorld::FireTimers() {
  const TimePoint due = timers_.begin()->first.first;
  clock_.now = std::max(clock_.now, due);
  while (!timers_.empty() && timers_.begin()->first.first <= clock_.now) {
    auto node = timers_.extract(timers_.begin());
    due_.erase(node.key().second);
    ready_.push_back(std::move(node.mapped()));
  }
}

void SimWorld::RunReady() {
  std::swap(ready_[order_.Below(ready_.size())], ready_.back());
  Entry entry = std::move(ready_.back());
  ready_.pop_back();
  ++steps_;
  trace_ = Mix(Mix(trace_, entry.executor->number_), entry.id);
  trace_ = Mix(trace_, static_cast<std::uint64_t>(clock_.now.time_since_epoch().count()));
  entry.executor->RunJob(std::move(entry.job));
}

bool SimWorld::Step() {
  CheckThread();
  if (idle()) return false;
  const bool late = options_.late_one_in > 0 && !timers_.empty() && order_.OneIn(options_.late_one_in);
  if (ready_.empty() || late) FireTimers();
  RunReady();
  return true;
}

bool SimWorld::RunUntil(const std::function<bool()>& done, Duration bound) {
  const TimePoint end = clock_.now + bound;
  const std::uint64_t steps_end = steps_ + options_.steps_max;
  while (!done()) {
    if (ready_.empty() && (timers_.empty() || timers_.begin()->first.first > end)) {
      clock_.now = std::max(clock_.now, end);
      return false;
    }
    if (steps_ >= steps_end) Fail("livelock: the step bound is reached");
    Step();
  }
  return true;
}

void SimWorld::RunFor(Duration duration) {
  RunUntil([] { return false; }, duration);
}

void SimWorld::RunUntilIdle() {
  const std::uint64_t steps_end = steps_ + options_.steps_max;
  while (Step()) {
    if (steps_ >= steps_end) Fail("livelock: the step bound is reached");
  }
}

std::size_t SimWorld::DropAll() {
  std::size_t dropped = 0;
  while (!idle()) {
    std::vector<Entry> ready = std::exchange(ready_, {});
    std::map<TimerKey, Entry> timers = std::exchange(timers_, {});
    due_.clear();
    dropped += ready.size() + timers.size();
  }
  return dropped;
}

void SimWorld::CheckThread() const { HEARTH_CHECK(std::this_thread::get_id() == thread_); }

void SimWorld::Fail(std::string_view what) const {
  const double now = std::chrono::duration<double>(clock_.now.time_since_epoch() - std::chrono::hours(1)).count();
  std::string text = fmt::format("simulation failed: {} (HEARTH_SEED={}, step {}, {:.6f} s, {} ready, {} timers)\n",
                                 what, seed_, steps_, now, ready_.size(), timers_.size());
  for (const auto& executor : executors_) {
    const auto waiting = std::count_if(ready_.begin(), ready_.end(),
                                       [&](const Entry& entry) { return entry.executor == executor.get(); });
    text += fmt::format("  executor {}: {} jobs run, {} ready\n", executor->name(), executor->jobs(), waiting);
  }
  std::fputs(text.c_str(), stderr);
  std::abort();
}

}  // namespace hearth::sim
