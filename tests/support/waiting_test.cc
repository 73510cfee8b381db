// What coroutines wait with (Signal, MemoryBudget, TaskScope of base) in every order that a seed can make.
// Here and not in base, which may not know the simulation.
#include <algorithm>
#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include "base/memory_budget.h"
#include "base/signal.h"
#include "base/task_scope.h"
#include "support/seeds.h"
#include "support/sim_executor.h"

namespace hearth::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr SimWorldOptions kLoaded{.late_one_in = 5};

struct Mailbox {
  Signal changed;
  int value = 0;
};

Task<void> WaitForValue(Mailbox& box, int value, int& arrived) {
  while (box.value < value) {
    const std::uint64_t seen = box.changed.generation();
    co_await box.changed.Wait(seen);
  }
  ++arrived;
}

TEST(Signal, NoWakeIsLostInAnyOrder) {
  for (const std::uint64_t seed : TestSeeds(300)) {
    SCOPED_TRACE(SeedText(seed));
    SimWorld world(seed);
    SimExecutor& other = world.MakeExecutor("other", {.delay_max = milliseconds(3)});
    Mailbox box;
    TaskScope scope;
    int arrived = 0;
    for (int i = 0; i < 10; ++i) {
      scope.Start(i % 2 == 0 ? world.main() : other, WaitForValue(box, 1 + i % 5, arrived));
    }
    for (int i = 0; i < 5; ++i) {
      other.Post([&] {
        ++box.value;
        box.changed.NotifyAll();
      });
    }
    world.RunUntilIdle();
    EXPECT_EQ(arrived, 10);
    EXPECT_EQ(scope.running(), 0u);
  }
}

Task<void> WaitOnce(Signal& signal, TimePoint deadline, CancelToken cancel, std::vector<Signal::Woke>& woke,
                    Executor*& where) {
  const std::uint64_t seen = signal.generation();
  woke.push_back(co_await signal.Wait(seen, deadline, std::move(cancel)));
  where = Executor::Current();
}

TEST(Signal, WakesOnceForWhateverComesFirstAndWhereItWaited) {
  std::array<int, 3> reasons{};
  for (const std::uint64_t seed : TestSeeds(500)) {
    SCOPED_TRACE(SeedText(seed));
    SimWorld world(seed, kLoaded);
    SimExecutor& home = world.MakeExecutor("home");
    SimExecutor& other = world.MakeExecutor("other");
    Signal signal;
    CancelSource cancel;
    std::vector<Signal::Woke> woke;
    Executor* where = nullptr;
    TaskScope scope;
    const TimePoint deadline = world.clock().Now() + milliseconds(2);
    scope.Start(home, WaitOnce(signal, deadline, cancel.token(), woke, where));
    Random random(seed);
    other.PostAfter(milliseconds(random.Below(4)), [&] { signal.NotifyAll(); });
    other.PostAfter(milliseconds(random.Below(4)), [&] { cancel.Cancel(); });
    world.RunUntilIdle();
    ASSERT_EQ(woke.size(), 1u);
    EXPECT_EQ(where, &home);
    ++reasons[static_cast<std::size_t>(woke[0])];
  }
  EXPECT_GT(*std::ranges::min_element(reasons), TestSeeds(500).size() == 1 ? -1 : 20) << "every reason was seen";
}

TEST(Signal, AWaitThatIsOverLeavesNoTimerBehind) {
  SimWorld world(1);
  Signal signal;
  std::vector<Signal::Woke> woke;
  Executor* where = nullptr;
  TaskScope scope;
  scope.Start(world.main(), WaitOnce(signal, world.clock().Now() + seconds(100), {}, woke, where));
  world.main().PostAfter(seconds(1), [&] { signal.NotifyAll(); });
  const TimePoint start = world.clock().Now();
  world.RunUntilIdle();
  EXPECT_EQ(woke, std::vector{Signal::Woke::kChanged});
  EXPECT_EQ(world.clock().Now() - start, seconds(1));
}

TEST(Signal, ADeadlineThatHasPassedAndACancelThatCameFirstEndTheWaitAtOnce) {
  SimWorld world(1);
  Signal signal;
  CancelSource cancelled;
  cancelled.Cancel();
  std::vector<Signal::Woke> woke;
  Executor* where = nullptr;
  world.Run(WaitOnce(signal, world.clock().Now() - seconds(1), {}, woke, where));
  world.Run(WaitOnce(signal, TimePoint::max(), cancelled.token(), woke, where));
  EXPECT_EQ(woke, (std::vector{Signal::Woke::kDeadline, Signal::Woke::kCancelled}));
}

