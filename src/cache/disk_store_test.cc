#include "cache/disk_store.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

using std::chrono::seconds;
using telemetry::Family;

constexpr SubRange kAll{0, 16};
constexpr std::uint64_t kHeader = 4_KiB;
constexpr std::uint64_t kWhole = kHeader + 1_MiB;

class DiskStoreTest : public testing::Test, protected CacheWorld {};

TEST_F(DiskStoreTest, ASecondProcessIsRefused) {
  Open();
  const auto other_files = disk.Mount();
  DiskStore other(store_options, {*other_files, pool, pool, world.clock(), *metrics, log});
  const Status opened = world.Run(RunOn(pool, [&] { return other.Open(); }));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), Code::kUnavailable);
}

TEST_F(DiskStoreTest, AWrittenBlockIsThereAfterARestart) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 5}));
  ExpectLedgerIsExact();
  Restart();
  EXPECT_EQ(store->blocks(), 1u);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 5u);
  const auto file = OpenBlock(TestBlock());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->present_count(), 5u);
  EXPECT_FALSE(store->IsReady(*file, {0, 1}));
  EXPECT_TRUE(world.Run(store->Verify(file, {0, 5 * 64_KiB})));
  EXPECT_TRUE(store->IsReady(*file, {0, 5 * 64_KiB}));
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreTest, ABlockThatIsNotThereIsNull) {
  Open();
  EXPECT_FALSE(OpenBlock(TestBlock()));
  Scan();
  EXPECT_FALSE(OpenBlock(TestBlock()));
}

TEST_F(DiskStoreTest, EverybodyGetsTheSameFileOfABlock) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  Restart();
  std::optional<std::shared_ptr<BlockFile>> first;
  std::optional<std::shared_ptr<BlockFile>> second;
  loop.Post([&] { StartDetached(sim::sim_internal::Keep(store->OpenBlock(TestBlock()), first)); });
  fetch.Post([&] { StartDetached(sim::sim_internal::Keep(store->OpenBlock(TestBlock()), second)); });
  ASSERT_TRUE(world.RunUntil([&] { return first && second; }, seconds(1)));
  ASSERT_TRUE(*first);
  EXPECT_EQ(*first, *second);
  EXPECT_EQ(store->FindOpen(HashOf(TestBlock())), *first);
}

TEST_F(DiskStoreTest, TwoThatMakeABlockAtOnceShareOneFile) {
  Open();
  Scan();
  using Made = Result<std::shared_ptr<BlockFile>>;
  std::optional<Made> first;
  std::optional<Made> second;
  loop.Post([&] { StartDetached(sim::sim_internal::Keep(store->Create(TestBlock(), 64_KiB), first)); });
  fetch.Post([&] { StartDetached(sim::sim_internal::Keep(store->Create(TestBlock(), 128_KiB), second)); });
  ASSERT_TRUE(world.RunUntil([&] { return first && second; }, seconds(1)));
  ASSERT_TRUE(*first && *second);
  EXPECT_EQ(**first, **second);
  EXPECT_EQ(BlockFiles(), 1u);
  EXPECT_EQ(used(), logs() + kHeader + 192_KiB);
  for (const std::uint32_t sub : {0, 4, 5})
    ASSERT_TRUE(world.Run(store->Write(**first, sub, SubBytes(TestBlock(), sub))));
  world.Run(store->Record(**first));
  ExpectLedgerIsExact();
  EXPECT_TRUE(world.Run(store->Verify(**first, {4 * 64_KiB, 6 * 64_KiB})));
}

TEST_F(DiskStoreTest, ABlockThatNoFileCanHoldIsRefused) {
  Open();
  Scan();
  const auto made = world.Run(store->Create(TestBlock(0, std::string(5000, 'k')), 64_KiB));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(world.Run(store->Create(TestBlock(), 64_KiB))) << "and the directory is none the worse for it";
}

// --- room ---

TEST_F(DiskStoreTest, TheBudgetIsNeverExceeded) {
  store_options.budget_bytes = 10 * kWhole;
  Open();
  Scan();
  for (std::uint64_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(WriteBlock(TestBlock(i % 3, "k" + std::to_string(i)), kAll));
    ASSERT_LE(used(), store_options.budget_bytes);
    ASSERT_LE(BytesOnDisk(), store_options.budget_bytes);
  }
  Settle();
  ExpectLedgerIsExact();
  EXPECT_GE(store->blocks(), 8u);
  EXPECT_GT(Count(Family::kCacheEvictedBlocks, {kTestDirectory, "space"}), 0u);
}

