#include "cache/index_table.h"

#include <gtest/gtest.h>

#include <list>
#include <map>
#include <string>

#include "base/random.h"

namespace hearth::cache {
namespace {

Hash128 HashNumber(std::uint64_t number) { return HashParts128({"block", std::to_string(number)}); }
BlockRecord RecordOf(std::uint64_t number, std::uint32_t tick, std::uint64_t allocated = 4096) {
  return {.hash = HashNumber(number), .offset = 0, .allocated = allocated, .present = 1, .total = 4, .last_used = tick};
}

TEST(IndexTable, FindsWhatWasPutAndNothingElse) {
  IndexTable table;
  const BlockRecord record{
      .hash = HashNumber(1), .allocated = 64 << 20, .present = 1024, .total = 1024, .last_used = 9};
  EXPECT_FALSE(table.Put(record));
  EXPECT_EQ(table.Find(HashNumber(1)), record);
  EXPECT_FALSE(table.Find(HashNumber(2)));
  EXPECT_EQ(table.count(), 1u);
}

TEST(IndexTable, PuttingAKnownBlockTellsWhatWasKnown) {
  IndexTable table;
  table.Put(RecordOf(1, 5));
  EXPECT_EQ(table.Put(RecordOf(1, 6, 8192)), RecordOf(1, 5));
  EXPECT_EQ(table.Find(HashNumber(1)), RecordOf(1, 6, 8192));
  EXPECT_EQ(table.count(), 1u);
}

TEST(IndexTable, UpdateDoesNotBringARemovedBlockBack) {
  IndexTable table;
  EXPECT_FALSE(table.Update(RecordOf(1, 5)));
  EXPECT_EQ(table.count(), 0u);
  table.Put(RecordOf(1, 5));
  EXPECT_EQ(table.Update(RecordOf(1, 6)), RecordOf(1, 5));
  table.Remove(HashNumber(1));
  EXPECT_FALSE(table.Update(RecordOf(1, 7)));
  EXPECT_FALSE(table.Find(HashNumber(1)));
}

TEST(IndexTable, TheOldestIsTheOneUnusedForLongestOverAllShards) {
  IndexTable table;
  for (std::uint32_t i = 0; i < 500; ++i) table.Put(RecordOf(i, 100 + i));
  for (std::uint32_t i = 0; i < 250; ++i) table.Touch(HashNumber(i), 1000 + i, false);
  for (std::uint32_t i = 0; i < 500; ++i) {
    const std::uint32_t expected = (i + 250) % 500;
    ASSERT_EQ(table.Victim(), HashNumber(expected)) << i;
    ASSERT_TRUE(table.Remove(HashNumber(expected)));
  }
  EXPECT_FALSE(table.Victim());
}

TEST(IndexTable, GrowCountsBytesAndNeverFallsBelowNothing) {
  IndexTable table;
  EXPECT_FALSE(table.Grow(HashNumber(1), 4096));
  table.Put(RecordOf(1, 5, 8192));
  EXPECT_TRUE(table.Grow(HashNumber(1), 65536));
  EXPECT_EQ(table.Find(HashNumber(1))->allocated, 73728u);
  EXPECT_TRUE(table.Grow(HashNumber(1), -65536));
  EXPECT_EQ(table.Find(HashNumber(1))->allocated, 8192u);
  EXPECT_TRUE(table.Grow(HashNumber(1), -1'000'000));
  EXPECT_EQ(table.Find(HashNumber(1))->allocated, 0u);
}

TEST(IndexTable, ManyAtOnceAreAsManyOneByOne) {
  std::vector<BlockRecord> records;
  for (std::uint32_t i = 0; i < 3000; ++i) records.push_back(RecordOf(i, 100 + i));
  records.push_back(RecordOf(7, 9000));  // a second record of one block: the last one counts
  IndexTable one_by_one;
  for (const BlockRecord& record : records) one_by_one.Put(record);
  IndexTable at_once;
  at_once.Reserve(100);  // a hint that is too low
  at_once.PutAll(records);
  EXPECT_EQ(at_once.count(), 3000u);
  const auto all_of = [](const IndexTable& table) {
    std::vector<BlockRecord> all;
    table.ForEach([&](const BlockRecord& record) { all.push_back(record); });
    return all;
  };
  EXPECT_EQ(all_of(at_once), all_of(one_by_one));
}

TEST(IndexTable, DropsWhatHasNoSubBlockAndCountsTheRest) {
  IndexTable table;
  std::uint64_t expected = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    BlockRecord record = RecordOf(i, 1, 8192);
    record.present = i % 3;
    if (record.present > 0) expected += 8192;
    table.Put(record);
  }
  EXPECT_EQ(table.DropUnfinished(), expected);
  EXPECT_EQ(table.count(), 66u);
  EXPECT_FALSE(table.Find(HashNumber(0)));
  EXPECT_TRUE(table.Find(HashNumber(1)));
  EXPECT_EQ(table.DropUnfinished(), expected);
}

TEST(IndexTable, UsesAreTakenOnceInTheOrderOfLastUse) {
  IndexTable table;
  for (std::uint32_t i = 0; i < 4; ++i) table.Put(RecordOf(i, 1));
  table.Touch(HashNumber(0), 10, true);
  table.Touch(HashNumber(1), 11, true);
  table.Touch(HashNumber(2), 12, false);
  table.Touch(HashNumber(3), 12, true);
  table.Touch(HashNumber(0), 13, true);
  table.Remove(HashNumber(3));
  const std::vector<BlocksUsed::Use> expected = {{HashNumber(1), 11}, {HashNumber(0), 13}};
  EXPECT_EQ(table.TakeUsed(), expected);
  EXPECT_TRUE(table.TakeUsed().empty());
  table.Touch(HashNumber(1), 14, true);
  EXPECT_EQ(table.TakeUsed().size(), 1u);
}

TEST(IndexTable, WithPrefixGivesOneDirectoryOfBlocks) {
  IndexTable table;
  std::map<unsigned, std::size_t> expected;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    table.Put(RecordOf(i, i));
    ++expected[static_cast<unsigned>(HashNumber(i).high >> 56)];
  }
  std::size_t total = 0;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::vector<Hash128> hashes = table.WithPrefix(static_cast<std::uint8_t>(byte));
    EXPECT_EQ(hashes.size(), expected[byte]);
    for (const Hash128& hash : hashes) EXPECT_EQ(hash.high >> 56, byte);
    total += hashes.size();
  }
  EXPECT_EQ(total, 2000u);
}

