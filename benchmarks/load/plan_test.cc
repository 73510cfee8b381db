#include "load/plan.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace hearth::load {
namespace {

TEST(Plan, ASweepAsksForEveryRangeOfEveryObjectOnceAndBeginsAgain) {
  Plan plan({.first = 7, .objects = 2, .object_size = 3_KiB, .range_size = 1_KiB, .order = Order::kSweep});
  std::vector<Request> asked(7);
  for (Request& request : asked) request = plan.Next();
  const std::vector<Request> expected = {{7, {0, 1_KiB}},     {7, {1_KiB, 2_KiB}}, {7, {2_KiB, 3_KiB}}, {8, {0, 1_KiB}},
                                         {8, {1_KiB, 2_KiB}}, {8, {2_KiB, 3_KiB}}, {7, {0, 1_KiB}}};
  EXPECT_EQ(asked, expected);
}

TEST(Plan, RandomRangesAreAlignedAndReachEveryPlace) {
  Plan plan({.objects = 3, .object_size = 16_KiB, .range_size = 4_KiB});
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (int i = 0; i < 1000; ++i) {
    const Request request = plan.Next();
    ASSERT_EQ(request.range.begin % 4_KiB, 0u);
    ASSERT_EQ(request.range.length(), 4_KiB);
    ASSERT_LE(request.range.end, 16_KiB);
    seen.emplace(request.object, request.range.begin);
  }
  EXPECT_EQ(seen.size(), 12u);
}

TEST(Plan, AFixedOffsetIsOneRangePerObject) {
  Plan plan({.objects = 2, .object_size = 16_MiB, .range_size = 64_KiB, .offset = 8_MiB + 5, .order = Order::kSweep});
  EXPECT_EQ(plan.Next(), (Request{0, {8_MiB + 5, 8_MiB + 5 + 64_KiB}}));
  EXPECT_EQ(plan.Next(), (Request{1, {8_MiB + 5, 8_MiB + 5 + 64_KiB}}));
}

TEST(Plan, WholeObjectsAreAskedForFromFirstToLastByte) {
  Plan plan({.objects = 1, .object_size = 12345});
  EXPECT_EQ(plan.Next(), (Request{0, {0, 12345}}));
}

TEST(Plan, TheSameSeedAsksTheSame) {
  const Workload workload{.objects = 100, .range_size = 4_KiB, .seed = 42};
  Plan one(workload);
  Plan other(workload);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(one.Next(), other.Next());
}

TEST(Workload, ANumberReplacesTheBraces) {
  EXPECT_EQ(Workload{.path = "/b/object-{}"}.PathOf(12), "/b/object-12");
  EXPECT_EQ(Workload{.path = "/b/one"}.PathOf(12), "/b/one");
}

TEST(Workload, WhatCannotBeAskedForIsRefused) {
  EXPECT_TRUE(Workload{}.Validate());
  EXPECT_FALSE(Workload{.path = "b"}.Validate());
  EXPECT_FALSE(Workload{.objects = 0}.Validate());
  EXPECT_FALSE((Workload{.object_size = 10, .range_size = 11}.Validate()));
  EXPECT_FALSE((Workload{.object_size = 10, .range_size = 4, .offset = 7}.Validate()));
}

}  // namespace
}  // namespace hearth::load
