#include "base/block_on.h"

#include <gtest/gtest.h>

#include <thread>

namespace hearth {
namespace {

// Runs each job on a thread of its own.
class ThreadExecutor final : public Executor {
 public:
  ~ThreadExecutor() override {
    for (std::thread& thread : threads_) thread.join();
  }
  void Post(Job job) override {
    threads_.emplace_back([this, moved = std::move(job)]() mutable {
      const Scope scope(this);
      moved();
    });
  }
  TimerId PostAfter(Duration, Job) override { return 0; }
  void Cancel(TimerId) override {}
  const Clock& clock() const override { return SystemClock(); }

 private:
  std::vector<std::thread> threads_;
};

Task<int> Answer(int value) { co_return value; }
Task<void> Mark(bool& done) {
  done = true;
  co_return;
}

TEST(BlockOn, RunsTheTaskOnTheExecutorAndReturnsItsResult) {
  ThreadExecutor executor;
  EXPECT_EQ(BlockOn(executor, Answer(42)), 42);
  bool done = false;
  BlockOn(executor, Mark(done));
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace hearth
