#include "cache/block_cache.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kSub = 64_KiB;
constexpr ByteRange kWholeBlock{0, 1_MiB};

class BlockCacheTest : public testing::Test, protected CacheWorld {
 protected:
  void SetUp() override {
    Open();
    Scan();
  }
  bool TrySlices(ByteRange range, SliceList& slices) {
    return cache->TrySlices(hasher, kTestObjectSize, range, slices);
  }
  bool IsHit(ByteRange range) {
    SliceList slices;
    return TrySlices(range, slices);
  }
  Presence Census(ByteRange range) {
    return world.Run(cache->Census(TestBlock().object, TestBlock().version, kTestObjectSize, range));
  }

  const BlockHasher hasher{TestBlock().object, TestBlock().version};
  std::shared_ptr<ScriptedSource> source = std::make_shared<ScriptedSource>("b/k");
};

// --- hits ---

TEST_F(BlockCacheTest, AHitIsSlicesOfTheRightBytesOverSeveralBlocks) {
  for (std::uint64_t i = 0; i < 4; ++i) ASSERT_TRUE(WriteBlock(TestBlock(i), {0, i < 3 ? 16u : 1u}));
  SliceList slices;
  const ByteRange range{1_MiB - 10, kTestObjectSize};
  ASSERT_TRUE(TrySlices(range, slices));
  ASSERT_EQ(slices.count, 4u);
  std::uint64_t position = range.begin;
  for (std::size_t i = 0; i < slices.count; ++i) {
    std::vector<std::byte> bytes(slices.slices[i].range.length());
    ASSERT_TRUE(slices.slices[i].file->ReadAt(slices.slices[i].range.begin, bytes));
    EXPECT_EQ(CheckBlockBytes(TestBlock(0), position, bytes), "");
    position += bytes.size();
  }
  EXPECT_EQ(position, range.end);
}

TEST_F(BlockCacheTest, WhatIsNotAllThereIsNoHit) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {2, 5}));
  EXPECT_TRUE(IsHit({2 * kSub, 5 * kSub}));
  EXPECT_FALSE(IsHit({2 * kSub - 1, 5 * kSub}));
  EXPECT_FALSE(IsHit({2 * kSub, 5 * kSub + 1}));
  EXPECT_FALSE(IsHit({1_MiB, 1_MiB + 1}));
}

TEST_F(BlockCacheTest, WhatWasNotCheckedLatelyIsNoHitUntilItIs) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  EXPECT_TRUE(IsHit(kWholeBlock));
  world.RunFor(minutes(11));
  EXPECT_FALSE(IsHit(kWholeBlock));
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_TRUE(IsHit(kWholeBlock));
  Restart();
  EXPECT_FALSE(IsHit(kWholeBlock));
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_TRUE(IsHit(kWholeBlock));
  EXPECT_EQ(source->opens(), 0u);
}

TEST_F(BlockCacheTest, AnotherVersionIsNoHit) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  SliceList slices;
  const BlockHasher other(TestBlock().object, TestBlock(0, "k", 2).version);
  EXPECT_FALSE(cache->TrySlices(other, kTestObjectSize, kWholeBlock, slices));
}

TEST_F(BlockCacheTest, CensusTellsHowMuchIsThere) {
  EXPECT_EQ(Census({0, kTestObjectSize}), Presence::kNone);
  ASSERT_TRUE(WriteBlock(TestBlock(0), {2, 4}));
  ASSERT_TRUE(WriteBlock(TestBlock(1), {0, 16}));
  for (const bool reopened : {false, true}) {
    SCOPED_TRACE(reopened);
    EXPECT_EQ(Census({2 * kSub, 4 * kSub}), Presence::kAll);
    EXPECT_EQ(Census({2 * kSub, 4 * kSub + 1}), Presence::kSome);
    EXPECT_EQ(Census({0, kSub}), Presence::kNone);
    EXPECT_EQ(Census({1_MiB, 2_MiB}), Presence::kAll);
    EXPECT_EQ(Census({1_MiB, 2_MiB + 1}), Presence::kSome);
    EXPECT_EQ(Census({2_MiB, kTestObjectSize}), Presence::kNone);
    Restart();
  }
}

