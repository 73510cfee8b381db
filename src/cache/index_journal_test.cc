#include "cache/index_journal.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cache/layout.h"
#include "support/seeds.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"

namespace hearth::cache {
namespace {

using sim::CrashKind;

Hash128 HashNumber(std::uint64_t number) { return HashParts128({"block", std::to_string(number)}); }
BlockRecord RecordOf(std::uint64_t number, std::uint32_t tick) {
  return {.hash = HashNumber(number), .offset = 0, .allocated = 8192, .present = 1, .total = 4, .last_used = tick};
}
// All that an index knows, in its order.
std::vector<BlockRecord> Contents(const IndexTable& index) {
  std::vector<BlockRecord> records;
  index.ForEach([&](const BlockRecord& record) { records.push_back(record); });
  return records;
}

// One process with an index and its journal; `history` is every state that the index ever had.
struct Process {
  explicit Process(sim::SimDisk& disk) : files(disk.Mount()) {}

  Status Load() {
    auto result = journal.Load(index);
    if (!result) return Fail(result.error());
    loaded = std::move(*result);
    history.push_back(Contents(index));
    return {};
  }
  Status Append(IndexRecord record) {
    const std::array<IndexRecord, 1> records = {std::move(record)};
    Status status = journal.Append(records);
    history.push_back(Contents(index));
    return status;
  }
  Status Put(std::uint64_t number, std::uint32_t tick) {
    index.Put(RecordOf(number, tick));
    return Append(RecordOf(number, tick));
  }
  Status Remove(std::uint64_t number) {
    index.Remove(HashNumber(number));
    return Append(BlockGone{HashNumber(number)});
  }
  Status Use(std::uint64_t number, std::uint32_t tick) {
    index.Touch(HashNumber(number), tick, false);
    return Append(BlocksUsed{{{HashNumber(number), tick}}});
  }

  std::unique_ptr<io::FileSystem> files;
  std::shared_ptr<SpaceLedger> ledger = std::make_shared<SpaceLedger>(1_GiB);
  IndexTable index;
  IndexJournal journal{*files, ledger};
  IndexJournal::Loaded loaded;
  std::vector<std::vector<BlockRecord>> history;
};

class IndexJournalTest : public testing::Test {
 protected:
  static void Fill(Process& process) {
    for (std::uint32_t i = 0; i < 40; ++i) ASSERT_TRUE(process.Put(i, i));
    ASSERT_TRUE(process.journal.Checkpoint(process.index));
    for (std::uint32_t i = 0; i < 40; i += 3) ASSERT_TRUE(process.Remove(i));
    for (std::uint32_t i = 1; i < 40; i += 3) ASSERT_TRUE(process.Use(i, 100 + i));
    for (std::uint32_t i = 40; i < 50; ++i) ASSERT_TRUE(process.Put(i, 200 + i));
  }
  // Sum of what the two files take on disk.
  std::uint64_t BytesOnDisk() const {
    std::uint64_t bytes = 0;
    for (const auto& [path, facts] : disk_.Files()) bytes += facts.allocated;
    return bytes;
  }

  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
};

TEST_F(IndexJournalTest, ANewDirectoryHasAnEmptyIndex) {
  Process process(disk_);
  ASSERT_TRUE(process.Load());
  EXPECT_EQ(process.index.count(), 0u);
  EXPECT_FALSE(process.loaded.complete) << "as far as it knows, the index was lost";
  ASSERT_TRUE(process.journal.StopInOrder());
  Process again(disk_);
  ASSERT_TRUE(again.Load());
  EXPECT_TRUE(again.loaded.complete);
}

TEST_F(IndexJournalTest, OnlyAnOrderlyStopMakesItComplete) {
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    Fill(process);
    ASSERT_TRUE(process.journal.StopInOrder());
  }
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    EXPECT_TRUE(process.loaded.complete);
  }
  disk_.Crash(CrashKind::kPowerLoss);
  Process after_a_crash(disk_);
  ASSERT_TRUE(after_a_crash.Load());
  EXPECT_FALSE(after_a_crash.loaded.complete) << "the one before took the word back, durably, though it did nothing";
  EXPECT_EQ(after_a_crash.loaded.bytes_dropped, 0u);
}

