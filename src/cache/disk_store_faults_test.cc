// DiskStore on bad days, and from one life to the next.
#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"
#include "cache/disk_store.h"

namespace hearth::cache {
namespace {

using sim::DiskCall;
using std::chrono::seconds;
using telemetry::Family;

constexpr SubRange kAll{0, 16};
constexpr std::uint64_t kHeader = 4_KiB;
constexpr std::uint64_t kWhole = kHeader + 1_MiB;

class DiskStoreFaultsTest : public testing::Test, protected CacheWorld {};

// --- bad days ---

TEST_F(DiskStoreFaultsTest, AFullDiskIsAnErrorAndCostsNothing) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  disk.SetCapacity(disk.used() + 100_KiB);
  const auto file = world.Run(store->Create(TestBlock(1), 1_MiB));
  ASSERT_TRUE(file);
  int written = 0;
  for (std::uint32_t sub = 0; sub < 4; ++sub)
    written += world.Run(store->Write(*file, sub, SubBytes(TestBlock(1), sub))) ? 1 : 0;
  EXPECT_EQ(written, 1);
  store->Unreserve(**file, 12 * 64_KiB);
  world.Run(store->Record(*file));
  ExpectLedgerIsExact();
  const auto refused = world.Run(store->Create(TestBlock(2), 64_KiB));
  ASSERT_FALSE(refused) << "right after a failure";
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  disk.SetCapacity(1_GiB);
  world.RunFor(seconds(2));
  EXPECT_TRUE(WriteBlock(TestBlock(2), kAll));
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreFaultsTest, BlocksMakeRoomForBlocksOnADiskThatOthersHaveFilled) {
  Open();
  Scan();
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(WriteBlock(TestBlock(i), kAll));
  disk.SetCapacity(disk.used() + 100_KiB);
  const auto file = world.Run(store->Create(TestBlock(0, "other"), 1_MiB));
  ASSERT_TRUE(file);
  EXPECT_TRUE(world.Run(store->Write(*file, 0, SubBytes(TestBlock(0, "other"), 0))));
  EXPECT_FALSE(world.Run(store->Write(*file, 1, SubBytes(TestBlock(0, "other"), 1))));
  store->Unreserve(**file, 14 * 64_KiB);
  world.Run(store->Record(*file));
  world.RunFor(seconds(2));
  EXPECT_LT(store->ledger().limit(), used()) << "the failure says that the budget is not to be had";
  EXPECT_TRUE(WriteBlock(TestBlock(1, "other"), kAll)) << "in the room of the oldest";
  EXPECT_GE(Count(Family::kCacheEvictedBlocks, {kTestDirectory, "space"}), 1u);
  disk.SetCapacity(1_GiB);
  world.RunFor(seconds(11));
  EXPECT_EQ(store->ledger().limit(), store->ledger().budget()) << "when they have gone, all of it is";
}

TEST_F(DiskStoreFaultsTest, ThePurgerKeepsAMarginFreeOnADiskThatOthersFill) {
  Open();
  Scan();
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(WriteBlock(TestBlock(i), kAll));
  disk.SetCapacity(disk.used() + 8_KiB);
  world.RunFor(seconds(11));
  EXPECT_EQ(store->blocks(), 2u);
  EXPECT_EQ(Count(Family::kCacheEvictedBlocks, {kTestDirectory, "purge"}), 1u);
}

TEST_F(DiskStoreFaultsTest, AFileThatCannotBeMadeLeavesNothingBehind) {
  Open();
  Scan();
  for (const DiskCall call : {DiskCall::kMakeDirectory, DiskCall::kOpen, DiskCall::kWrite}) {
    disk.SetErrorRate(call, 1);
    EXPECT_FALSE(world.Run(store->Create(TestBlock(), 64_KiB)));
    disk.SetErrorRate(call, 0);
    EXPECT_EQ(BlockFiles(), 0u);
    EXPECT_EQ(store->blocks(), 0u);
    ExpectLedgerIsExact();
    world.RunFor(seconds(2));
  }
  EXPECT_TRUE(WriteBlock(TestBlock(), kAll));
  EXPECT_GT(Count(Family::kBypass, {kTestDirectory, "unavailable"}), 0u);
}

TEST_F(DiskStoreFaultsTest, ADirectoryThatLetsNothingGoKeepsItsBlocks) {
  store_options.budget_bytes = 4 * kWhole;
  Open();
  Scan();
  for (std::uint64_t i = 0; i < 3; ++i) ASSERT_TRUE(WriteBlock(TestBlock(i), kAll));
  disk.SetErrorRate(DiskCall::kUnlink, 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(world.Run(store->Create(TestBlock(0, "other"), 1_MiB)));
    world.RunFor(seconds(20));  // the purger too
  }
  EXPECT_EQ(store->blocks(), 3u);
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_TRUE(OpenBlock(TestBlock(i))) << i;
  disk.SetErrorRate(DiskCall::kUnlink, 0);
  world.RunFor(seconds(2));
  EXPECT_TRUE(WriteBlock(TestBlock(0, "other"), kAll));
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreFaultsTest, AFileThatCannotBeUnlinkedStaysInTheLedgerUntilItCan) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  ASSERT_TRUE(WriteBlock(TestBlock(1), kAll));
  auto reader = OpenBlock(TestBlock(1));
  disk.SetErrorRate(DiskCall::kUnlink, 1);
  EXPECT_TRUE(Evict(TestBlock()));
  EXPECT_TRUE(Evict(TestBlock(1)));
  EXPECT_FALSE(OpenBlock(TestBlock()));
  EXPECT_EQ(used(), logs() + 2 * kWhole);
  disk.SetErrorRate(DiskCall::kUnlink, 0);
  // Made again under the same name, before the unlink is tried again.
  world.RunFor(seconds(2));
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 1}));
  world.RunFor(seconds(20));
  EXPECT_EQ(BlockFiles(), 2u) << "one of them has a reader";
  ExpectLedgerIsExact();
  reader.reset();
  world.RunFor(seconds(20));
  EXPECT_EQ(BlockFiles(), 1u);
  EXPECT_TRUE(OpenBlock(TestBlock()));
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreFaultsTest, ACorruptBlockIsDroppedAndCounted) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  Restart();
  const auto file = OpenBlock(TestBlock());
  ASSERT_TRUE(disk.FlipBit(BlockPath(HashOf(TestBlock())), kHeader + 70'000));
  const Status verified = world.Run(store->Verify(file, {0, 1_MiB}));
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code(), Code::kCorruption);
  EXPECT_EQ(Count(Family::kCacheCorruptPages, {kTestDirectory}), 1u);
  EXPECT_EQ(Count(Family::kCacheEvictedBlocks, {kTestDirectory, "corrupt"}), 1u);
  EXPECT_EQ(BlockFiles(), 0u);
  EXPECT_FALSE(OpenBlock(TestBlock()));
}

