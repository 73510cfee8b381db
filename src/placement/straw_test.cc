#include "placement/straw.h"

#include <cmath>

#include <gtest/gtest.h>

#include "base/random.h"

namespace hearth::placement {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};

Straw Draws(std::uint64_t draw, std::uint32_t weight, std::uint16_t member = 0) {
  return {draw, CostOf(draw), weight, member};
}

TEST(Straw, TheTableIsTheLogarithmRounded) {
  for (std::size_t i = 0; i < kLogIntervals; ++i) {
    const long double exact = 0x1p48L * std::log(1024.0L / static_cast<long double>(1024 - i));
    EXPECT_NEAR(static_cast<double>(static_cast<long double>(kLogTable[i]) - exact), 0, 0.51) << i;
  }
  EXPECT_EQ(kLogTable[512], 195103586505167u);
  EXPECT_EQ(kLogTable[1024] - kLogTable[1023], std::uint64_t{2} << 48);
}

TEST(Straw, TheCostIsTheLogarithmInterpolated) {
  EXPECT_EQ(CostOf(0), 0u);
  EXPECT_EQ(CostOf(std::uint64_t{1} << 63), kLogTable[512]);
  EXPECT_LT(CostOf(kMax), kLogTable[1024]);
  Random random(1);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t draw = random.Next() >> (i % 16);
    if (draw >> 54 == 1023) continue;
    const double exact = -std::log1p(-static_cast<double>(draw) * 0x1p-64) * 0x1p48;
    const double worst = draw >> 54 < 512 ? 0.0006 : 0.03;  // the last intervals are coarse, and decide nothing
    EXPECT_NEAR(static_cast<double>(CostOf(draw)) / exact, 1, worst) << draw;
  }
}

TEST(Straw, TheCostNeverFallsAsTheDrawRises) {
  Random random(2);
  for (int i = 0; i < 10000; ++i) {
    const std::uint64_t draw = random.Next() | 1;
    EXPECT_LE(CostOf(draw - 1), CostOf(draw)) << draw;
  }
  for (std::uint64_t interval = 1; interval < kLogIntervals; ++interval) {
    const std::uint64_t first = interval << 54;
    EXPECT_LE(CostOf(first - 1), CostOf(first)) << interval;
    EXPECT_LT(CostOf(first), CostOf(first + (std::uint64_t{1} << 53))) << interval;
  }
}

TEST(Straw, TheLesserCostForItsWeightIsBetter) {
  const std::uint64_t half = std::uint64_t{1} << 63;
  EXPECT_TRUE(IsBetter(Draws(half - 1000000, 1), Draws(half, 1)));
  EXPECT_TRUE(IsBetter(Draws(half, 2), Draws(half, 1)));
  EXPECT_TRUE(IsBetter(Draws(half, 0xffffffff), Draws(half / 2, 1)));
  EXPECT_FALSE(IsBetter(Draws(half, 1), Draws(half, 1)));
}

TEST(Straw, TiesAreBrokenByDrawAndThenByName) {
  EXPECT_EQ(CostOf(0), CostOf(1));
  EXPECT_TRUE(IsBetter(Draws(0, 1, 7), Draws(1, 1, 3)));
  EXPECT_TRUE(IsBetter(Draws(5, 1, 3), Draws(5, 1, 7)));
  EXPECT_FALSE(IsBetter(Draws(5, 1, 7), Draws(5, 1, 3)));
}

TEST(Straw, MembersAndPartitionsDrawDifferently) {
  EXPECT_NE(SeedOf("a"), SeedOf("b"));
  EXPECT_NE(DrawOf(SeedOf("a"), {0}), DrawOf(SeedOf("b"), {0}));
  EXPECT_NE(DrawOf(SeedOf("a"), {0}), DrawOf(SeedOf("a"), {1}));
}

}  // namespace
}  // namespace hearth::placement