TEST_F(IndexJournalTest, WhatIsLoadedIsWhatWasThereInTheSameOrder) {
  std::vector<BlockRecord> expected;
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    Fill(process);
    expected = Contents(process.index);
  }
  Process again(disk_);
  ASSERT_TRUE(again.Load());
  EXPECT_EQ(Contents(again.index), expected);
  EXPECT_EQ(again.loaded.checkpoint_blocks, 40u);
}

TEST_F(IndexJournalTest, ACheckpointMakesTheLogShortAndChangesNothing) {
  Process process(disk_);
  ASSERT_TRUE(process.Load());
  Fill(process);
  const auto expected = Contents(process.index);
  ASSERT_TRUE(process.journal.Checkpoint(process.index));
  Process again(disk_);
  ASSERT_TRUE(again.Load());
  EXPECT_EQ(Contents(again.index), expected);
  EXPECT_EQ(again.loaded.log_records, 0u);
}

TEST_F(IndexJournalTest, TheLedgerPaysForBothFiles) {
  Process process(disk_);
  ASSERT_TRUE(process.Load());
  EXPECT_EQ(process.ledger->used(), BytesOnDisk());
  for (std::uint32_t i = 0; i < 2000; ++i) ASSERT_TRUE(process.Put(i, i));
  EXPECT_EQ(process.ledger->used(), BytesOnDisk());
  ASSERT_TRUE(process.journal.Checkpoint(process.index));
  EXPECT_EQ(process.ledger->used(), BytesOnDisk());
}

TEST_F(IndexJournalTest, WithoutItsLogTheIndexIsTheCheckpoint) {
  std::vector<BlockRecord> at_checkpoint;
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    for (std::uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(process.Put(i, i));
    ASSERT_TRUE(process.journal.Checkpoint(process.index));
    at_checkpoint = Contents(process.index);
    ASSERT_TRUE(process.Put(11, 11));
  }
  ASSERT_TRUE(disk_.RemoveAtRest(kIndexLogPath));
  Process again(disk_);
  ASSERT_TRUE(again.Load());
  EXPECT_EQ(Contents(again.index), at_checkpoint);
  EXPECT_FALSE(again.loaded.complete);
}

TEST_F(IndexJournalTest, WithoutItsCheckpointTheIndexIsTheLog) {
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    Fill(process);
  }
  ASSERT_TRUE(disk_.RemoveAtRest(kIndexCheckpointPath));
  Process again(disk_);
  ASSERT_TRUE(again.Load());
  EXPECT_EQ(again.index.count(), 10u);
  EXPECT_FALSE(again.loaded.complete) << "a scan has to look for the others";
}

TEST_F(IndexJournalTest, AFlippedBitCostsWhatFollowsIt) {
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    for (std::uint32_t i = 0; i < 10; ++i) ASSERT_TRUE(process.Put(i, i));
  }
  ASSERT_TRUE(disk_.FlipBit(kIndexLogPath, disk_.Files().at(std::string(kIndexLogPath)).size - 1));
  Process again(disk_);
  ASSERT_TRUE(again.Load());
  EXPECT_EQ(again.index.count(), 9u);
  EXPECT_GT(again.loaded.bytes_dropped, 0u);
  EXPECT_FALSE(again.loaded.complete);
}

TEST_F(IndexJournalTest, AFileThatCannotBeReadIsBegunAnew) {
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    Fill(process);
  }
  disk_.SetErrorRate(sim::DiskCall::kRead, 1);
  Process again(disk_);
  const Status loaded = again.Load();
  ASSERT_TRUE(loaded) << loaded.error().ToString();
  EXPECT_TRUE(again.loaded.discarded);
  EXPECT_FALSE(again.loaded.complete);
  disk_.SetErrorRate(sim::DiskCall::kRead, 0);
  ASSERT_TRUE(again.Put(1, 1));
}

TEST_F(IndexJournalTest, AnAppendThatFailedIsMadeGoodByTheNextCheckpoint) {
  Process process(disk_);
  ASSERT_TRUE(process.Load());
  ASSERT_TRUE(process.Put(1, 1));
  EXPECT_FALSE(process.journal.WantsCheckpoint());
  disk_.SetErrorRate(sim::DiskCall::kWrite, 1);
  EXPECT_FALSE(process.Put(2, 2));
  EXPECT_TRUE(process.journal.WantsCheckpoint());
  EXPECT_FALSE(process.journal.Checkpoint(process.index));
  EXPECT_TRUE(process.journal.WantsCheckpoint());
  disk_.SetErrorRate(sim::DiskCall::kWrite, 0);
  ASSERT_TRUE(process.journal.Checkpoint(process.index));
  EXPECT_FALSE(process.journal.WantsCheckpoint());
  Process again(disk_);
  ASSERT_TRUE(again.Load());
  EXPECT_EQ(again.index.count(), 2u);
}

