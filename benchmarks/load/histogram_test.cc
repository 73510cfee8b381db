#include "load/histogram.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace hearth::load {
namespace {

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 100; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.Quantile(0.5), 50u);
  EXPECT_EQ(histogram.Quantile(0.99), 99u);
  EXPECT_EQ(histogram.Quantile(1), 100u);
  EXPECT_EQ(histogram.Quantile(0), 1u);
  EXPECT_DOUBLE_EQ(histogram.Mean(), 50.5);
}

TEST(Histogram, LargeValuesAreExactToOnePart128) {
  for (std::uint64_t value = 200; value < 10'000'000'000'000; value = value * 5 / 3 + 1) {
    Histogram histogram;
    histogram.Add(value);
    histogram.Add(2 * value);  // so that the bucket's bound is not cut to the maximum
    EXPECT_GE(histogram.Quantile(0.5), value);
    EXPECT_LE(histogram.Quantile(0.5), value + value / 128 + 1) << value;
  }
}

TEST(Histogram, TheMaximumIsExactAndNoQuantileIsAbove) {
  Histogram histogram;
  histogram.Add(1'000'003);
  EXPECT_EQ(histogram.max(), 1'000'003u);
  EXPECT_EQ(histogram.Quantile(0.99), 1'000'003u);
}

TEST(Histogram, TakesTheLargestNumberThereIs) {
  Histogram histogram;
  histogram.Add(std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(histogram.Quantile(0.5), std::numeric_limits<std::uint64_t>::max());
}

TEST(Histogram, AnEmptyOneSaysZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.Quantile(0.5), 0u);
  EXPECT_EQ(histogram.Mean(), 0);
}

}  // namespace
}  // namespace hearth::load
