#include "base/executor.h"

#include <thread>

#include <gtest/gtest.h>

#include "base/executors_for_test.h"

namespace hearth {
namespace {

TEST(Executor, ThereIsNoneOutsideOfAJob) { EXPECT_EQ(Executor::Current(), nullptr); }

TEST(Executor, CurrentIsTheOneWhoseJobRuns) {
  QueueExecutor executor;
  Executor* inside = nullptr;
  executor.Post([&] { inside = Executor::Current(); });
  executor.RunUntilIdle();
  EXPECT_EQ(inside, &executor);
  EXPECT_EQ(Executor::Current(), nullptr);
}

TEST(Executor, AJobThatRunsAnotherExecutorFindsItsOwnAgain) {
  QueueExecutor outer;
  QueueExecutor inner;
  Executor* in_inner = nullptr;
  Executor* after = nullptr;
  inner.Post([&] { in_inner = Executor::Current(); });
  outer.Post([&] {
    inner.RunUntilIdle();
    after = Executor::Current();
  });
  outer.RunUntilIdle();
  EXPECT_EQ(in_inner, &inner);
  EXPECT_EQ(after, &outer);
}

TEST(Executor, CurrentBelongsToTheThread) {
  QueueExecutor executor;
  Executor* on_other_thread = &executor;
  executor.Post([&] { std::thread([&] { on_other_thread = Executor::Current(); }).join(); });
  executor.RunUntilIdle();
  EXPECT_EQ(on_other_thread, nullptr);
}

TEST(SystemClock, DoesNotRunBackwards) {
  const TimePoint before = SystemClock().Now();
  EXPECT_GE(SystemClock().Now(), before);
}

TEST(SystemClock, KnowsTheCalendar) {
  const WallTime year_2025{std::chrono::seconds(1'735'689'600)};
  EXPECT_GT(SystemClock().Wall(), year_2025);
}

}  // namespace
}  // namespace hearth
