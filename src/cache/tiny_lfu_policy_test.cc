#include "cache/tiny_lfu_policy.h"

#include <gtest/gtest.h>

#include "cache/policy_cache_for_test.h"

namespace hearth::cache {
namespace {

constexpr std::uint64_t kBlocks = 100;

class TinyLfu : public testing::Test {
 protected:
  // Blocks 0 to 99, each read so many times.
  void FillUp(int times) {
    for (int i = 0; i < times; ++i) {
      for (std::uint64_t block = 0; block < kBlocks; ++block) cache_.Read(block);
    }
  }

  PolicyCache cache_{EvictionKind::kWTinyLfu, kBlocks};
};

TEST_F(TinyLfu, AScanIsRefusedAndChangesNothing) {
  FillUp(2);
  for (std::uint64_t i = 0; i < 500; ++i) EXPECT_FALSE(cache_.Read(1000 + i));
  EXPECT_EQ(cache_.refused(), 500u);
  for (std::uint64_t block = 0; block < kBlocks; ++block) EXPECT_TRUE(cache_.Has(block)) << block;
}

TEST_F(TinyLfu, WhatIsAskedForMoreOftenThanWhatIsHereGetsIn) {
  FillUp(2);
  // Others come between, so that the window learns nothing from it.
  std::uint64_t other = 10'000;
  int asked = 0;
  while (!cache_.Has(1000) && asked < 10) {
    cache_.Read(1000);
    ++asked;
    for (int i = 0; i < 30; ++i) cache_.Read(other++);
  }
  EXPECT_TRUE(cache_.Has(1000));
  EXPECT_GE(asked, 3) << "twice is not more often than what is here";
  EXPECT_LE(asked, 5);
}

TEST_F(TinyLfu, OverALoopThatDoesNotFitAPartStaysPut) {
  for (const std::uint64_t caches : {2, 5, 10}) {
    PolicyCache cache(EvictionKind::kWTinyLfu, kBlocks);
    std::uint64_t hits = 0;
    constexpr std::uint64_t kEpochs = 30;
    for (std::uint64_t i = 0; i < kEpochs * caches * kBlocks; ++i) hits += cache.Read(i % (caches * kBlocks)) ? 1 : 0;
    EXPECT_GE(hits, (kEpochs - 1) * kBlocks * 9 / 10) << caches;
  }
}

TEST_F(TinyLfu, WhatComesBackSoonOpensTheWindow) {
  FillUp(5);
  std::uint64_t hits = 0;
  for (std::uint64_t block = 1000; block < 1400; ++block) {
    for (int read = 0; read < 4; ++read) hits += cache_.Read(block) ? 1 : 0;
  }
  EXPECT_GE(hits, 1000u) << "of 1,200 that recency can have";
}

TEST_F(TinyLfu, TheWindowClosesAgainWhenItBringsNothing) {
  FillUp(5);
  for (std::uint64_t block = 1000; block < 1200; ++block) {
    for (int read = 0; read < 4; ++read) cache_.Read(block);
  }
  for (int i = 0; i < 20; ++i) {
    for (std::uint64_t block = 0; block < 60; ++block) cache_.Read(block);
  }
  const std::uint64_t before = cache_.refused();
  for (std::uint64_t i = 0; i < 100; ++i) cache_.Read(5000 + i);
  EXPECT_EQ(cache_.refused() - before, 100u);
}

TEST_F(TinyLfu, WhatCameInWhileThereWasRoomGoesBeforeWhatHasProvedItself) {
  FillUp(3);
  for (int i = 0; i < 10; ++i) cache_.Evict();  // the purger
  std::uint64_t kept = 0;
  for (std::uint64_t block = 0; block < kBlocks; ++block) kept += cache_.Has(block) ? 1 : 0;
  ASSERT_EQ(kept, 90u);
  for (std::uint64_t i = 0; i < 10; ++i) cache_.Read(1000 + i);
  ASSERT_EQ(cache_.refused(), 0u);
  for (int i = 0; i < 10; ++i) cache_.Evict();
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_FALSE(cache_.Has(1000 + i)) << i;
}

}  // namespace
}  // namespace hearth::cache
