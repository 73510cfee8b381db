#include "base/signal.h"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/executors_for_test.h"
#include "base/task.h"

namespace hearth {
namespace {

using std::chrono::seconds;
using Woke = Signal::Woke;

struct WaitOptions {
  TimePoint deadline = TimePoint::max();
  CancelToken cancel = {};
};

Task<void> WaitOnce(Signal& signal, std::uint64_t seen, WaitOptions options, std::optional<Woke>& woke) {
  woke = co_await signal.Wait(seen, options.deadline, options.cancel);
}

class SignalTest : public testing::Test {
 protected:
  void StartWait(WaitOptions options, std::optional<Woke>& woke) {
    executor_.Start(WaitOnce(signal_, signal_.generation(), std::move(options), woke));
    executor_.RunUntilIdle();
  }
  TimePoint In(Duration duration) const { return executor_.clock().Now() + duration; }

  QueueExecutor executor_;
  Signal signal_;
  std::optional<Woke> woke_;
};

TEST_F(SignalTest, AWaiterSleepsUntilTheNextNotify) {
  StartWait({}, woke_);
  EXPECT_FALSE(woke_.has_value());
  signal_.NotifyAll();
  EXPECT_FALSE(woke_.has_value());  // as a job of its executor, never inside NotifyAll
  executor_.RunUntilIdle();
  EXPECT_EQ(woke_, Woke::kChanged);
}

TEST_F(SignalTest, ANotifyBeforeTheWaitIsNotLost) {
  const std::uint64_t seen = signal_.generation();
  signal_.NotifyAll();
  executor_.Start(WaitOnce(signal_, seen, {}, woke_));
  executor_.RunUntilIdle();
  EXPECT_EQ(woke_, Woke::kChanged);
}

TEST_F(SignalTest, EveryWaiterWakes) {
  std::vector<std::optional<Woke>> woke(5);
  for (auto& one : woke) StartWait({}, one);
  signal_.NotifyAll();
  executor_.RunUntilIdle();
  for (const auto& one : woke) EXPECT_EQ(one, Woke::kChanged);
}

TEST_F(SignalTest, TheDeadlineWakes) {
  StartWait({.deadline = In(seconds(5)), .cancel = {}}, woke_);
  executor_.Advance(seconds(4));
  EXPECT_FALSE(woke_.has_value());
  executor_.Advance(seconds(1));
  EXPECT_EQ(woke_, Woke::kDeadline);
}

TEST_F(SignalTest, ADeadlineInThePastWakesAtOnce) {
  StartWait({.deadline = In(seconds(-1)), .cancel = {}}, woke_);
  executor_.Advance(seconds(0));
  EXPECT_EQ(woke_, Woke::kDeadline);
}

TEST_F(SignalTest, ANotifyCancelsTheTimer) {
  StartWait({.deadline = In(seconds(5)), .cancel = {}}, woke_);
  EXPECT_EQ(executor_.timers(), 1u);
  signal_.NotifyAll();
  executor_.RunUntilIdle();
  EXPECT_EQ(executor_.timers(), 0u);
  executor_.Advance(seconds(10));
  EXPECT_EQ(woke_, Woke::kChanged);
}

TEST_F(SignalTest, CancellingWakes) {
  CancelSource source;
  StartWait({.cancel = source.token()}, woke_);
  source.Cancel();
  executor_.RunUntilIdle();
  EXPECT_EQ(woke_, Woke::kCancelled);
}

TEST_F(SignalTest, ATokenCancelledBeforeTheWaitWakesAtOnce) {
  CancelSource source;
  source.Cancel();
  StartWait({.cancel = source.token()}, woke_);
  EXPECT_EQ(woke_, Woke::kCancelled);
}

TEST_F(SignalTest, TheFirstReasonCounts) {
  CancelSource source;
  StartWait({.deadline = In(seconds(1)), .cancel = source.token()}, woke_);
  signal_.NotifyAll();
  source.Cancel();
  executor_.Advance(seconds(2));
  EXPECT_EQ(woke_, Woke::kChanged);
}

TEST_F(SignalTest, AWaiterThatLeftIsForgotten) {
  CancelSource source;
  StartWait({.cancel = source.token()}, woke_);
  source.Cancel();
  executor_.RunUntilIdle();
  signal_.NotifyAll();  // would resume a coroutine that is gone
  EXPECT_EQ(executor_.RunUntilIdle(), 0u);
}

// Counts to `target` in step with the signal, as every user of one does.
struct Counter {
  Mutex mutex;
  int value GUARDED_BY(mutex) = 0;
  Signal changed;
};

Task<void> WaitForValue(Counter& counter, int target, std::atomic<int>& arrived) {
  while (true) {
    std::uint64_t seen = 0;
    {
      MutexLock lock(counter.mutex);
      if (counter.value >= target) break;
      seen = counter.changed.generation();
    }
    co_await counter.changed.Wait(seen);
  }
  ++arrived;
}

TEST(SignalThreads, NoWakeIsLostBetweenLookingAndWaiting) {
  constexpr int kTarget = 2000;
  Counter counter;
  std::atomic<int> arrived = 0;
  {
    ThreadExecutor first;
    ThreadExecutor second;
    for (int i = 1; i <= kTarget; ++i) {
      (i % 2 == 0 ? first : second).executor().Start(WaitForValue(counter, i, arrived));
    }
    for (int i = 0; i < kTarget; ++i) {
      {
        MutexLock lock(counter.mutex);
        ++counter.value;
      }
      counter.changed.NotifyAll();
    }
    QueueExecutor here;
    bool done = false;
    auto wait = [](Counter& all, std::atomic<int>& count, bool& finished) -> Task<void> {
      co_await WaitForValue(all, kTarget, count);
      finished = true;
    };
    here.Start(wait(counter, arrived, done));
    here.RunUntil([&] { return done; });
  }
  EXPECT_EQ(arrived, kTarget + 1);
}

Task<void> WaitAndCount(Signal& signal, CancelToken cancel, int& woken) {
  co_await signal.Wait(signal.generation(), TimePoint::max(), std::move(cancel));
  ++woken;
}

TEST(SignalThreads, ANotifyAndACancelAtOnceResumeTheWaiterOnce) {
  for (int round = 0; round < 500; ++round) {
    Signal signal;
    CancelSource source;
    QueueExecutor executor;
    int woken = 0;
    executor.Start(WaitAndCount(signal, source.token(), woken));
    executor.RunUntilIdle();
    std::thread canceller([&] { source.Cancel(); });
    signal.NotifyAll();
    executor.RunUntil([&] { return woken == 1; });
    canceller.join();
    EXPECT_EQ(executor.RunUntilIdle(), 0u);
    EXPECT_EQ(woken, 1);
  }
}

}  // namespace
}  // namespace hearth
