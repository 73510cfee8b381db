#include "cache/block_file.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

constexpr std::uint32_t kInterval = 600;
constexpr std::string_view kPath = "block";

class BlockFileTest : public testing::Test {
 protected:
  std::shared_ptr<BlockFile> Make() {
    auto file = files_->Open(kPath, {.write = true, .create = true});
    return std::make_shared<BlockFile>(BlockHeader::Empty(info_, kTestGeometry), *file, ledger_);
  }
  // As a restart would.
  std::shared_ptr<BlockFile> Reopen() {
    auto file = files_->Open(kPath, {.write = true});
    std::vector<std::byte> bytes(kBlockHeaderMax);
    const auto read = (*file)->ReadAt(0, bytes);
    auto header = DecodeBlockHeader(std::span(bytes).first(*read));
    if (!header) return nullptr;
    return std::make_shared<BlockFile>(std::move(*header), *file, ledger_);
  }
  void Write(BlockFile& file, std::uint32_t sub, std::uint32_t now_s = 1) {
    const Status written = file.Write(sub, SubBytes(info_, sub).bytes, now_s);
    ASSERT_TRUE(written) << written.error().ToString();
  }
  Status Verify(BlockFile& file, ByteRange range, std::uint32_t now_s = 1) {
    return file.Verify(range, now_s, pages_corrupt_);
  }
  std::uint64_t data_offset() const { return BlockHeader::Empty(info_, kTestGeometry).data_offset(); }

  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
  std::shared_ptr<SpaceLedger> ledger_ = std::make_shared<SpaceLedger>(1_GiB);
  BlockInfo info_ = TestBlock(1);
  std::uint32_t pages_corrupt_ = 0;
};

TEST_F(BlockFileTest, HasWhatWasWrittenAndNothingElse) {
  const auto file = Make();
  EXPECT_EQ(file->sub_count(), 16u);
  EXPECT_FALSE(file->Has({0, 1}));
  Write(*file, 3);
  Write(*file, 4);
  EXPECT_EQ(file->present_count(), 2u);
  EXPECT_TRUE(file->HasSub(3));
  EXPECT_TRUE(file->Has({3 * 64_KiB, 5 * 64_KiB}));
  EXPECT_TRUE(file->Has({3 * 64_KiB + 1, 3 * 64_KiB + 2}));
  EXPECT_FALSE(file->Has({3 * 64_KiB - 1, 3 * 64_KiB + 1}));
  EXPECT_FALSE(file->Has({4 * 64_KiB, 5 * 64_KiB + 1}));
}

TEST_F(BlockFileTest, TheLastBlockIsAsShortAsTheObject) {
  info_ = TestBlock(3);
  const auto file = Make();
  EXPECT_EQ(file->block_length(), 100u);
  Write(*file, 0);
  EXPECT_TRUE(file->Has({0, 100}));
  EXPECT_FALSE(file->Has({0, 101}));
  EXPECT_TRUE(Verify(*file, {0, 100}));
}

TEST_F(BlockFileTest, ASliceHoldsTheBlocksOwnBytes) {
  const auto file = Make();
  Write(*file, 2);
  const io::FileSlice slice = file->Slice({2 * 64_KiB + 10, 2 * 64_KiB + 30});
  std::vector<std::byte> bytes(slice.range.length());
  ASSERT_TRUE(slice.file->ReadAt(slice.range.begin, bytes));
  EXPECT_EQ(CheckBlockBytes(info_, 2 * 64_KiB + 10, bytes), "");
}

TEST_F(BlockFileTest, WhatWasWrittenIsReadyUntilTheIntervalIsOver) {
  const auto file = Make();
  Write(*file, 0, 100);
  EXPECT_TRUE(file->IsReady({0, 64_KiB}, 100, kInterval));
  EXPECT_TRUE(file->IsReady({0, 64_KiB}, 699, kInterval));
  EXPECT_FALSE(file->IsReady({0, 64_KiB}, 700, kInterval));
  EXPECT_TRUE(Verify(*file, {0, 64_KiB}, 701));
  EXPECT_TRUE(file->IsReady({0, 64_KiB}, 1300, kInterval));
}

TEST_F(BlockFileTest, WhatIsNotInMemoryIsNotReady) {
  const auto file = Make();
  Write(*file, 0);
  disk_.SetResidency(0);
  EXPECT_FALSE(file->IsReady({0, 64_KiB}, 1, kInterval));
}

TEST_F(BlockFileTest, AReopenedBlockHasWhatWasRecordedAndChecksItFirst) {
  {
    const auto file = Make();
    Write(*file, 0);
    Write(*file, 15);
    ASSERT_TRUE(file->Record());
    Write(*file, 7);  // and not recorded
  }
  const auto again = Reopen();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->info(), info_);
  EXPECT_EQ(again->present_count(), 2u);
  EXPECT_FALSE(again->IsReady({0, 64_KiB}, 1, kInterval));
  EXPECT_TRUE(Verify(*again, {0, 64_KiB}));
  EXPECT_TRUE(Verify(*again, {15 * 64_KiB, 1_MiB}));
  EXPECT_TRUE(again->IsReady({0, 64_KiB}, 1, kInterval));
}

