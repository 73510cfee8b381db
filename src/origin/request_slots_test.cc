#include "origin/request_slots.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/sim_executor.h"

namespace hearth::origin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RequestSlotsTest : public testing::Test {
 protected:
  Result<RequestSlots::Slot> Acquire(RequestSlots& slots, Duration patience = milliseconds(10)) {
    return world_.Run(slots.Acquire(world_.clock().Now() + patience, {}));
  }
  sim::SimWorld world_{1};
};

TEST_F(RequestSlotsTest, GivesAsManyAsTheLimitAndMakesTheNextWait) {
  RequestSlots slots({.initial = 2});
  std::vector<RequestSlots::Slot> held;
  for (int i = 0; i < 2; ++i) held.push_back(*Acquire(slots));
  const auto refused = Acquire(slots);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kDeadlineExceeded);
  world_.main().PostAfter(seconds(1), [&] { held.pop_back(); });
  EXPECT_TRUE(Acquire(slots, seconds(5))) << "one that is given back is taken";
  EXPECT_EQ(slots.used(), 1u) << "and given back by itself";
}

TEST_F(RequestSlotsTest, AClientThatLeavesWaitsNoLonger) {
  RequestSlots slots({.initial = 1, .min = 1});
  const auto held = Acquire(slots);
  CancelSource client;
  world_.main().PostAfter(seconds(1), [&] { client.Cancel(); });
  const auto waited = world_.Run(slots.Acquire(TimePoint::max(), client.token()));
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code(), Code::kCancelled);
}

TEST_F(RequestSlotsTest, ShrinksOnceForManySignsOfOneOverload) {
  RequestSlots slots({.initial = 100, .min = 10});
  const TimePoint start = world_.clock().Now();
  for (int i = 0; i < 50; ++i) slots.NoteOverload(start);
  EXPECT_EQ(slots.limit(), 67u);
  for (int i = 1; i < 50; ++i) slots.NoteOverload(start + i * RequestSlots::kShrinkPause);
  EXPECT_EQ(slots.limit(), 10u);
}

TEST_F(RequestSlotsTest, GrowsSlowlyAndOnlyWhileItIsUsed) {
  RequestSlots slots({.initial = 10, .min = 4, .max = 12});
  for (int i = 0; i < 1000; ++i) slots.NoteAnswered();
  EXPECT_EQ(slots.limit(), 10u) << "nobody needed more";
  std::vector<RequestSlots::Slot> held;
  for (int i = 0; i < 10; ++i) held.push_back(*Acquire(slots));
  for (int i = 0; i < 11; ++i) slots.NoteAnswered();
  EXPECT_EQ(slots.limit(), 11u);
  for (int i = 0; i < 1000; ++i) slots.NoteAnswered();
  EXPECT_EQ(slots.limit(), 12u);
}

}  // namespace
}  // namespace hearth::origin
