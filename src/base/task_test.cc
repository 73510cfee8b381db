#include "base/task.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/executors_for_test.h"

namespace hearth {
namespace {

using std::chrono::seconds;

Task<int> Answer(int value) { co_return value; }

Task<int> SumOfMany(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await Answer(1);
  co_return sum;
}

Task<int> Depth(int levels) {
  if (levels == 0) co_return 0;
  const int below = co_await Depth(levels - 1);
  co_return below + 1;
}

Task<void> Note(std::vector<std::string>& log, std::string text) {
  log.push_back(std::move(text));
  co_return;
}

TEST(Task, DoesNothingUntilItIsAwaited) {
  std::vector<std::string> log;
  QueueExecutor executor;
  Task<void> task = Note(log, "ran");
  EXPECT_TRUE(log.empty());
  executor.Start(std::move(task));
  EXPECT_TRUE(log.empty());
  executor.RunUntilIdle();
  EXPECT_EQ(log, std::vector<std::string>{"ran"});
}

TEST(Task, AMillionAwaitsInARowUseNoStack) {
  QueueExecutor executor;
  EXPECT_EQ(executor.Run(SumOfMany(1'000'000)), 1'000'000);
}

TEST(Task, AMillionTasksInEachOtherUseNoStack) {
  QueueExecutor executor;
  EXPECT_EQ(executor.Run(Depth(1'000'000)), 1'000'000);
}

TEST(Task, DroppingOneThatWasNeverAwaitedDropsItsArguments) {
  const auto held = std::make_shared<int>(1);
  auto hold = [](std::shared_ptr<int>) -> Task<void> { co_return; };
  {
    const Task<void> task = hold(held);
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Task, AMovedTaskRunsOnceAndGivesTheValue) {
  QueueExecutor executor;
  Task<int> first = Answer(5);
  Task<int> second = std::move(first);
  Task<int> third = Answer(6);
  third = std::move(second);
  EXPECT_EQ(executor.Run(std::move(third)), 5);
}

Task<std::unique_ptr<int>> MakeUnique() { co_return std::make_unique<int>(9); }
Task<int> UnpackUnique() {
  const std::unique_ptr<int> value = co_await MakeUnique();
  co_return *value;
}

TEST(Task, ReturnsAValueThatCanOnlyBeMoved) {
  QueueExecutor executor;
  EXPECT_EQ(executor.Run(UnpackUnique()), 9);
}

TEST(Task, AStartedTaskFreesItsFrameAndArgumentsAtItsEnd) {
  QueueExecutor executor;
  const auto held = std::make_shared<int>(1);
  auto sleep = [](std::shared_ptr<int>) -> Task<void> { co_await SleepFor(seconds(1)); };
  executor.Start(sleep(held));
  executor.RunUntilIdle();
  EXPECT_EQ(held.use_count(), 2);
  executor.Advance(seconds(1));
  EXPECT_EQ(held.use_count(), 1);
}

Task<void> Visit(Executor& other, std::vector<Executor*>& seen) {
  seen.push_back(Executor::Current());
  co_await ResumeOn(other);
  seen.push_back(Executor::Current());
}

TEST(ResumeOn, GoesOnAsAJobOfTheNamedExecutor) {
  QueueExecutor here;
  QueueExecutor there;
  std::vector<Executor*> seen;
  here.Start(Visit(there, seen));
  here.RunUntilIdle();
  EXPECT_EQ(seen, std::vector<Executor*>{&here});
  there.RunUntilIdle();
  EXPECT_EQ(seen, (std::vector<Executor*>{&here, &there}));
}

TEST(ResumeOn, StaysInTheJobWhenItIsThereAlready) {
  QueueExecutor here;
  std::vector<Executor*> seen;
  here.Start(Visit(here, seen));
  EXPECT_EQ(here.RunUntilIdle(), 1u);
  EXPECT_EQ(seen.size(), 2u);
}

struct Journey {
  std::thread::id home;
  std::thread::id work;
  std::thread::id back;
  std::string result;
};

Task<void> WorkElsewhere(Executor& pool, Journey& journey, bool& done) {
  journey.home = std::this_thread::get_id();
  auto work = [&journey] {
    journey.work = std::this_thread::get_id();
    return std::string("made there");
  };
  journey.result = co_await RunOn(pool, std::move(work));
  journey.back = std::this_thread::get_id();
  done = true;
}

TEST(RunOn, WorksOnThePoolAndComesBack) {
  QueueExecutor home;
  ThreadExecutor pool;
  Journey journey;
  bool done = false;
  home.Start(WorkElsewhere(pool.executor(), journey, done));
  home.RunUntil([&] { return done; });
  EXPECT_EQ(journey.home, std::this_thread::get_id());
  EXPECT_NE(journey.work, std::this_thread::get_id());
  EXPECT_EQ(journey.back, std::this_thread::get_id());
  EXPECT_EQ(journey.result, "made there");
}

Task<int> VoidWorkElsewhere(Executor& pool, int& value) {
  auto work = [&value] { value = 3; };
  co_await RunOn(pool, std::move(work));
  co_return value;
}

TEST(RunOn, TakesWorkWithoutAResult) {
  QueueExecutor executor;
  int value = 0;
  EXPECT_EQ(executor.Run(VoidWorkElsewhere(executor, value)), 3);
}

Task<void> SleepThenNote(Duration duration, std::vector<std::string>& log, std::string text) {
  co_await SleepFor(duration);
  log.push_back(std::move(text));
}

TEST(SleepFor, EndsInTheOrderOfTime) {
  QueueExecutor executor;
  std::vector<std::string> log;
  executor.Start(SleepThenNote(seconds(2), log, "two"));
  executor.Start(SleepThenNote(seconds(1), log, "one"));
  executor.Start(SleepThenNote(seconds(9), log, "nine"));
  executor.RunUntilIdle();
  EXPECT_TRUE(log.empty());
  executor.Advance(seconds(2));
  EXPECT_EQ(log, (std::vector<std::string>{"one", "two"}));
  executor.Advance(seconds(7));
  EXPECT_EQ(log.size(), 3u);
}

Task<void> ThrowInside() {
  throw 1;
  co_return;
}

TEST(TaskDeathTest, AnExceptionThatEscapesEndsTheProgram) { EXPECT_DEATH(StartDetached(ThrowInside()), ""); }

}  // namespace
}  // namespace hearth
