#include "base/random.h"

#include <array>

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(Random, IsSplitmix64) {
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317u);
  EXPECT_EQ(random.Next(), 3203168211198807973u);
  EXPECT_EQ(random.Next(), 9817491932198370423u);
}

TEST(Random, BelowStaysBelowAndReachesEveryValue) {
  Random random(7);
  std::array<int, 5> counts{};
  for (int i = 0; i < 5000; ++i) ++counts.at(random.Below(5));
  for (const int count : counts) EXPECT_NEAR(count, 1000, 200);
}

TEST(Random, OneInNIsThatRare) {
  Random random(7);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) hits += random.OneIn(10) ? 1 : 0;
  EXPECT_NEAR(hits, 1000, 200);
  EXPECT_TRUE(random.OneIn(1));
}

TEST(Random, FractionIsFromZeroToBelowOne) {
  Random random(7);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double fraction = random.Fraction();
    ASSERT_GE(fraction, 0.0);
    ASSERT_LT(fraction, 1.0);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

}  // namespace
}  // namespace hearth
