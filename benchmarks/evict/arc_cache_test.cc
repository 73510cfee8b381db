#include "evict/arc_cache.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace hearth::evict {
namespace {

TEST(ArcCache, WhatWasReadTwiceOutlivesAScan) {
  ArcCache cache(10);
  for (int i = 0; i < 2; ++i) {
    for (std::uint64_t block = 0; block < 5; ++block) cache.Read({block});
  }
  for (std::uint64_t block = 100; block < 200; ++block) cache.Read({block});
  for (std::uint64_t block = 0; block < 5; ++block) EXPECT_TRUE(cache.Read({block}));
}

TEST(ArcCache, AGhostOfWhatWasReadOnceGivesRecencyMoreRoom) {
  ArcCache cache(10);
  for (int i = 0; i < 2; ++i) {
    for (std::uint64_t block = 0; block < 8; ++block) cache.Read({block});
  }
  // A loop of six beside eight that nobody wants any more: it fits once recency has more than two places.
  std::uint64_t hits = 0;
  for (int i = 0; i < 60; ++i) hits += cache.Read({100 + static_cast<std::uint64_t>(i) % 6}) ? 1 : 0;
  EXPECT_GE(hits, 40u);
}

TEST(ArcCache, NeverHoldsMoreThanFits) {
  ArcCache cache(100);
  Random random(1);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t block = random.Below(200);
    cache.Read({block, 1 + static_cast<std::uint32_t>(block % 9)});
    ASSERT_LE(cache.used(), 100u);
  }
  EXPECT_GE(cache.used(), 80u);
  EXPECT_FALSE(cache.Read({7777, 101})) << "too large for all of it";
}

}  // namespace
}  // namespace hearth::evict