TEST_F(DiskStoreTest, TheLeastRecentlyUsedBlockIsEvicted) {
  store_options.eviction = EvictionKind::kLru;
  store_options.budget_bytes = 4 * kWhole;
  Open();
  Scan();
  for (const char* key : {"a", "b", "c"}) {
    ASSERT_TRUE(WriteBlock(TestBlock(0, key), kAll));
    world.RunFor(seconds(2));
  }
  store->NoteUse(*OpenBlock(TestBlock(0, "a")));
  ASSERT_TRUE(WriteBlock(TestBlock(0, "d"), kAll));
  EXPECT_TRUE(store->Lookup(HashOf(TestBlock(0, "a"))));
  EXPECT_FALSE(store->Lookup(HashOf(TestBlock(0, "b"))));
  EXPECT_TRUE(store->Lookup(HashOf(TestBlock(0, "c"))));
}

TEST_F(DiskStoreTest, ABlockThatIsNotWorthItsRoomIsRefusedAndThatIsNoTrouble) {
  store_options.budget_bytes = 4 * kWhole;
  Open();
  Scan();
  for (const char* key : {"a", "b", "c"}) {
    EXPECT_TRUE(store->Admit(TestBlock(0, key), 1_MiB, false)) << "there is room";
    ASSERT_TRUE(WriteBlock(TestBlock(0, key), kAll));
    world.RunFor(seconds(2));
    store->NoteUse(*OpenBlock(TestBlock(0, key)));
  }
  EXPECT_FALSE(store->WouldAdmit(TestBlock(0, "d"), 1_MiB));
  EXPECT_FALSE(store->Admit(TestBlock(0, "d"), 1_MiB, false));
  EXPECT_EQ(Count(Family::kBypass, {kTestDirectory, "rejected"}), 1u);
  EXPECT_TRUE(store->WouldAdmit(TestBlock(0, "d"), 64_KiB)) << "that much is free";
  EXPECT_TRUE(store->Admit(TestBlock(0, "e"), 1_MiB, true));
  EXPECT_TRUE(WriteBlock(TestBlock(0, "e"), kAll)) << "the directory is not left alone for that";
  EXPECT_EQ(Count(Family::kBypass, {kTestDirectory, "rejected"}), 1u);
  EXPECT_EQ(store->blocks(), 3u);
}

TEST_F(DiskStoreTest, MakingRoomForABlockNeverTakesTheBlockItself) {
  for (const EvictionKind kind : {EvictionKind::kWTinyLfu, EvictionKind::kLru, EvictionKind::kS3Fifo}) {
    store_options.eviction = kind;
    store_options.budget_bytes = kWhole + 512_KiB;
    Open();
    Scan();
    const std::string old = "old" + std::to_string(static_cast<int>(kind));
    const BlockInfo info = TestBlock(0, "k" + std::to_string(static_cast<int>(kind)));
    const auto file = WriteBlock(info, {0, 8});
    ASSERT_TRUE(WriteBlock(TestBlock(0, old), {0, 12}));
    if (file->gone()) FAIL() << "both fit";
    ASSERT_TRUE(world.Run(store->Reserve(file, 512_KiB)));
    EXPECT_FALSE(file->gone());
    EXPECT_FALSE(store->Lookup(HashOf(TestBlock(0, old))));
    store->Unreserve(*file, 512_KiB);
    ASSERT_TRUE(Evict(info));
    Close();
  }
}

TEST_F(DiskStoreTest, WhatCanNeverFitIsRefusedAndEvictsNothing) {
  store_options.budget_bytes = 2 * kWhole;
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  const auto made = world.Run(store->Create(TestBlock(1), 10_MiB));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::kNoSpace);
  EXPECT_EQ(store->blocks(), 1u);
}

