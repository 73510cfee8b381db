#include "cache/s3_fifo_policy.h"

#include <gtest/gtest.h>

#include "cache/policy_cache_for_test.h"

namespace hearth::cache {
namespace {

class S3Fifo : public testing::Test {
 protected:
  PolicyCache cache_{EvictionKind::kS3Fifo, 100};
};

TEST_F(S3Fifo, WhatIsNewGoesInTheOrderInWhichItCame) {
  for (std::uint64_t block = 0; block < 100; ++block) cache_.Read(block);
  for (std::uint64_t block = 100; block < 150; ++block) {
    cache_.Read(block);
    EXPECT_FALSE(cache_.Has(block - 100));
    EXPECT_TRUE(cache_.Has(block - 99));
  }
}

TEST_F(S3Fifo, WhatWasAskedForTwiceWhileItWasNewStays) {
  for (std::uint64_t block = 0; block < 100; ++block) cache_.Read(block);
  for (std::uint64_t block = 0; block < 10; ++block) {
    cache_.Read(block);
    cache_.Read(block);
  }
  cache_.Read(10);  // once only
  for (std::uint64_t block = 100; block < 400; ++block) cache_.Read(block);
  for (std::uint64_t block = 0; block < 10; ++block) EXPECT_TRUE(cache_.Has(block)) << block;
  EXPECT_FALSE(cache_.Has(10));
}

TEST_F(S3Fifo, AGhostComesBackToStay) {
  for (std::uint64_t block = 0; block < 100; ++block) cache_.Read(block);
  // Main has to be as large as a ghost is to be old.
  for (int i = 0; i < 2; ++i) {
    for (std::uint64_t block = 40; block < 100; ++block) cache_.Read(block);
  }
  for (std::uint64_t block = 100; block < 200; ++block) cache_.Read(block);
  ASSERT_FALSE(cache_.Has(150));
  cache_.Read(150);
  for (std::uint64_t block = 200; block < 300; ++block) cache_.Read(block);
  EXPECT_TRUE(cache_.Has(150));
  EXPECT_FALSE(cache_.Has(200)) << "which came after it";
}

TEST_F(S3Fifo, WhatIsUsedInMainStartsAgain) {
  for (std::uint32_t block = 0; block < 100; ++block) {
    cache_.table.Put({.hash = NumberedHash(block), .allocated = 4096, .present = 1, .total = 1, .last_used = block});
  }
  cache_.table.Touch(NumberedHash(0), 50, false);
  std::uint32_t before = 0;
  while (cache_.table.Victim() != NumberedHash(0)) {
    cache_.table.Remove(*cache_.table.Victim());
    ++before;
  }
  EXPECT_GE(before, 50u);
}

}  // namespace
}  // namespace hearth::cache
