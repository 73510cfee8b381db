// What every eviction policy must do: the table, and with it the disk store, relies on it.
#include "cache/eviction_policy.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/random.h"
#include "cache/policy_cache_for_test.h"

namespace hearth::cache {
namespace {

class AnyPolicy : public testing::TestWithParam<EvictionKind> {
 protected:
  BlockRecord Known(std::uint64_t number, std::uint32_t last_used) {
    return {.hash = NumberedHash(number), .allocated = 8192, .present = 1, .total = 4, .last_used = last_used};
  }

  IndexTable table_{GetParam()};
};

TEST_P(AnyPolicy, AnEmptyTableHasNoVictimAndRefusesNobody) {
  EXPECT_FALSE(table_.Victim());
  EXPECT_TRUE(table_.WouldAdmit(NumberedHash(1)));
  EXPECT_TRUE(table_.Admit(NumberedHash(1), 4096, false));
}

TEST_P(AnyPolicy, EveryBlockGoesOnceWhateverWasDoneWithIt) {
  Random random(1);
  std::set<Hash128> here;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const BlockRecord record = Known(i, i);
    (random.OneIn(2) ? table_.Put(record) : table_.Begin(record));
    if (!random.OneIn(4)) table_.Update(record);
    for (std::uint64_t uses = random.Below(5); uses > 0; --uses) table_.Touch(record.hash, i, false);
    here.insert(record.hash);
  }
  while (const std::optional<Hash128> victim = table_.Victim()) {
    ASSERT_EQ(here.erase(*victim), 1u);
    ASSERT_TRUE(table_.Remove(*victim));
  }
  EXPECT_TRUE(here.empty());
  EXPECT_EQ(table_.count(), 0u);
}

TEST_P(AnyPolicy, WhatIsBeingMadeGoesOnlyWhenThereIsNothingElse) {
  for (std::uint32_t i = 0; i < 100; ++i) table_.Begin({.hash = NumberedHash(i), .allocated = 8192, .last_used = 1});
  for (std::uint32_t i = 100; i < 200; ++i) {
    table_.Put(Known(i, 2));
    for (int uses = 0; uses < 8; ++uses) table_.Touch(NumberedHash(i), 3, false);
  }
  std::set<Hash128> made;
  for (std::uint32_t i = 0; i < 100; ++i) made.insert(NumberedHash(i));
  for (int left = 100; left > 0; --left) {
    const std::optional<Hash128> victim = table_.Victim();
    ASSERT_FALSE(made.contains(*victim)) << left;
    table_.Remove(*victim);
  }
  EXPECT_TRUE(table_.Victim()) << "but room must be made";
  table_.Update(Known(7, 9));
  EXPECT_EQ(table_.Victim(), NumberedHash(7)) << "recorded, it is one like any other";
}

TEST_P(AnyPolicy, WhatIsToBeSparedIsNoVictim) {
  table_.Put(Known(1, 1));
  table_.Begin({.hash = NumberedHash(2), .allocated = 8192, .last_used = 2});
  const Hash128 first = NumberedHash(1);
  const Hash128 second = NumberedHash(2);
  EXPECT_EQ(table_.Victim(&first), second);
  EXPECT_EQ(table_.Victim(&second), first);
  table_.Remove(first);
  EXPECT_FALSE(table_.Victim(&second));
}

TEST_P(AnyPolicy, AfterARestartTheLeastRecentlyUsedGoFirst) {
  for (std::uint32_t i = 0; i < 500; ++i) table_.Put(Known(i, 100 + (i * 7) % 500));
  // As a checkpoint has them: shard by shard, in order.
  std::vector<BlockRecord> records;
  table_.ForEach([&](const BlockRecord& record) { records.push_back(record); });
  IndexTable next(GetParam());
  next.PutAll(records);
  std::uint32_t before = 0;
  for (int i = 0; i < 500; ++i) {
    const std::optional<BlockRecord> gone = next.Remove(*next.Victim());
    EXPECT_GT(gone->last_used, before);
    before = gone->last_used;
  }
}

TEST_P(AnyPolicy, WhatThereIsRoomForIsAdmitted) {
  PolicyCache cache(GetParam(), 1000);
  for (std::uint64_t i = 0; i < 1000; ++i) cache.Read(i);
  EXPECT_EQ(cache.refused(), 0u);
  for (std::uint64_t i = 0; i < 1000; ++i) ASSERT_TRUE(cache.Has(i));
}

TEST_P(AnyPolicy, WhatIsUsedAllTheTimeOutlivesAScan) {
  PolicyCache cache(GetParam(), 400);
  for (int round = 0; round < 20; ++round) {
    for (std::uint64_t hot = 0; hot < 100; ++hot) cache.Read(hot);
  }
  std::uint64_t hits = 0;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    cache.Read(1000 + i);
    hits += cache.Read(i % 100) ? 1 : 0;
  }
  EXPECT_GE(hits, 19'900u);
}

TEST_P(AnyPolicy, AChangedWorkingSetTakesOver) {
  PolicyCache cache(GetParam(), 300);
  const auto play = [&](std::uint64_t base, std::uint64_t rounds) {
    std::uint64_t hits = 0;
    Random random(base + 1);
    for (std::uint64_t i = 0; i < rounds * 200; ++i) hits += cache.Read(base + random.Below(200)) ? 1 : 0;
    return static_cast<double>(hits) / static_cast<double>(rounds * 200);
  };
  play(0, 200);  // as frequent as they can be
  play(10'000, 15);
  EXPECT_GE(play(10'000, 10), 0.95) << "fifteen reads a block later the old ones are forgotten";
}

TEST_P(AnyPolicy, BlocksOfManySizesFillTheRoomAndNeverMore) {
  PolicyCache cache(GetParam(), 5000);
  Random random(7);
  std::uint64_t most = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t number = random.Below(1 + random.Below(2000));
    cache.Read(number, 1 + NumberedHash(number).low % 64);
    ASSERT_LE(cache.used(), 5000u);
    most = std::max(most, cache.used());
    if (i % 1000 == 999) cache.Evict();
  }
  EXPECT_GT(most, 4900u);
  std::uint64_t bytes = 0;
  cache.table.ForEach([&](const BlockRecord& record) { bytes += record.allocated; });
  EXPECT_EQ(bytes, cache.used() * PolicyCache::kUnit);
}

TEST_P(AnyPolicy, SixtyFourBytesABlockAreEnoughForAll) {
  // What grows by powers of two is worst just after it has grown: the buckets, and the sketch.
  for (const std::uint64_t capacity : {64 * 1380, 64 * 2080}) {
    PolicyCache cache(GetParam(), capacity);
    for (std::uint64_t i = 0; i < capacity + capacity / 4; ++i) cache.Read(i);
    ASSERT_EQ(cache.table.count(), capacity);
    EXPECT_LE(cache.table.memory_bytes(), 64 * capacity) << capacity;
  }
}

TEST_P(AnyPolicy, WhatItSaysOfACandidateCountsNothing) {
  PolicyCache cache(GetParam(), 50);
  for (int round = 0; round < 3; ++round) {
    for (std::uint64_t i = 0; i < 50; ++i) cache.Read(i);
  }
  const bool first = cache.table.WouldAdmit(NumberedHash(99));
  for (int i = 0; i < 100; ++i) ASSERT_EQ(cache.table.WouldAdmit(NumberedHash(99)), first);
  EXPECT_EQ(cache.table.Admit(NumberedHash(99), 4096, false), first) << "and it was the truth";
}

std::string NameOf(const testing::TestParamInfo<EvictionKind>& tested) {
  switch (tested.param) {
    case EvictionKind::kLru: return "Lru";
    case EvictionKind::kS3Fifo: return "S3Fifo";
    case EvictionKind::kWTinyLfu: break;
  }
  return "WTinyLfu";
}

INSTANTIATE_TEST_SUITE_P(Each, AnyPolicy,
                         testing::Values(EvictionKind::kWTinyLfu, EvictionKind::kLru, EvictionKind::kS3Fifo), NameOf);

}  // namespace
}  // namespace hearth::cache
