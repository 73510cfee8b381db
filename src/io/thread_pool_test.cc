#include "io/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <vector>

namespace hearth::io {
namespace {

using std::chrono::milliseconds;

TEST(ThreadPool, RunsEverythingThatIsQueuedBeforeItStops) {
  std::atomic<int> ran = 0;
  auto pool = ThreadPool::Create({.name = "test-pool", .threads = 3});
  for (int i = 0; i < 1000; ++i) pool->Post([&] { ++ran; });
  pool->Stop();
  EXPECT_EQ(ran, 1000);
}

TEST(ThreadPool, OneThreadStartsJobsInTheirOrder) {
  auto pool = ThreadPool::Create({.threads = 1});
  std::vector<int> ran;
  for (int i = 0; i < 100; ++i) pool->Post([&, i] { ran.push_back(i); });
  pool->Stop();
  EXPECT_EQ(ran.size(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(ran));
}

TEST(ThreadPool, ItsThreadsRunAtTheSameTime) {
  auto pool = ThreadPool::Create({.threads = 3});
  std::latch all(4);  // passes only when three jobs and this thread have met
  for (int i = 0; i < 3; ++i) pool->Post([&] { all.arrive_and_wait(); });
  all.arrive_and_wait();
  pool->Stop();
}

TEST(ThreadPool, IsTheCurrentExecutorOfItsJobs) {
  auto pool = ThreadPool::Create({});
  std::promise<Executor*> current;
  pool->Post([&] { current.set_value(Executor::Current()); });
  EXPECT_EQ(current.get_future().get(), pool.get());
}

TEST(ThreadPool, NiceThreadsGiveWayToTheRestOfTheProcess) {
  const auto priority = [] { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); };
  auto pool = ThreadPool::Create({.threads = 1, .nice = 3});
  std::promise<int> of_the_pool;
  pool->Post([&] { of_the_pool.set_value(priority()); });
  EXPECT_EQ(of_the_pool.get_future().get(), std::min(19, priority() + 3));
  pool->Stop();
}

TEST(ThreadPool, TimersFireWhenDueAndNotBefore) {
  auto pool = ThreadPool::Create({.threads = 2});
  const TimePoint start = pool->clock().Now();
  std::promise<TimePoint> fired;
  pool->PostAfter(milliseconds(10), [&] { fired.set_value(pool->clock().Now()); });
  EXPECT_GE(fired.get_future().get() - start, milliseconds(10));
}

TEST(ThreadPool, ACancelledTimerDoesNotFireAndStopDropsTheRest) {
  auto pool = ThreadPool::Create({.threads = 1});
  std::atomic<bool> fired = false;
  auto held = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = held;
  pool->Cancel(pool->PostAfter(milliseconds(1), [&] { fired = true; }));
  pool->PostAfter(std::chrono::hours(1), [&, keep = std::move(held)] { fired = true; });
  std::promise<void> later;
  pool->PostAfter(milliseconds(5), [&] { later.set_value(); });
  later.get_future().wait();
  pool->Stop();
  EXPECT_FALSE(fired);
  EXPECT_TRUE(watch.expired());
}

TEST(ThreadPool, AfterStopJobsAreDropped) {
  auto pool = ThreadPool::Create({});
  pool->Stop();
  pool->Post([] { ADD_FAILURE() << "ran after Stop"; });
  EXPECT_EQ(pool->PostAfter(milliseconds(0), [] { ADD_FAILURE() << "ran after Stop"; }), 0u);
}

}  // namespace
}  // namespace hearth::io
