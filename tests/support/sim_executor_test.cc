#include "support/sim_executor.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/signal.h"
#include "support/seeds.h"

namespace hearth::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string OrderOf(std::uint64_t seed) {
  SimWorld world(seed);
  SimExecutor& other = world.MakeExecutor("other");
  std::string order;
  for (const char c : std::string("abcdefgh")) {
    (c % 2 == 0 ? other : world.main()).Post([&order, c] { order += c; });
  }
  world.RunUntilIdle();
  return order;
}

TEST(SimWorld, TheSameSeedRunsJobsInTheSameOrder) {
  for (const std::uint64_t seed : TestSeeds(50)) EXPECT_EQ(OrderOf(seed), OrderOf(seed));
}

TEST(SimWorld, DifferentSeedsTryDifferentOrders) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) orders.insert(OrderOf(seed));
  EXPECT_GT(orders.size(), 40u);
}

TEST(SimWorld, EachJobSeesTheExecutorItWasPostedTo) {
  SimWorld world(1);
  SimExecutor& disk = world.MakeExecutor("disk");
  Executor* seen = nullptr;
  disk.Post([&] { seen = Executor::Current(); });
  world.RunUntilIdle();
  EXPECT_EQ(seen, &disk);
  EXPECT_EQ(disk.jobs(), 1u);
  EXPECT_EQ(Executor::Current(), nullptr);
}

TEST(SimWorld, PostNeverRunsTheJobInsideTheCall) {
  SimWorld world(1);
  bool ran = false;
  world.main().Post([&] {
    world.main().Post([&] { ran = true; });
    EXPECT_FALSE(ran);
  });
  world.RunUntilIdle();
  EXPECT_TRUE(ran);
}

TEST(SimWorld, TimeJumpsToTheNextTimerOnceNothingIsReady) {
  SimWorld world(1);
  const TimePoint start = world.clock().Now();
  std::vector<int> fired;
  world.main().PostAfter(seconds(30), [&] { fired.push_back(30); });
  world.main().PostAfter(seconds(10), [&] { fired.push_back(10); });
  world.main().Post([&] { fired.push_back(0); });
  EXPECT_FALSE(world.RunUntil([&] { return fired.size() == 3; }, seconds(20)));
  EXPECT_EQ(fired, (std::vector{0, 10}));
  EXPECT_EQ(world.clock().Now() - start, seconds(20));
  world.RunFor(seconds(10));
  EXPECT_EQ(fired, (std::vector{0, 10, 30}));
}

TEST(SimWorld, WallTimePassesWithTheMonotonicClockAndMovesOnItsOwn) {
  SimWorld world(1);
  const WallTime before = world.clock().Wall();
  const TimePoint monotonic = world.clock().Now();
  world.RunFor(seconds(5));
  EXPECT_EQ(world.clock().Wall() - before, seconds(5));
  world.MoveWallClock(-seconds(60));
  EXPECT_EQ(world.clock().Wall() - before, seconds(-55));
  EXPECT_EQ(world.clock().Now() - monotonic, seconds(5));
}

TEST(SimWorld, ACancelledJobNeverRunsEvenWhenItIsReadyAlready) {
  SimWorld world(1);
  bool ran = false;
  const auto timer = world.main().PostAfter(seconds(1), [&] { ran = true; });
  const auto ready = world.main().PostAfter(Duration::zero(), [&] { ran = true; });
  world.main().Cancel(timer);
  world.main().Cancel(ready);
  world.main().Cancel(4711);
  EXPECT_TRUE(world.idle());
  world.RunUntilIdle();
  EXPECT_FALSE(ran);
}

TEST(SimWorld, ASlowExecutorDelaysItsJobsWithinItsBound) {
  SimWorld world(7);
  SimExecutor& disk = world.MakeExecutor("disk", {.delay_max = milliseconds(5)});
  const TimePoint start = world.clock().Now();
  std::set<Duration> delays;
  for (int i = 0; i < 100; ++i) disk.Post([&] { delays.insert(world.clock().Now() - start); });
  world.RunUntilIdle();
  EXPECT_GT(delays.size(), 50u);
  EXPECT_LE(*delays.rbegin(), Duration(milliseconds(5)));
}

TEST(SimWorld, UnderLoadADeadlineMayPassWhileJobsAreReady) {
  bool timer_came_first = false;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SimWorld world(seed, {.late_one_in = 4});
    bool ran = false;
    world.main().PostAfter(seconds(1), [&] { timer_came_first = timer_came_first || !ran; });
    world.main().Post([&] { ran = true; });
    world.RunUntilIdle();
  }
  EXPECT_TRUE(timer_came_first);
}

Task<int> AddOn(Executor& where, int a, int b) {
  auto sum = [a, b] { return a + b; };
  co_return co_await RunOn(where, std::move(sum));
}

TEST(SimWorld, RunDrivesATaskOverSeveralExecutorsToItsResult) {
  SimWorld world(1);
  SimExecutor& disk = world.MakeExecutor("disk", {.delay_max = seconds(1)});
  EXPECT_EQ(world.Run(AddOn(disk, 20, 22)), 42);
  EXPECT_EQ(disk.jobs(), 1u);
}

Task<std::unique_ptr<int>> MakeLater(Duration delay) {
  co_await SleepFor(delay);
  co_return std::make_unique<int>(7);
}

TEST(SimWorld, RunGivesBackWhatCanOnlyBeMoved) {
  SimWorld world(1);
  EXPECT_EQ(*world.Run(MakeLater(seconds(3))), 7);
}

TEST(SimWorld, TheTraceTellsRunsApartAndIsTheSameForTheSameSeed) {
  const auto trace = [](std::uint64_t seed) {
    SimWorld world(seed);
    SimExecutor& disk = world.MakeExecutor("disk", {.delay_max = milliseconds(1)});
    for (int i = 0; i < 20; ++i) world.Run(AddOn(disk, i, i));
    return world.Trace();
  };
  EXPECT_EQ(trace(3), trace(3));
  EXPECT_NE(trace(3), trace(4));
}

TEST(SimWorld, DropAllDestroysTheJobsAndCountsThem) {
  SimWorld world(1);
  auto held = std::make_shared<int>(0);
  world.main().Post([held] { FAIL() << "was dropped"; });
  world.main().PostAfter(seconds(1), [held] { FAIL() << "was dropped"; });
  EXPECT_EQ(held.use_count(), 3);
  EXPECT_EQ(world.DropAll(), 2u);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(world.idle());
}

TEST(SimWorldDeathTest, ALivelockIsReportedWithItsSeed) {
  const auto spin = [] {
    SimWorld world(4242, {.steps_max = 1000});
    std::function<void()> again = [&] { world.main().Post([&] { again(); }); };
    again();
    world.RunUntilIdle();
  };
  EXPECT_DEATH(spin(), "livelock.*HEARTH_SEED=4242");
}

Task<void> WaitForever(Signal& signal) { co_await signal.Wait(signal.generation()); }

TEST(SimWorldDeathTest, ATaskThatNeverEndsIsReportedWithItsSeed) {
  const auto hang = [] {
    SimWorld world(4243);
    Signal signal;
    world.RunAt(world.main(), WaitForever(signal));
  };
  EXPECT_DEATH(hang(), "did not end.*HEARTH_SEED=4243");
}

}  // namespace
}  // namespace hearth::sim