struct Bank {
  MemoryBudget budget{100};
  std::uint64_t held = 0;
  std::uint64_t held_most = 0;
  std::vector<int> order;  // in which the asked were served
  int served = 0;
  int refused = 0;
};

Task<void> Borrow(Bank& bank, std::uint64_t bytes, TimePoint deadline, CancelToken cancel, Duration hold) {
  auto grant = co_await bank.budget.Acquire(bytes, deadline, std::move(cancel));
  if (!grant) {
    ++bank.refused;
    co_return;
  }
  ++bank.served;
  bank.held += bytes;
  bank.held_most = std::max(bank.held_most, bank.held);
  co_await SleepFor(hold);
  bank.held -= bytes;
}

TEST(MemoryBudget, NeverGivesMoreThanItHasAndEveryoneIsServedOrRefused) {
  for (const std::uint64_t seed : TestSeeds(300)) {
    SCOPED_TRACE(SeedText(seed));
    SimWorld world(seed, kLoaded);
    SimExecutor& other = world.MakeExecutor("other", {.delay_max = milliseconds(5)});
    Bank bank;
    TaskScope scope;
    Random random = world.Fork();
    std::deque<CancelSource> cancels(40);
    for (CancelSource& cancel : cancels) {
      const TimePoint deadline =
          random.OneIn(3) ? world.clock().Now() + milliseconds(random.Below(40)) : TimePoint::max();
      const std::uint64_t bytes = 1 + random.Below(100);
      scope.Start(random.OneIn(2) ? world.main() : other,
                  Borrow(bank, bytes, deadline, cancel.token(), milliseconds(random.Below(8))));
      if (random.OneIn(4)) world.main().PostAfter(milliseconds(random.Below(40)), [&cancel] { cancel.Cancel(); });
    }
    world.Run([](TaskScope& s) {
      s.Close();
      return s.Join();
    }(scope));
    EXPECT_EQ(bank.served + bank.refused, 40);
    EXPECT_LE(bank.held_most, 100u);
    EXPECT_EQ(bank.budget.used(), 0u);
    EXPECT_EQ(bank.budget.TryAcquire(100).bytes(), 100u) << "no ticket was left in the queue";
  }
}

Task<void> BorrowAndNote(Bank& bank, int number, std::uint64_t bytes, Duration hold) {
  const auto grant = co_await bank.budget.Acquire(bytes, TimePoint::max(), {});
  EXPECT_TRUE(grant.has_value());
  bank.order.push_back(number);
  co_await SleepFor(hold);
}

TEST(MemoryBudget, ServesInTheOrderOfAskingSoThatALargeOneIsNotStarved) {
  for (const std::uint64_t seed : TestSeeds(200)) {
    SCOPED_TRACE(SeedText(seed));
    SimWorld world(seed);
    Bank bank;
    TaskScope scope;
    std::vector<int> expected;
    for (int i = 0; i < 12; ++i) {
      expected.push_back(i);
      // One after the other asks; every third wants everything.
      world.main().PostAfter(milliseconds(i), [&bank, &scope, i] {
        scope.StartHere(BorrowAndNote(bank, i, i % 3 == 0 ? 100u : 10u, milliseconds(20)));
      });
    }
    world.RunUntilIdle();
    // Two small ones that become free to go at one instant may note themselves in either order.
    ASSERT_EQ(bank.order.size(), 12u);
    for (std::size_t i = 0; i < 12; i += 3) {
      EXPECT_EQ(bank.order[i], expected[i]);
      EXPECT_EQ(std::minmax(bank.order[i + 1], bank.order[i + 2]), std::minmax(expected[i + 1], expected[i + 2]));
    }
  }
}

TEST(MemoryBudget, ARequestThatGivesUpLetsTheOnesBehindItGo) {
  SimWorld world(1);
  Bank bank;
  TaskScope scope;
  auto held = bank.budget.TryAcquire(50);
  CancelSource cancel;
  scope.Start(world.main(), Borrow(bank, 100, TimePoint::max(), cancel.token(), {}));
  world.RunUntilIdle();
  scope.Start(world.main(), Borrow(bank, 10, TimePoint::max(), {}, {}));
  world.RunUntilIdle();
  EXPECT_EQ(bank.served, 0);
  EXPECT_EQ(bank.budget.TryAcquire(1).bytes(), 0u) << "nobody overtakes the queue";
  cancel.Cancel();
  world.RunUntilIdle();
  EXPECT_EQ(bank.refused, 1);
  EXPECT_EQ(bank.served, 1);
}