TEST_F(BlockCacheTest, ACensusInTheMiddleOfAFillDisturbsNothing) {
  source->HoldAt(3 * kSub);
  ReadOutcome outcome;
  StartRead(TestBlock(), kWholeBlock, source, outcome);
  for (int i = 0; i < 200 && world.Step(); ++i) {
    const Presence presence = Census(kWholeBlock);
    EXPECT_NE(presence, Presence::kAll);
  }
  source->Release();
  Settle();
  ExpectRead(outcome, TestBlock(), kWholeBlock);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u);
  EXPECT_EQ(BlockFiles(), 1u);
}

// --- the rest of a block ---

TEST_F(BlockCacheTest, FillRestFillsTheHolesOnly) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {2, 5}));
  source->HoldAt(9 * kSub);
  ReadOutcome outcome;
  StartRead(TestBlock(), {8 * kSub, 10 * kSub}, source, outcome);
  Settle();
  cache->FillRest(TestBlock(), {}, source, {.request_id = "rest"});
  Settle();
  source->Release();
  Settle();
  ExpectRead(outcome, TestBlock(), {8 * kSub, 10 * kSub});
  EXPECT_EQ(source->opened(), (std::vector<ByteRange>{
                                  {8 * kSub, 10 * kSub}, {0, 2 * kSub}, {5 * kSub, 8 * kSub}, {10 * kSub, 16 * kSub}}));
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u);
  EXPECT_EQ(cache->PresentShare(HashOf(TestBlock())), 1.0);
  ExpectLedgerIsExact();
}

TEST_F(BlockCacheTest, FillRestOfARangeStaysInIt) {
  cache->FillRest(TestBlock(), {kSub + 5, 3 * kSub}, source, {});
  Settle();
  EXPECT_EQ(source->opened(), (std::vector<ByteRange>{{kSub, 3 * kSub}}));
  EXPECT_EQ(cache->PresentShare(HashOf(TestBlock())), 2.0 / 16);
}

TEST_F(BlockCacheTest, FillRestThatFailsIsLeftToTheNextReader) {
  source->FailOpens(Error(Code::kInternal, "broken"), 1);
  cache->FillRest(TestBlock(), {}, source, {});
  Settle();
  EXPECT_EQ(source->opens(), 1u);
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
}

TEST_F(BlockCacheTest, WithoutADiskThereIsNothingToFillForLater) {
  Close();
  Open(false);
  cache->FillRest(TestBlock(), {}, source, {});
  Settle();
  EXPECT_EQ(source->opens(), 0u);
  EXPECT_EQ(Census(kWholeBlock), Presence::kNone);
  EXPECT_FALSE(IsHit(kWholeBlock));
  EXPECT_FALSE(world.Run(cache->Evict(HashOf(TestBlock()))));
}

TEST_F(BlockCacheTest, AReaderJoinsTheRest) {
  source->HoldAt(kSub);
  cache->FillRest(TestBlock(), {}, source, {});
  Settle();
  ReadOutcome outcome;
  StartRead(TestBlock(), kWholeBlock, source, outcome);
  source->Release();
  Settle();
  ExpectRead(outcome, TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opens(), 1u);
}

// --- one directory ---

TEST_F(BlockCacheTest, ABudgetSmallerThanWhatIsReadServesAllTheSame) {
  Close();
  store_options.budget_bytes = 1_MiB + 300_KiB;
  Open();
  Scan();
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < 4; ++i) {
      const ByteRange range{0, i < 3 ? 1_MiB : 100};
      ExpectRead(Read(TestBlock(i), range, source), TestBlock(i), range);
      ASSERT_LE(store->ledger().used(), store_options.budget_bytes);
    }
  }
  Settle();
  EXPECT_LE(BytesOnDisk(), store_options.budget_bytes);
  ExpectLedgerIsExact();
}