TEST(IndexTable, AVisitorMayChangeTheTable) {
  IndexTable table;
  for (std::uint32_t i = 0; i < 300; ++i) table.Put(RecordOf(i, i));
  table.ForEach([&](const BlockRecord& record) {
    if (record.last_used % 2 == 0) table.Remove(record.hash);
  });
  EXPECT_EQ(table.count(), 150u);
}

// The table against a list and a map, with so few names that slots are reused all the time, and enough of them that
// the hash chains are made anew while the free list is not empty.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {}

  void Step() {
    ++tick_;
    const std::uint64_t number = random_.Below(3000);
    switch (random_.Below(growing_ ? 6 : 3)) {
      case 0: Remove(number); break;
      case 1: Touch(number); break;
      case 2: Check(number); break;
      default: Put(number);
    }
    if (tick_ % 5000 == 0) growing_ = !growing_;
  }
  void CheckAll() {
    ASSERT_EQ(table_.count(), order_.size());
    std::map<unsigned, std::list<std::uint32_t>> shards;  // ticks in order, as the table must tell them
    for (const std::uint64_t number : order_) shards[ShardOf(number)].push_back(records_[number].last_used);
    table_.ForEach([&](const BlockRecord& record) {
      auto& ticks = shards[static_cast<unsigned>(record.hash.high >> 58)];
      ASSERT_FALSE(ticks.empty());
      ASSERT_EQ(record.last_used, ticks.front());
      ticks.pop_front();
    });
    for (const auto& [shard, ticks] : shards) EXPECT_TRUE(ticks.empty());
    const auto oldest = table_.Victim();
    ASSERT_EQ(oldest.has_value(), !order_.empty());
    if (oldest) {
      EXPECT_EQ(*oldest, HashNumber(order_.front()));
    }
  }

 private:
  static unsigned ShardOf(std::uint64_t number) { return static_cast<unsigned>(HashNumber(number).high >> 58); }
  void Put(std::uint64_t number) {
    const BlockRecord record = RecordOf(number, tick_, 4096 * (1 + random_.Below(100)));
    const auto before = table_.Put(record);
    ASSERT_EQ(before.has_value(), records_.contains(number));
    if (before) {
      ASSERT_EQ(*before, records_[number]);
    }
    order_.remove(number);
    order_.push_back(number);
    records_[number] = record;
  }
  void Remove(std::uint64_t number) {
    const auto removed = table_.Remove(HashNumber(number));
    ASSERT_EQ(removed.has_value(), records_.contains(number));
    order_.remove(number);
    records_.erase(number);
  }
  void Touch(std::uint64_t number) {
    table_.Touch(HashNumber(number), tick_, false);
    if (!records_.contains(number)) return;
    records_[number].last_used = tick_;
    order_.remove(number);
    order_.push_back(number);
  }
  void Check(std::uint64_t number) {
    const auto found = table_.Find(HashNumber(number));
    ASSERT_EQ(found.has_value(), records_.contains(number));
    if (found) {
      ASSERT_EQ(*found, records_[number]);
    }
  }

  Random random_;
  IndexTable table_;
  std::list<std::uint64_t> order_;  // least recently used first
  std::map<std::uint64_t, BlockRecord> records_;
  std::uint32_t tick_ = 0;
  bool growing_ = true;
};

TEST(IndexTable, AgreesWithAListAndAMapWhileSlotsAreReused) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(seed);
    Model model(seed);
    for (int step = 1; step <= 30'000; ++step) {
      model.Step();
      if (step % 2500 == 0) model.CheckAll();
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(IndexTable, AMillionBlocksTakeAtMost64BytesEach) {
  constexpr std::uint32_t kBlocks = 1'000'000;
  IndexTable table;
  const auto hash_of = [](std::uint64_t i) { return Hash128{i * 0x9e3779b97f4a7c15u, i * 0xbf58476d1ce4e5b9u}; };
  for (std::uint32_t i = 0; i < kBlocks; ++i) table.Put({.hash = hash_of(i), .allocated = 4096, .last_used = i});
  ASSERT_EQ(table.count(), kBlocks);
  EXPECT_LE(table.memory_bytes(), 64u * kBlocks);
  for (std::uint32_t i = 0; i < kBlocks; ++i) table.Touch(hash_of(i), kBlocks + i, true);
  EXPECT_EQ(table.TakeUsed().size(), kBlocks);
  EXPECT_LE(table.memory_bytes(), 64u * kBlocks) << "noting uses must not leave its memory behind";
  EXPECT_EQ(table.Victim(), hash_of(0));
}

}  // namespace
}  // namespace hearth::cache
