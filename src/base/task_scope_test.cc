#include "base/task_scope.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/executors_for_test.h"

namespace hearth {
namespace {

using std::chrono::seconds;

Task<void> Sleep(Duration duration, int& ended) {
  co_await SleepFor(duration);
  ++ended;
}

Task<void> JoinThen(TaskScope& scope, bool& joined) {
  co_await scope.Join();
  joined = true;
}

TEST(TaskScope, JoinWaitsForTheLastTask) {
  QueueExecutor executor;
  TaskScope scope;
  int ended = 0;
  bool joined = false;
  EXPECT_TRUE(scope.Start(executor, Sleep(seconds(1), ended)));
  EXPECT_TRUE(scope.Start(executor, Sleep(seconds(2), ended)));
  EXPECT_EQ(scope.running(), 2u);
  executor.Start(JoinThen(scope, joined));
  executor.Advance(seconds(0));
  executor.Advance(seconds(1));
  EXPECT_EQ(scope.running(), 1u);
  EXPECT_FALSE(joined);
  executor.Advance(seconds(1));
  EXPECT_TRUE(joined);
  EXPECT_EQ(ended, 2);
}

TEST(TaskScope, JoinOfAnEmptyOneIsOverAtOnce) {
  QueueExecutor executor;
  TaskScope scope;
  bool joined = false;
  executor.Start(JoinThen(scope, joined));
  executor.RunUntilIdle();
  EXPECT_TRUE(joined);
}

TEST(TaskScope, AfterCloseNothingStartsAndWhatRunsGoesOn) {
  QueueExecutor executor;
  TaskScope scope;
  int ended = 0;
  int refused = 0;
  EXPECT_TRUE(scope.Start(executor, Sleep(seconds(1), ended)));
  executor.RunUntilIdle();
  scope.Close();
  EXPECT_FALSE(scope.Start(executor, Sleep(seconds(0), refused)));
  EXPECT_FALSE(scope.StartHere(Sleep(seconds(0), refused)));
  executor.Advance(seconds(1));
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(scope.running(), 0u);
}

TEST(TaskScope, ARefusedTaskDropsItsArguments) {
  QueueExecutor executor;
  TaskScope scope;
  scope.Close();
  const auto held = std::make_shared<int>(1);
  auto hold = [](std::shared_ptr<int>) -> Task<void> { co_return; };
  EXPECT_FALSE(scope.Start(executor, hold(held)));
  EXPECT_EQ(held.use_count(), 1);
}

TEST(TaskScope, StartRunsAsAJobAndStartHereAtOnce) {
  QueueExecutor executor;
  TaskScope scope;
  std::vector<int> order;
  auto note = [](std::vector<int>& log, int number) -> Task<void> {
    log.push_back(number);
    co_return;
  };
  executor.Post([&] {
    scope.Start(executor, note(order, 1));
    scope.StartHere(note(order, 2));
    order.push_back(3);
  });
  executor.RunUntilIdle();
  EXPECT_EQ(order, (std::vector<int>{2, 3, 1}));
}

TEST(TaskScope, TasksOfOtherThreadsAreJoinedBeforeTheScopeGoes) {
  ThreadExecutor first;
  ThreadExecutor second;
  for (int round = 0; round < 200; ++round) {
    QueueExecutor here;
    auto scope = std::make_unique<TaskScope>();
    int counts[2] = {0, 0};
    auto count = [](int& value) -> Task<void> {
      ++value;
      co_return;
    };
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(scope->Start(first.executor(), count(counts[0])));
      EXPECT_TRUE(scope->Start(second.executor(), count(counts[1])));
    }
    bool joined = false;
    here.Start(JoinThen(*scope, joined));
    here.RunUntil([&] { return joined; });
    scope.reset();
    EXPECT_EQ(counts[0] + counts[1], 20);
  }
}

}  // namespace
}  // namespace hearth