TEST_F(BlockCacheTest, ABudgetSmallerThanABlockPassesThrough) {
  Close();
  store_options.budget_bytes = 200_KiB;
  Open();
  Scan();
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  ExpectRead(Read(TestBlock(1), {0, 4096}, source), TestBlock(1), {0, 4096});
  Settle();
  EXPECT_EQ(store->blocks(), 1u) << "one sub-block fits";
  ExpectLedgerIsExact();
}

TEST_F(BlockCacheTest, AKeyThatNoFileCanHoldPassesThrough) {
  const std::string key(5000, 'k');
  source = std::make_shared<ScriptedSource>("b/" + key);
  ExpectRead(Read(TestBlock(0, key), kWholeBlock, source), TestBlock(0, key), kWholeBlock);
  Settle();
  EXPECT_EQ(store->blocks(), 0u);
}

TEST_F(BlockCacheTest, AnEvictedBlockIsFetchedAgain) {
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  Settle();
  EXPECT_TRUE(world.Run(cache->Evict(HashOf(TestBlock()))));
  EXPECT_FALSE(world.Run(cache->Evict(HashOf(TestBlock()))));
  EXPECT_FALSE(IsHit(kWholeBlock));
  EXPECT_EQ(cache->PresentShare(HashOf(TestBlock())), 0);
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opens(), 2u);
}

TEST_F(BlockCacheTest, AfterAKillFinishedBlocksAreHits) {
  for (std::uint64_t i = 0; i < 3; ++i) {
    ExpectRead(Read(TestBlock(i), kWholeBlock, source), TestBlock(i), kWholeBlock);
  }
  Settle();
  Crash(sim::CrashKind::kKill);
  Open();
  for (std::uint64_t i = 0; i < 3; ++i) {
    ExpectRead(Read(TestBlock(i), kWholeBlock, source), TestBlock(i), kWholeBlock);
  }
  EXPECT_EQ(source->opens(), 3u);
}

// --- the end ---

TEST_F(BlockCacheTest, StopEndsEveryFill) {
  source->HoldAt(0);
  ReadOutcome outcome;
  StartRead(TestBlock(), kWholeBlock, source, outcome);
  cache->FillRest(TestBlock(1), {}, source, {});
  Settle();
  EXPECT_EQ(source->live_streams(), 2);
  world.Run(cache->Stop());
  Settle();
  ASSERT_TRUE(outcome.ended && outcome.error);
  EXPECT_EQ(outcome.error->code(), Code::kCancelled);
  EXPECT_EQ(source->live_streams(), 0);
  EXPECT_EQ(memory->used(), 0u);
  const ReadOutcome late = Read(TestBlock(2), kWholeBlock, source);
  ASSERT_TRUE(late.error);
  EXPECT_EQ(late.error->code(), Code::kCancelled);
}

TEST_F(BlockCacheTest, StopEndsFillsThatWaitForMemoryOrForReaders) {
  Close();
  memory_bytes = 4 * kSub;
  Open(false);
  auto slow = cache->Read(TestBlock(), {kWholeBlock, source, {}});
  ASSERT_TRUE(world.RunAt(loop, slow->Next()));
  Settle();
  ReadOutcome starving;
  StartRead(TestBlock(1), kWholeBlock, source, starving);
  Settle();
  EXPECT_FALSE(starving.ended);
  EXPECT_EQ(memory->used(), 4 * kSub);
  world.Run(cache->Stop());
  Settle();
  ASSERT_TRUE(starving.ended && starving.error);
  EXPECT_EQ(starving.error->code(), Code::kCancelled);
  slow.reset();
  EXPECT_EQ(memory->used(), 0u);
}

}  // namespace
}  // namespace hearth::cache