TEST_F(DiskStoreFaultsTest, ABlockWithABrokenHeaderIsDropped) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  Restart();
  ASSERT_TRUE(disk.FlipBit(BlockPath(HashOf(TestBlock())), 20));
  EXPECT_FALSE(OpenBlock(TestBlock()));
  EXPECT_EQ(BlockFiles(), 0u);
  EXPECT_EQ(store->blocks(), 0u);
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreFaultsTest, ABlockDeletedUnderOurFeetIsAMiss) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  Restart();
  ASSERT_TRUE(disk.RemoveAtRest(BlockPath(HashOf(TestBlock()))));
  EXPECT_FALSE(OpenBlock(TestBlock()));
  EXPECT_EQ(store->blocks(), 0u);
  ExpectLedgerIsExact();
  EXPECT_TRUE(WriteBlock(TestBlock(), kAll));
}

TEST_F(DiskStoreFaultsTest, ALogThatFailedIsMadeAnewByThePurger) {
  Open();
  Scan();
  disk.SetErrorRate(DiskCall::kWrite, 1);
  const auto file = world.Run(store->Create(TestBlock(), 64_KiB));
  EXPECT_FALSE(file);
  disk.SetErrorRate(DiskCall::kWrite, 0);
  world.RunFor(seconds(2));
  disk.SetErrorRate(DiskCall::kTruncate, 1);
  const auto next = *world.Run(store->Create(TestBlock(), 64_KiB));
  ASSERT_TRUE(world.Run(store->Write(next, 0, SubBytes(TestBlock(), 0))));
  disk.SetErrorRate(DiskCall::kWrite, 1);
  world.Run(store->Record(next));  // the log cannot even be put back as it was, and refuses from now on
  disk.SetErrorRateOfAll(0);
  world.Run(store->Record(next));
  world.RunFor(seconds(20));
  ASSERT_TRUE(WriteBlock(TestBlock(1), kAll));
  disk.Crash(sim::CrashKind::kKill);
  Close();
  Open();
  EXPECT_EQ(store->blocks(), 2u);
}

