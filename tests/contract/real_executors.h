// Real executors for contract tests: a loop that calls, one that fetches, and a disk pool.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <vector>

#include "base/check.h"
#include "base/task.h"
#include "io/loop.h"
#include "io/thread_pool.h"

namespace hearth::contract {

class RealExecutors {
 public:
  RealExecutors() {
    caller_->Start();
    fetch_->Start();
  }
  ~RealExecutors() {
    caller_->Stop();
    fetch_->Stop();
    pool_->Stop();
  }

  io::Loop& fetch() { return *fetch_; }
  io::ThreadPool& pool() { return *pool_; }

  // Runs them together as jobs of the calling loop, and waits until all have ended.
  void RunAll(std::vector<Task<void>> tasks) {
    std::promise<void> done;
    std::atomic<std::size_t> left = tasks.size();
    for (auto& task : tasks) {
      caller_->Post(
          [wrapped = CountDown(std::move(task), left, done)]() mutable { StartDetached(std::move(wrapped)); });
    }
    done.get_future().wait();
  }

 private:
  static std::unique_ptr<io::Loop> MakeLoop(const char* name) {
    auto loop = io::Loop::Create({.name = name});
    HEARTH_CHECK(loop.has_value());
    return *std::move(loop);
  }
  static Task<void> CountDown(Task<void> task, std::atomic<std::size_t>& left, std::promise<void>& done) {
    co_await std::move(task);
    if (left.fetch_sub(1) == 1) done.set_value();
  }

  std::unique_ptr<io::Loop> caller_ = MakeLoop("caller");
  std::unique_ptr<io::Loop> fetch_ = MakeLoop("fetch");
  std::unique_ptr<io::ThreadPool> pool_ = io::ThreadPool::Create({.name = "disk", .threads = 4});
};

}  // namespace hearth::contract
