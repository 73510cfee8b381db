#include "evict/table_cache.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace hearth::evict {
namespace {

TEST(TableCache, HitsWhatItLetInAndHoldsNoMoreThanFits) {
  for (const char* policy : {"lru", "s3-fifo", "w-tinylfu"}) {
    const std::unique_ptr<CacheModel> cache = MakeCache(policy, 100);
    ASSERT_TRUE(cache);
    EXPECT_FALSE(cache->Read({1, 50}));
    EXPECT_TRUE(cache->Read({1, 50}));
    EXPECT_EQ(cache->written(), 50u);
    EXPECT_FALSE(cache->Read({2, 101})) << "too large for all of it";
    Random random(1);
    for (int i = 0; i < 5000; ++i) {
      const std::uint64_t block = random.Below(200);
      cache->Read({block, 1 + static_cast<std::uint32_t>(block % 9)});
      ASSERT_LE(cache->used(), 100u);
    }
  }
}

TEST(TableCache, AnUnknownPolicyIsNone) { EXPECT_FALSE(MakeCache("fifo", 10)); }

}  // namespace
}  // namespace hearth::evict