// --- restart ---

TEST_F(DiskStoreFaultsTest, ARestartKeepsTheOrderOfUse) {
  Open();
  Scan();
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(WriteBlock(TestBlock(0, std::to_string(i)), {0, 1}));
    world.RunFor(seconds(2));
  }
  store->NoteUse(*OpenBlock(TestBlock(0, "0")));
  world.RunFor(seconds(2));
  store->NoteUse(*OpenBlock(TestBlock(0, "2")));
  world.RunFor(seconds(15));  // the purger writes down what was used
  disk.Crash(sim::CrashKind::kKill);
  Close();
  store_options.budget_bytes = 4 * (kHeader + 64_KiB) + 64_KiB;
  Open();
  Scan();
  world.RunFor(seconds(11));
  EXPECT_LE(used(), store_options.budget_bytes);
  for (const char* key : {"1", "3"}) EXPECT_FALSE(store->Lookup(HashOf(TestBlock(0, key)))) << key;
  for (const char* key : {"0", "2", "5"}) EXPECT_TRUE(store->Lookup(HashOf(TestBlock(0, key)))) << key;
}

TEST_F(DiskStoreFaultsTest, ABlockThatWasBeingMadeAtTheCrashDoesNotHoldItsRoom) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  ASSERT_TRUE(world.Run(store->Create(TestBlock(1), 1_MiB)));
  Restart();  // the checkpoint has seen it
  Settle();
  EXPECT_EQ(store->blocks(), 1u);
  EXPECT_EQ(BlockFiles(), 1u);
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreFaultsTest, AFileThatHoldsMoreThanTheIndexKnowsIsCountedWhenItIsOpened) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 1}));
  Restart();
  const auto file = OpenBlock(TestBlock());
  ASSERT_TRUE(world.Run(store->Reserve(file, 4 * 64_KiB)));
  for (std::uint32_t sub = 1; sub < 5; ++sub)
    ASSERT_TRUE(world.Run(store->Write(file, sub, SubBytes(TestBlock(), sub))));
  ASSERT_TRUE(file->Record()) << "the header, but not the index";
  Crash(sim::CrashKind::kKill);
  ASSERT_TRUE(OpenStore());
  const auto again = OpenBlock(TestBlock());
  ASSERT_TRUE(again);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 5u);
  store->StartBackground(fetch);
  Scan();
  ExpectLedgerIsExact();
}

TEST_F(DiskStoreFaultsTest, NothingIsWrittenBeforeADirectoryWithALostIndexIsCounted) {
  Open();
  Scan();
  ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
  Close();
  ASSERT_TRUE(disk.RemoveAtRest(kIndexLogPath));
  ASSERT_TRUE(disk.RemoveAtRest(kIndexCheckpointPath));
  ASSERT_TRUE(OpenStore());
  const auto made = world.Run(store->Create(TestBlock(1), 64_KiB));
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::kUnavailable);
  EXPECT_TRUE(OpenBlock(TestBlock())) << "what is there can be read at once";
  store->StartBackground(fetch);
  Scan();
  EXPECT_TRUE(world.Run(store->Create(TestBlock(1), 64_KiB)));
}

TEST_F(DiskStoreFaultsTest, ANewDirectoryTakesBlocksAtOnce) {
  ASSERT_TRUE(OpenStore());
  EXPECT_TRUE(world.Run(store->Create(TestBlock(1), 64_KiB)));
}

}  // namespace
}  // namespace hearth::cache