TEST_F(IndexJournalTest, ALongLogWantsACheckpoint) {
  Process process(disk_);
  ASSERT_TRUE(process.Load());
  BlockBatch batch;
  for (std::uint32_t i = 0; i < BlockBatch::kBatchMax; ++i) batch.blocks.push_back(RecordOf(i, i));
  for (int i = 0; i < 200 && !process.journal.WantsCheckpoint(); ++i) {
    const std::array<IndexRecord, 1> records = {batch};
    ASSERT_TRUE(process.journal.Append(records));
  }
  EXPECT_TRUE(process.journal.WantsCheckpoint());
  ASSERT_TRUE(process.journal.Checkpoint(process.index));
  EXPECT_FALSE(process.journal.WantsCheckpoint());
}

// A checkpoint that dies at its n-th call of the disk, for every n. Returns false when n was past the end.
bool CrashInCheckpoint(std::uint64_t seed, std::uint64_t call, CrashKind kind) {
  sim::SimWorld world(seed);
  sim::SimDisk disk(world.clock(), seed);
  std::vector<std::vector<BlockRecord>> history;
  {
    Process process(disk);
    EXPECT_TRUE(process.Load());
    for (std::uint32_t i = 0; i < 20; ++i) EXPECT_TRUE(process.Put(i, i));
    EXPECT_TRUE(process.journal.Checkpoint(process.index));
    for (std::uint32_t i = 0; i < 20; i += 4) EXPECT_TRUE(process.Remove(i));
    EXPECT_TRUE(process.Use(1, 50));
    EXPECT_TRUE(process.Put(30, 60));
    EXPECT_TRUE(process.Put(0, 61));
    disk.CrashAfter(call, kind);
    (void)process.journal.Checkpoint(process.index);
    disk.CrashAfter(0, kind);
    history = process.history;
    if (!disk.crashed()) return false;
  }
  Process again(disk);
  EXPECT_TRUE(again.Load());
  const auto loaded = Contents(again.index);
  if (kind == CrashKind::kKill) {
    EXPECT_EQ(loaded, history.back()) << "a killed process loses nothing";
  } else {
    EXPECT_TRUE(std::ranges::find(history, loaded) != history.end()) << "a state that never was";
    EXPECT_GE(again.index.count(), 15u) << "older than the checkpoint before";
  }
  // And it goes on from there.
  EXPECT_TRUE(again.Put(99, 99));
  Process third(disk);
  EXPECT_TRUE(third.Load());
  EXPECT_EQ(Contents(third.index), Contents(again.index));
  return true;
}

TEST_F(IndexJournalTest, AKillAnywhereInACheckpointLosesNothing) {
  std::uint64_t call = 1;
  while (CrashInCheckpoint(call, call, CrashKind::kKill)) ++call;
  EXPECT_GT(call, 10u);
}

TEST_F(IndexJournalTest, APowerLossAnywhereInACheckpointLeavesAStateThatWas) {
  for (const std::uint64_t seed : sim::TestSeeds(40)) {
    SCOPED_TRACE(sim::SeedText(seed));
    std::uint64_t call = 1;
    while (CrashInCheckpoint(seed, call, CrashKind::kPowerLoss)) ++call;
    ASSERT_GT(call, 10u);
  }
}

TEST_F(IndexJournalTest, AMillionBlocksLoadInWellUnderASecond) {
  constexpr std::uint32_t kBlocks = 1'000'000;
  {
    Process process(disk_);
    ASSERT_TRUE(process.Load());
    for (std::uint32_t i = 0; i < kBlocks; ++i) {
      process.index.Put(
          {.hash = {i * 0x9e3779b97f4a7c15u, i * 0xbf58476d1ce4e5b9u}, .allocated = 4096, .present = 1, .total = 1});
    }
    ASSERT_TRUE(process.journal.Checkpoint(process.index));
  }
  const auto files = disk_.Mount();
  IndexTable index;
  IndexJournal journal(*files, std::make_shared<SpaceLedger>(1_GiB));
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(journal.Load(index));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(index.count(), kBlocks);
  RecordProperty("milliseconds", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
}

}  // namespace
}  // namespace hearth::cache
