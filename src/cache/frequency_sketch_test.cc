#include "cache/frequency_sketch.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth::cache {
namespace {

Hash128 HashOf(std::uint64_t number) { return HashParts128({"sketch", std::to_string(number)}); }

TEST(FrequencySketch, KnowsNothingBeforeItIsUsed) {
  FrequencySketch sketch;
  EXPECT_EQ(sketch.Estimate(HashOf(1)), 0u);
  EXPECT_EQ(sketch.memory_bytes(), 0u);
  sketch.AgeTo(3);
  EXPECT_EQ(sketch.Estimate(HashOf(1)), 0u);
}

TEST(FrequencySketch, CountsUpToItsMost) {
  FrequencySketch sketch;
  sketch.Fit(100);
  for (std::uint32_t i = 1; i <= 30; ++i) {
    sketch.Add(HashOf(1));
    EXPECT_EQ(sketch.Estimate(HashOf(1)), std::min(i, FrequencySketch::kMax));
  }
  EXPECT_EQ(sketch.Estimate(HashOf(2)), 0u);
}

TEST(FrequencySketch, NeverSaysLessThanWasCountedAndSeldomMore) {
  constexpr std::uint64_t kBlocks = 1000;
  FrequencySketch sketch;
  sketch.Fit(kBlocks);
  // As many again as it is made for.
  for (int round = 0; round < 4; ++round) {
    for (std::uint64_t i = 0; i < 2 * kBlocks; ++i) sketch.Add(HashOf(i));
  }
  std::uint64_t exact = 0;
  for (std::uint64_t i = 0; i < 2 * kBlocks; ++i) {
    ASSERT_GE(sketch.Estimate(HashOf(i)), 4u);
    exact += sketch.Estimate(HashOf(i)) == 4 ? 1 : 0;
  }
  EXPECT_GE(exact, 2 * kBlocks * 9 / 10);
}

TEST(FrequencySketch, WhatIsAskedForOnceTakesNoCounter) {
  FrequencySketch sketch;
  sketch.Fit(1000);
  for (std::uint64_t i = 0; i < 1000; ++i) sketch.Add(HashOf(i));
  sketch.AgeTo(1);  // the door is empty; the few that met somebody there have lost half of one
  for (std::uint64_t i = 0; i < 1000; ++i) EXPECT_EQ(sketch.Estimate(HashOf(i)), 0u);
}

TEST(FrequencySketch, AgeingHalves) {
  FrequencySketch sketch;
  sketch.Fit(100);
  for (int i = 0; i < 13; ++i) sketch.Add(HashOf(1));
  sketch.AgeTo(1);
  EXPECT_EQ(sketch.Estimate(HashOf(1)), 6u);
  sketch.AgeTo(1);
  EXPECT_EQ(sketch.Estimate(HashOf(1)), 6u) << "once an epoch";
  sketch.AgeTo(3);
  EXPECT_EQ(sketch.Estimate(HashOf(1)), 1u);
  sketch.AgeTo(1000);
  EXPECT_EQ(sketch.Estimate(HashOf(1)), 0u);
}

TEST(FrequencySketch, GrowsWithoutForgetting) {
  FrequencySketch sketch;
  sketch.Fit(64);
  for (int i = 0; i < 5; ++i) {
    for (std::uint64_t block = 0; block < 20; ++block) sketch.Add(HashOf(block));
  }
  sketch.Fit(5000);
  for (std::uint64_t block = 0; block < 20; ++block) {
    EXPECT_GE(sketch.Estimate(HashOf(block)), 5u);
    EXPECT_LE(sketch.Estimate(HashOf(block)), 6u) << "once for somebody else at the door";
  }
  EXPECT_LE(sketch.memory_bytes(), 5000u * 15);
}

}  // namespace
}  // namespace hearth::cache
