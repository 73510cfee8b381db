#include "base/memory_budget.h"

#include <atomic>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "base/executors_for_test.h"

namespace hearth {
namespace {

using std::chrono::seconds;
using Granted = std::optional<Result<MemoryBudget::Grant>>;

struct Ask {
  std::uint64_t bytes;
  TimePoint deadline = TimePoint::max();
  CancelToken cancel = {};
};

Task<void> Acquire(MemoryBudget& budget, Ask ask, Granted& granted) {
  granted = co_await budget.Acquire(ask.bytes, ask.deadline, ask.cancel);
}

class MemoryBudgetTest : public testing::Test {
 protected:
  void Start(Ask ask, Granted& granted) {
    executor_.Start(Acquire(budget_, std::move(ask), granted));
    executor_.RunUntilIdle();
  }

  QueueExecutor executor_;
  MemoryBudget budget_{100};
};

TEST_F(MemoryBudgetTest, AGrantCountsUntilItIsDropped) {
  {
    const MemoryBudget::Grant grant = budget_.TryAcquire(60);
    EXPECT_EQ(grant.bytes(), 60u);
    EXPECT_EQ(budget_.used(), 60u);
  }
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(MemoryBudgetTest, AMovedGrantCountsOnce) {
  MemoryBudget::Grant first = budget_.TryAcquire(60);
  MemoryBudget::Grant second = std::move(first);
  EXPECT_EQ(budget_.used(), 60u);
  second = budget_.TryAcquire(40);  // gives the sixty back
  EXPECT_EQ(budget_.used(), 40u);
  second.Release();
  second.Release();
  EXPECT_EQ(budget_.used(), 0u);
}

TEST_F(MemoryBudgetTest, AGrantThatShrinksGivesBackTheRest) {
  MemoryBudget::Grant grant = budget_.TryAcquire(90);
  Granted waiting;
  Start({.bytes = 50}, waiting);
  EXPECT_FALSE(waiting);
  grant.ShrinkTo(95);
  EXPECT_EQ(grant.bytes(), 90u) << "it never grows";
  grant.ShrinkTo(30);
  EXPECT_EQ(grant.bytes(), 30u);
  executor_.RunUntilIdle();
  ASSERT_TRUE(waiting && *waiting);
  EXPECT_EQ(budget_.used(), 80u);
  grant.Release();
  EXPECT_EQ(budget_.used(), 50u);
}

TEST_F(MemoryBudgetTest, TryAcquireNeverExceedsTheBudget) {
  const MemoryBudget::Grant grant = budget_.TryAcquire(60);
  EXPECT_EQ(budget_.TryAcquire(41).bytes(), 0u);
  EXPECT_EQ(budget_.TryAcquire(40).bytes(), 40u);
  EXPECT_EQ(budget_.TryAcquire(101).bytes(), 0u);
}

TEST_F(MemoryBudgetTest, AcquireWaitsUntilEnoughCameBack) {
  MemoryBudget::Grant first = budget_.TryAcquire(50);
  MemoryBudget::Grant second = budget_.TryAcquire(50);
  Granted granted;
  Start({.bytes = 70}, granted);
  first.Release();
  executor_.RunUntilIdle();
  EXPECT_FALSE(granted.has_value());
  second.Release();
  executor_.RunUntilIdle();
  ASSERT_TRUE(granted.has_value() && granted->has_value());
  EXPECT_EQ((*granted)->bytes(), 70u);
  EXPECT_EQ(budget_.used(), 70u);
}

TEST_F(MemoryBudgetTest, MoreThanTheWholeBudgetIsRefusedAtOnce) {
  Granted granted;
  Start({.bytes = 101}, granted);
  ASSERT_TRUE(granted.has_value());
  EXPECT_EQ(granted->error().code(), Code::kInvalidArgument);
}

TEST_F(MemoryBudgetTest, ALargeRequestIsNotOvertaken) {
  MemoryBudget::Grant held = budget_.TryAcquire(60);
  Granted large;
  Granted small;
  Start({.bytes = 80}, large);
  Start({.bytes = 10}, small);
  EXPECT_FALSE(small.has_value());
  EXPECT_EQ(budget_.TryAcquire(10).bytes(), 0u);
  held.Release();
  executor_.RunUntilIdle();
  EXPECT_TRUE(large.has_value());
  EXPECT_TRUE(small.has_value());
  EXPECT_EQ(budget_.used(), 90u);
}

TEST_F(MemoryBudgetTest, TheDeadlineEndsTheWaitAndLetsTheNextIn) {
  const MemoryBudget::Grant held = budget_.TryAcquire(60);
  Granted late;
  Granted next;
  Start({.bytes = 80, .deadline = executor_.clock().Now() + seconds(1)}, late);
  Start({.bytes = 40}, next);
  executor_.Advance(seconds(1));
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ(late->error().code(), Code::kDeadlineExceeded);
  ASSERT_TRUE(next.has_value() && next->has_value());
  EXPECT_EQ(budget_.used(), 100u);
}

TEST_F(MemoryBudgetTest, CancellingEndsTheWait) {
  const MemoryBudget::Grant held = budget_.TryAcquire(60);
  CancelSource source;
  Granted granted;
  Start({.bytes = 80, .cancel = source.token()}, granted);
  source.Cancel();
  executor_.RunUntilIdle();
  ASSERT_TRUE(granted.has_value());
  EXPECT_EQ(granted->error().code(), Code::kCancelled);
  EXPECT_EQ(budget_.used(), 60u);
  EXPECT_EQ(budget_.TryAcquire(40).bytes(), 40u);
}

// Threads that take and give back; what is taken at once never exceeds the budget.
Task<void> TakeOften(MemoryBudget& budget, std::uint64_t bytes, std::atomic<std::uint64_t>& taken,
                     std::atomic<int>& ended) {
  for (int i = 0; i < 300; ++i) {
    auto grant = co_await budget.Acquire(bytes, TimePoint::max(), {});
    EXPECT_LE(taken.fetch_add(bytes) + bytes, budget.capacity());
    taken.fetch_sub(bytes);
  }
  ++ended;
}

TEST(MemoryBudgetThreads, NeverGiveOutMoreThanThereIs) {
  MemoryBudget budget(100);
  std::atomic<std::uint64_t> taken = 0;
  std::atomic<int> ended = 0;
  {
    ThreadExecutor first;
    ThreadExecutor second;
    QueueExecutor here;
    for (const std::uint64_t bytes : {70u, 30u, 50u}) {
      first.executor().Start(TakeOften(budget, bytes, taken, ended));
      second.executor().Start(TakeOften(budget, bytes, taken, ended));
    }
    here.Start(TakeOften(budget, 100, taken, ended));
    while (ended < 7) here.RunUntilIdle();
  }
  EXPECT_EQ(budget.used(), 0u);
}

}  // namespace
}  // namespace hearth
