#include "io/loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "base/signal.h"
#include "base/task.h"
#include "io/unique_fd.h"

namespace hearth::io {
namespace {

using std::chrono::milliseconds;

std::unique_ptr<Loop> StartedLoop() {
  auto loop = Loop::Create({.name = "test-loop"});
  EXPECT_TRUE(loop.has_value());
  (*loop)->Start();
  return std::move(*loop);
}

// Runs `work` on the loop and waits for it.
template <typename Work>
void On(Loop& loop, Work work) {
  std::promise<void> done;
  loop.Post([&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

class CountingHandler final : public Loop::Handler {
 public:
  explicit CountingHandler(std::function<void(std::uint32_t)> on_events) : on_events_(std::move(on_events)) {}
  void OnEvents(std::uint32_t events) override { on_events_(events); }

 private:
  std::function<void(std::uint32_t)> on_events_;
};

struct SocketPair {
  SocketPair() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    near.Reset(fds[0]);
    far.Reset(fds[1]);
  }
  UniqueFd near;
  UniqueFd far;
};

TEST(Loop, RunsJobsOfOneThreadInTheirOrder) {
  auto loop = StartedLoop();
  std::vector<int> ran;
  for (int i = 0; i < 1000; ++i) loop->Post([&, i] { ran.push_back(i); });
  On(*loop, [] {});
  ASSERT_EQ(ran.size(), 1000u);
  EXPECT_TRUE(std::ranges::is_sorted(ran));
}

TEST(Loop, LosesNoJobOfManyThreads) {
  auto loop = StartedLoop();
  int ran = 0;  // the loop's thread only
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) loop->Post([&] { ++ran; });
    });
  }
  for (auto& thread : threads) thread.join();
  On(*loop, [&] { EXPECT_EQ(ran, 20'000); });
}

TEST(Loop, AJobIsNeverRunInsideThePost) {
  auto loop = StartedLoop();
  std::vector<std::string> order;
  std::promise<void> done;
  loop->Post([&] {
    EXPECT_TRUE(loop->OnLoopThread());
    loop->Post([&] {
      order.emplace_back("inner");
      done.set_value();
    });
    order.emplace_back("outer");
  });
  done.get_future().wait();
  EXPECT_THAT(order, testing::ElementsAre("outer", "inner"));
}

TEST(Loop, TimersFireInOrderAndNotEarly) {
  auto loop = StartedLoop();
  std::vector<int> order;
  std::promise<void> done;
  const TimePoint start = loop->clock().Now();
  loop->PostAfter(milliseconds(20), [&] {
    order.push_back(20);
    EXPECT_GE(loop->clock().Now() - start, milliseconds(20));
    done.set_value();
  });
  loop->PostAfter(milliseconds(5), [&] { order.push_back(5); });
  done.get_future().wait();
  EXPECT_THAT(order, testing::ElementsAre(5, 20));
}

TEST(Loop, OnItsOwnThreadACancelledTimerNeverFires) {
  auto loop = StartedLoop();
  std::atomic<bool> fired = false;
  On(*loop, [&] {
    const auto victim = loop->PostAfter(Duration::zero(), [&] { fired = true; });
    // It is due already, and would fire in the next turn.
    loop->Cancel(victim);
  });
  std::promise<void> later;
  loop->PostAfter(milliseconds(5), [&] { later.set_value(); });
  later.get_future().wait();
  EXPECT_FALSE(fired);
}

TEST(Loop, ATimerCancelledFromAnotherThreadBeforeItIsDueDoesNotFire) {
  auto loop = StartedLoop();
  std::atomic<bool> fired = false;
  const auto timer = loop->PostAfter(std::chrono::hours(1), [&] { fired = true; });
  loop->Cancel(timer);
  loop->Cancel(timer);
  On(*loop, [] {});
  EXPECT_FALSE(fired);
}

TEST(Loop, AnEndlessTimerDoesNotOverflow) {
  auto loop = StartedLoop();
  std::atomic<bool> fired = false;
  loop->PostAfter(Duration::max(), [&] { fired = true; });
  On(*loop, [] {});
  EXPECT_FALSE(fired);
}

TEST(Loop, TellsAHandlerThatItsSocketIsReadable) {
  auto loop = StartedLoop();
  SocketPair pair;
  std::promise<std::uint32_t> seen;
  CountingHandler handler([&](std::uint32_t events) {
    loop->Unwatch(pair.near.get());
    seen.set_value(events);
  });
  On(*loop, [&] { ASSERT_TRUE(loop->Watch(pair.near.get(), EPOLLIN, &handler)); });
  ASSERT_EQ(::send(pair.far.get(), "x", 1, 0), 1);
  EXPECT_TRUE(seen.get_future().get() & EPOLLIN);
}

TEST(Loop, AHandlerThatWasUnwatchedInTheSameBatchIsNotCalled) {
  auto loop = StartedLoop();
  SocketPair first;
  SocketPair second;
  int calls = 0;  // the loop's thread only
  const auto unwatch_both = [&](std::uint32_t) {
    ++calls;
    loop->Unwatch(first.near.get());
    loop->Unwatch(second.near.get());
  };
  auto a = std::make_unique<CountingHandler>(unwatch_both);
  auto b = std::make_unique<CountingHandler>(unwatch_both);
  On(*loop, [&] {
    ASSERT_EQ(::send(first.far.get(), "x", 1, 0), 1);
    ASSERT_EQ(::send(second.far.get(), "x", 1, 0), 1);
    ASSERT_TRUE(loop->Watch(first.near.get(), EPOLLIN, a.get()));
    ASSERT_TRUE(loop->Watch(second.near.get(), EPOLLIN, b.get()));
  });
  // Both are ready before the loop looks: one epoll_wait returns both.
  On(*loop, [] {});
  On(*loop, [&] { EXPECT_EQ(calls, 1); });
}

TEST(Loop, ModifyChangesWhatIsWaitedFor) {
  auto loop = StartedLoop();
  SocketPair pair;
  std::promise<std::uint32_t> seen;
  CountingHandler handler([&](std::uint32_t events) {
    loop->Unwatch(pair.near.get());
    seen.set_value(events);
  });
  On(*loop, [&] {
    ASSERT_TRUE(loop->Watch(pair.near.get(), 0, &handler));
    ASSERT_TRUE(loop->Modify(pair.near.get(), EPOLLOUT, &handler));
  });
  EXPECT_TRUE(seen.get_future().get() & EPOLLOUT);
}

TEST(Loop, StopDropsWhatIsQueuedAndRunsItsDestructors) {
  auto loop = Loop::Create({});
  ASSERT_TRUE(loop.has_value());
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watch = held;
  (*loop)->Post([held] { ADD_FAILURE() << "ran without a thread"; });
  (*loop)->PostAfter(Duration::zero(), [held] { ADD_FAILURE() << "ran without a thread"; });
  held.reset();
  EXPECT_FALSE(watch.expired());
  (*loop)->Stop();
  EXPECT_TRUE(watch.expired());
  (*loop)->Post([] { ADD_FAILURE() << "ran after Stop"; });
  (*loop)->Stop();
}

TEST(Loop, ADroppedJobMayPostFromItsDestructor) {
  struct PostsWhenDropped {
    explicit PostsWhenDropped(Loop* where) : loop(where) {}
    PostsWhenDropped(PostsWhenDropped&& other) noexcept : loop(std::exchange(other.loop, nullptr)) {}
    ~PostsWhenDropped() {
      if (loop != nullptr) loop->Post([] { ADD_FAILURE() << "ran after Stop"; });
    }
    Loop* loop;
  };
  auto loop = Loop::Create({});
  ASSERT_TRUE(loop.has_value());
  (*loop)->Post([guard = PostsWhenDropped(loop->get())] { (void)guard; });
  (*loop)->Stop();
}

Task<void> CountOn(Loop& loop, Signal& signal, std::promise<int>& result) {
  const std::uint64_t seen = signal.generation();
  const auto woke = co_await signal.Wait(seen, loop.clock().Now() + milliseconds(5));
  EXPECT_EQ(woke, Signal::Woke::kDeadline);
  EXPECT_TRUE(loop.OnLoopThread());
  const int value = co_await RunOn(static_cast<Executor&>(loop), [] { return 7; });
  result.set_value(value);
}

TEST(Loop, CoroutinesWaitOnItWithADeadline) {
  auto loop = StartedLoop();
  Signal signal;
  std::promise<int> result;
  loop->Post([&] { StartDetached(CountOn(*loop, signal, result)); });
  EXPECT_EQ(result.get_future().get(), 7);
}

TEST(Loop, AnIdleLoopUsesNoCpu) {
  auto loop = StartedLoop();
  clockid_t cpu_clock{};
  On(*loop, [&] { ASSERT_EQ(::pthread_getcpuclockid(::pthread_self(), &cpu_clock), 0); });
  loop->PostAfter(std::chrono::hours(1), [] {});
  On(*loop, [] {});
  timespec before{};
  timespec after{};
  ::clock_gettime(cpu_clock, &before);
  std::promise<void> never;
  (void)never.get_future().wait_for(milliseconds(200));
  ::clock_gettime(cpu_clock, &after);
  const auto used = (after.tv_sec - before.tv_sec) * 1'000'000'000 + (after.tv_nsec - before.tv_nsec);
  EXPECT_LT(used, 2'000'000);
}

}  // namespace
}  // namespace hearth::io