TEST(MemoryBudget, MoreThanThereWillEverBeIsRefusedAtOnce) {
  SimWorld world(1);
  Bank bank;
  world.Run(Borrow(bank, 101, TimePoint::max(), {}, {}));
  EXPECT_EQ(bank.refused, 1);
}

// Notes when it is destroyed, as a grant or a file handle in a task's arguments would be.
class Witness {
 public:
  explicit Witness(int& gone) : gone_(&gone) {}
  Witness(Witness&& other) noexcept : gone_(std::exchange(other.gone_, nullptr)) {}
  ~Witness() {
    if (gone_ != nullptr) ++*gone_;
  }

 private:
  int* gone_;
};

Task<void> SleepHolding(Witness, Duration duration) { co_await SleepFor(duration); }

TEST(TaskScope, JoinResumesWhenTheLastTaskAndItsArgumentsAreGone) {
  for (const std::uint64_t seed : TestSeeds(200)) {
    SCOPED_TRACE(SeedText(seed));
    SimWorld world(seed);
    SimExecutor& other = world.MakeExecutor("other", {.delay_max = milliseconds(3)});
    Random random = world.Fork();
    TaskScope scope;
    int gone = 0;
    for (int i = 0; i < 10; ++i) {
      EXPECT_TRUE(
          scope.Start(i % 2 == 0 ? world.main() : other, SleepHolding(Witness(gone), milliseconds(random.Below(5)))));
    }
    EXPECT_EQ(scope.running(), 10u);
    scope.Close();
    world.Run(scope.Join());
    EXPECT_EQ(gone, 10);
    EXPECT_EQ(scope.running(), 0u);
  }
}

// Destroyed with a task's arguments: was the task still counted then?
class Watcher {
 public:
  Watcher(const TaskScope& scope, std::size_t& running) : scope_(&scope), running_(running) {}
  Watcher(Watcher&& other) noexcept : scope_(std::exchange(other.scope_, nullptr)), running_(other.running_) {}
  ~Watcher() {
    if (scope_ != nullptr) running_ = scope_->running();
  }

 private:
  const TaskScope* scope_;
  std::size_t& running_;
};

Task<void> SleepWatching(Watcher) { co_await SleepFor(seconds(1)); }

TEST(TaskScope, ATaskCountsUntilItsArgumentsAreGone) {
  SimWorld world(1);
  TaskScope scope;
  std::size_t running = 0;
  scope.Start(world.main(), SleepWatching(Watcher(scope, running)));
  world.RunUntilIdle();
  EXPECT_EQ(running, 1u) << "else they are destroyed beside whoever has joined, on another thread";
}

TEST(TaskScope, AClosedScopeRefusesAndDropsTheTask) {
  SimWorld world(1);
  TaskScope scope;
  int gone = 0;
  scope.Close();
  EXPECT_FALSE(scope.Start(world.main(), SleepHolding(Witness(gone), {})));
  EXPECT_FALSE(scope.StartHere(SleepHolding(Witness(gone), {})));
  EXPECT_EQ(gone, 2);
  world.Run(scope.Join());
  EXPECT_TRUE(world.idle());
}

Task<void> RunOnBoth(Executor& a, Executor& b, std::vector<Executor*>& seen) {
  auto note = [&seen] { seen.push_back(Executor::Current()); };
  co_await RunOn(b, note);
  seen.push_back(Executor::Current());
  co_await ResumeOn(b);
  co_await RunOn(a, note);
  seen.push_back(Executor::Current());
}

TEST(Task, RunOnComesBackToWhereItWasCalled) {
  SimWorld world(1);
  SimExecutor& a = world.MakeExecutor("a");
  SimExecutor& b = world.MakeExecutor("b");
  std::vector<Executor*> seen;
  world.RunAt(a, RunOnBoth(a, b, seen));
  EXPECT_EQ(seen, (std::vector<Executor*>{&b, &a, &a, &b}));
}

}  // namespace
}  // namespace hearth::sim