TEST_F(DiskStoreTest, AnEvictedBlockIsPaidForUntilItsReaderLetsGo) {
  Open();
  Scan();
  auto file = WriteBlock(TestBlock(), kAll);
  auto slice = std::make_unique<io::FileSlice>(file->Slice({0, 1_MiB}));
  file.reset();
  ASSERT_TRUE(Evict(TestBlock()));
  EXPECT_EQ(BlockFiles(), 0u);
  EXPECT_FALSE(store->FindOpen(HashOf(TestBlock())));
  EXPECT_EQ(used(), logs() + kWhole);
  ExpectLedgerIsExact();
  std::vector<std::byte> bytes(1_MiB);
  ASSERT_TRUE(slice->file->ReadAt(slice->range.begin, bytes));
  EXPECT_EQ(CheckBlockBytes(TestBlock(), 0, bytes), "");
  slice.reset();
  Settle();
  EXPECT_EQ(used(), logs());
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreTest, ABlockThatIsReadWhileItIsEvictedIsNotOpenedAgain) {
  Open();
  Scan();
  const auto reader = WriteBlock(TestBlock(), kAll);
  std::optional<bool> evicted;
  loop.Post(
      [&] { StartDetached(sim::sim_internal::Keep(store->Evict(HashOf(TestBlock()), EvictReason::kAsked), evicted)); });
  world.RunUntil([&] { return reader->gone(); }, seconds(1));
  EXPECT_FALSE(OpenBlock(TestBlock()));
  ASSERT_TRUE(world.RunUntil([&] { return evicted.has_value(); }, seconds(1)));
  const auto next = WriteBlock(TestBlock(), {0, 1});
  ASSERT_TRUE(next);
  EXPECT_NE(next, reader);
  EXPECT_FALSE(next->gone());
  EXPECT_EQ(store->FindOpen(HashOf(TestBlock())), next);
}

TEST_F(DiskStoreTest, UnusedRoomOfAnEvictedBlockIsNotTakenFromItsSuccessor) {
  Open();
  Scan();
  auto old = *world.Run(store->Create(TestBlock(), 512_KiB));
  ASSERT_TRUE(Evict(TestBlock()));
  const auto next = *world.Run(store->Create(TestBlock(), 256_KiB));
  const std::uint64_t before = used();
  store->Unreserve(*old, 512_KiB);
  EXPECT_EQ(used(), before);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->allocated, kHeader + 256_KiB);
  old.reset();
  Settle();
  EXPECT_EQ(used(), logs() + kHeader + 256_KiB);
}

TEST_F(DiskStoreTest, ReservedRoomThatIsGivenBackIsFree) {
  Open();
  Scan();
  const auto file = WriteBlock(TestBlock(3), {0, 1});  // 100 bytes
  ASSERT_TRUE(file);
  ExpectLedgerIsExact();
  ASSERT_TRUE(world.Run(store->Reserve(file, 100)));
  EXPECT_EQ(used(), BytesOnDisk() + 4_KiB);
  store->Unreserve(*file, 100);
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreTest, ABlockThatIsGoneTakesNoMoreRoom) {
  Open();
  Scan();
  const auto file = WriteBlock(TestBlock(), {0, 1});
  ASSERT_TRUE(Evict(TestBlock()));
  const Status reserved = world.Run(store->Reserve(file, 64_KiB));
  ASSERT_FALSE(reserved);
  EXPECT_EQ(reserved.error().code(), Code::kUnavailable);
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreTest, ThePurgerGoesFromTheHighMarkToTheLow) {
  store_options.budget_bytes = 20 * kWhole;
  Open();
  Scan();
  for (std::uint64_t i = 0; i < 19; ++i) ASSERT_TRUE(WriteBlock(TestBlock(0, std::to_string(i)), kAll));
  ASSERT_GT(used(), store_options.budget_bytes / 100 * 95);
  world.RunFor(seconds(11));
  EXPECT_LE(used(), store_options.budget_bytes / 100 * 90);
  EXPECT_GT(used(), store_options.budget_bytes / 100 * 80);
  EXPECT_GT(Count(Family::kCacheEvictedBlocks, {kTestDirectory, "purge"}), 0u);
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreTest, MetricsTellBytesAndBlocks) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  metrics->Collect();
  EXPECT_EQ(metrics->GetGauge(Family::kCacheBlocks, {kTestDirectory}).Value(), 1);
  EXPECT_EQ(metrics->GetGauge(Family::kCacheBytes, {kTestDirectory}).Value(), static_cast<std::int64_t>(used()));
  EXPECT_EQ(metrics->GetGauge(Family::kCacheBudgetBytes, {kTestDirectory}).Value(), 64 << 20);
}

}  // namespace
}  // namespace hearth::cache
