#include "io/timer_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace hearth::io {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

constexpr TimePoint kStart{};

std::vector<int> RunDue(TimerQueue& queue, TimePoint now, std::vector<int>& ran) {
  ran.clear();
  while (Job job = queue.TakeDue(now)) job();
  return ran;
}

TEST(TimerQueue, JobsComeOutInTheOrderTheyAreDue) {
  TimerQueue queue;
  std::vector<int> ran;
  queue.Add(1, kStart + milliseconds(30), [&] { ran.push_back(30); });
  queue.Add(2, kStart + milliseconds(10), [&] { ran.push_back(10); });
  queue.Add(3, kStart + milliseconds(20), [&] { ran.push_back(20); });
  EXPECT_EQ(queue.NextDue(), kStart + milliseconds(10));
  EXPECT_THAT(RunDue(queue, kStart + milliseconds(20), ran), ElementsAre(10, 20));
  EXPECT_THAT(RunDue(queue, kStart + milliseconds(29), ran), ElementsAre());
  EXPECT_THAT(RunDue(queue, kStart + milliseconds(30), ran), ElementsAre(30));
  EXPECT_EQ(queue.NextDue(), std::nullopt);
}

TEST(TimerQueue, JobsOfOneInstantComeOutInTheOrderOfTheirIds) {
  TimerQueue queue;
  std::vector<int> ran;
  for (const int id : {5, 1, 4, 2, 3})
    queue.Add(static_cast<Executor::TimerId>(id), kStart, [&, id] { ran.push_back(id); });
  EXPECT_THAT(RunDue(queue, kStart, ran), ElementsAre(1, 2, 3, 4, 5));
}

TEST(TimerQueue, ACancelledJobNeverComesOut) {
  TimerQueue queue;
  std::vector<int> ran;
  queue.Add(1, kStart, [&] { ran.push_back(1); });
  queue.Add(2, kStart, [&] { ran.push_back(2); });
  EXPECT_TRUE(queue.Cancel(1));
  EXPECT_FALSE(queue.Cancel(1));
  EXPECT_THAT(RunDue(queue, kStart, ran), ElementsAre(2));
  EXPECT_FALSE(queue.Cancel(2));
}

TEST(TimerQueue, ManyCancelledTimersDoNotHideTheLiveOne) {
  TimerQueue queue;
  std::vector<int> ran;
  queue.Add(1, kStart + milliseconds(1), [&] { ran.push_back(1); });
  for (Executor::TimerId id = 2; id < 10'000; ++id) {
    queue.Add(id, kStart, [&] { ran.push_back(0); });
    queue.Cancel(id);
  }
  EXPECT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue.NextDue(), kStart + milliseconds(1));
  EXPECT_THAT(RunDue(queue, kStart + milliseconds(1), ran), ElementsAre(1));
}

}  // namespace
}  // namespace hearth::io