TEST_F(BlockFileTest, AFlippedBitIsCorruptionOfThatPageOnly) {
  const auto file = Make();
  for (std::uint32_t sub = 0; sub < 4; ++sub) Write(*file, sub);
  ASSERT_TRUE(disk_.FlipBit(kPath, data_offset() + 64_KiB + 77, 3));
  const Status verified = Verify(*file, {0, 256_KiB}, 5);
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code(), Code::kCorruption);
  EXPECT_EQ(pages_corrupt_, 1u);
  EXPECT_TRUE(Verify(*file, {0, 64_KiB}));
  EXPECT_TRUE(Verify(*file, {128_KiB, 256_KiB}));
}

TEST_F(BlockFileTest, AShortenedFileIsCorruption) {
  const auto file = Make();
  Write(*file, 0);
  Write(*file, 1);
  ASSERT_TRUE(disk_.CutAtRest(kPath, data_offset() + 100_KiB));
  EXPECT_TRUE(Verify(*file, {0, 64_KiB}));
  const Status verified = Verify(*file, {64_KiB, 128_KiB});
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code(), Code::kCorruption);
}

TEST_F(BlockFileTest, TheRightBytesOfAnotherBlockAreWrong) {
  const auto file = Make();
  Write(*file, 0);
  // The same page of the object's next block, byte for byte, checksum and all.
  info_ = TestBlock(2);
  const auto raw = files_->Open(kPath, {.write = true});
  ASSERT_TRUE((*raw)->WriteAt(data_offset(), SubBytes(info_, 0).bytes));
  EXPECT_FALSE(Verify(*file, {0, 64_KiB}));
}

TEST_F(BlockFileTest, ADiskThatFailsIsNotCorruption) {
  const auto file = Make();
  Write(*file, 0);
  disk_.SetErrorRate(sim::DiskCall::kRead, 1);
  const Status verified = Verify(*file, {0, 64_KiB});
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().code(), Code::kUnavailable);
  EXPECT_EQ(pages_corrupt_, 0u);
}

TEST_F(BlockFileTest, AWriteThatFailsLeavesTheSubBlockAbsent) {
  const auto file = Make();
  disk_.SetErrorRate(sim::DiskCall::kWrite, 1);
  EXPECT_FALSE(file->Write(0, SubBytes(info_, 0).bytes, 1));
  EXPECT_FALSE(file->HasSub(0));
  disk_.SetErrorRate(sim::DiskCall::kWrite, 0);
  Write(*file, 0);
  EXPECT_TRUE(Verify(*file, {0, 64_KiB}));
}

TEST_F(BlockFileTest, AGoneFileIsPaidForUntilTheLastSliceOfItGoes) {
  ASSERT_TRUE(ledger_->TryReserve(1000));
  auto file = Make();
  Write(*file, 0);
  auto slice = std::make_unique<io::FileSlice>(file->Slice({0, 10}));
  file->MarkGone(1000);
  EXPECT_TRUE(file->gone());
  file.reset();
  EXPECT_EQ(ledger_->used(), 1000u);
  slice.reset();
  EXPECT_EQ(ledger_->used(), 0u);
}

TEST_F(BlockFileTest, AFileThatStaysCostsNothingWhenItCloses) {
  ASSERT_TRUE(ledger_->TryReserve(1000));
  Make().reset();
  EXPECT_EQ(ledger_->used(), 1000u);
}

TEST_F(BlockFileTest, UseIsNotedOnceATick) {
  const auto file = Make();
  EXPECT_TRUE(file->NoteUse(7));
  EXPECT_FALSE(file->NoteUse(7));
  EXPECT_TRUE(file->NoteUse(8));
}

TEST_F(BlockFileTest, AfterPowerLossARecordedBlockIsRightOrNotThere) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(sim::SeedText(seed));
    sim::SimDisk disk(world_.clock(), seed);
    {
      const auto files = disk.Mount();
      const auto raw = files->Open(kPath, {.write = true, .create = true});
      const Status synced = files->SyncDirectory("");
      ASSERT_TRUE(synced) << synced.error().ToString();
      BlockFile file(BlockHeader::Empty(info_, kTestGeometry), *raw, ledger_);
      for (std::uint32_t sub = 0; sub < 6; ++sub) {
        Write(file, sub);
        ASSERT_TRUE(file.Record());
      }
      disk.Crash(sim::CrashKind::kPowerLoss);
    }
    files_ = disk.Mount();
    const auto again = Reopen();
    if (!again) continue;  // the header was torn, and says so
    for (std::uint32_t sub = 0; sub < 6; ++sub) {
      if (!again->HasSub(sub)) continue;
      const ByteRange range = kTestGeometry.BytesOf({sub, sub + 1}, again->block_length());
      if (!Verify(*again, range)) continue;
      std::vector<std::byte> bytes(range.length());
      const io::FileSlice slice = again->Slice(range);
      ASSERT_TRUE(slice.file->ReadAt(slice.range.begin, bytes));
      ASSERT_EQ(CheckBlockBytes(info_, range.begin, bytes), "");
    }
  }
}

}  // namespace
}  // namespace hearth::cache
