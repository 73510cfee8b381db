#include "base/cancel.h"

#include <atomic>
#include <barrier>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(CancelToken, OneOfNoSourceIsNeverCancelled) {
  const CancelToken token;
  const CancelToken::Registration registration = token.OnCancel([] { FAIL(); });
  EXPECT_FALSE(token.IsCancelled());
}

TEST(CancelToken, EveryCopySeesTheCancel) {
  CancelSource source;
  const CancelToken first = source.token();
  const CancelToken second = first;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the point
  EXPECT_FALSE(second.IsCancelled());
  source.Cancel();
  EXPECT_TRUE(first.IsCancelled());
  EXPECT_TRUE(second.IsCancelled());
}

TEST(CancelToken, ACallbackRunsOnceHoweverOftenOneCancels) {
  CancelSource source;
  int calls = 0;
  const auto registration = source.token().OnCancel([&] { ++calls; });
  source.Cancel();
  source.Cancel();
  EXPECT_EQ(calls, 1);
}

TEST(CancelToken, ACallbackThatComesTooLateRunsAtOnce) {
  CancelSource source;
  source.Cancel();
  int calls = 0;
  const auto registration = source.token().OnCancel([&] { ++calls; });
  EXPECT_EQ(calls, 1);
}

TEST(CancelToken, ADroppedRegistrationKeepsTheCallbackFromStarting) {
  CancelSource source;
  int calls = 0;
  {
    const auto registration = source.token().OnCancel([&] { ++calls; });
  }
  source.Cancel();
  EXPECT_EQ(calls, 0);
}

TEST(CancelToken, AMovedRegistrationStaysRegistered) {
  CancelSource source;
  int first = 0;
  int second = 0;
  auto registration = source.token().OnCancel([&] { ++first; });
  CancelToken::Registration moved = std::move(registration);
  moved = source.token().OnCancel([&] { ++second; });  // drops the first
  source.Cancel();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
}

TEST(CancelToken, ACallbackMayDropItsOwnAndOtherRegistrations) {
  CancelSource source;
  std::optional<CancelToken::Registration> own;
  std::optional<CancelToken::Registration> other;
  int other_calls = 0;
  own = source.token().OnCancel([&] {
    own.reset();
    other.reset();
  });
  other = source.token().OnCancel([&] { ++other_calls; });
  source.Cancel();
  EXPECT_EQ(other_calls, 0);
}

TEST(CancelToken, ACallbackMayRegisterAnother) {
  CancelSource source;
  int calls = 0;
  CancelToken::Registration inner;
  const auto outer = source.token().OnCancel([&] { inner = source.token().OnCancel([&] { ++calls; }); });
  source.Cancel();
  EXPECT_EQ(calls, 1);
}

// What a callback holds may itself hold a registration of the same token.
struct Holder {
  CancelToken::Registration registration;
};

TEST(CancelToken, ACallbackWhoseCaptureOwnsARegistrationIsDroppedOutsideTheLock) {
  CancelSource source;
  auto holder = std::make_shared<Holder>();
  holder->registration = source.token().OnCancel([] {});
  std::optional<CancelToken::Registration> dropped = source.token().OnCancel([holder] {});
  auto cancelled_holder = std::make_shared<Holder>();
  cancelled_holder->registration = source.token().OnCancel([] {});
  const auto kept = source.token().OnCancel([cancelled_holder] {});
  holder.reset();
  cancelled_holder.reset();
  dropped.reset();
  source.Cancel();
  EXPECT_TRUE(source.token().IsCancelled());
}

TEST(CancelToken, DroppingWaitsForACallbackThatRunsOnAnotherThread) {
  for (int round = 0; round < 200; ++round) {
    CancelSource source;
    std::atomic<bool> finished = false;
    std::atomic<bool> entered = false;
    std::optional<CancelToken::Registration> registration = source.token().OnCancel([&] {
      entered = true;
      for (int i = 0; i < 100; ++i) std::this_thread::yield();
      finished = true;
    });
    std::thread canceller([&] { source.Cancel(); });
    while (!entered) std::this_thread::yield();
    registration.reset();
    EXPECT_TRUE(finished);
    canceller.join();
  }
}

TEST(CancelToken, RegisteringDroppingAndCancellingRaceWithoutALostOrLateCall) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 300; ++round) {
    CancelSource source;
    std::atomic<int> kept_calls = 0;
    std::atomic<int> late_calls = 0;
    std::barrier start(kThreads + 1);
    std::vector<CancelToken::Registration> kept(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        start.arrive_and_wait();
        kept[static_cast<std::size_t>(i)] = source.token().OnCancel([&] { ++kept_calls; });
        std::atomic<bool> dropped = false;
        {
          const auto brief = source.token().OnCancel([&] { late_calls += dropped ? 1 : 0; });
        }
        dropped = true;
      });
    }
    start.arrive_and_wait();
    source.Cancel();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(kept_calls, kThreads);
    EXPECT_EQ(late_calls, 0);
  }
}

TEST(CancelToken, TwoThreadsThatCancelRunEachCallbackOnce) {
  for (int round = 0; round < 300; ++round) {
    CancelSource source;
    std::atomic<int> calls = 0;
    std::vector<CancelToken::Registration> registrations;
    for (int i = 0; i < 8; ++i) registrations.push_back(source.token().OnCancel([&] { ++calls; }));
    std::thread other([&] { source.Cancel(); });
    source.Cancel();
    other.join();
    EXPECT_EQ(calls, 8);
  }
}

}  // namespace
}  // namespace hearth
