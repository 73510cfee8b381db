#include "cache/verify_directory.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/executor.h"
#include "cache/block_format.h"
#include "cache/index_records.h"
#include "cache/layout.h"
#include "cache/record_log.h"
#include "support/sim_file_system.h"

namespace hearth::cache {
namespace {

using testing::HasSubstr;

constexpr Geometry kGeometry{.block_size = 1_MiB, .sub_block_size = 128_KiB};
constexpr std::uint64_t kPage = kPageSize;

class VerifyDirectoryTest : public testing::Test {
 protected:
  VerifyDirectoryTest() {
    EXPECT_TRUE(files_->Lock(kLockPath));
    files_.reset();  // the daemon has stopped
    files_ = disk_.Mount();
  }

  static BlockInfo Info(std::uint64_t index) {
    return {.object = {OriginName("s3"), BucketName("b"), ObjectKey("k")},
            .version = {VersionKind::kETag, "\"v\""},
            .object_size = 2 * 1_MiB + 100'000,
            .index = {index}};
  }
  static Hash128 HashOf(const BlockInfo& info) { return HashBlock(info.object, info.version, info.index); }

  void WriteFile(const std::string& path, std::uint64_t offset, std::span<const std::byte> bytes) {
    const auto file = files_->Open(path, {.write = true, .create = true});
    ASSERT_TRUE(file) << file.error().ToString();
    ASSERT_TRUE((*file)->WriteAt(offset, bytes));
  }
  void MakeShard(const Hash128& hash) {
    ASSERT_TRUE(files_->MakeDirectory(kBlocksDirectory));
    ASSERT_TRUE(files_->MakeDirectory(BlockDirectory(hash)));
  }

  // Block `index` with the first `subs` sub-blocks, under the name of `hash`; returns its path.
  std::string WriteBlock(std::uint64_t index, std::uint32_t subs, std::optional<Hash128> hash = std::nullopt) {
    BlockHeader header = BlockHeader::Empty(Info(index), kGeometry);
    const Hash128 name = hash.value_or(HashOf(header.info));
    MakeShard(name);
    const ByteRange data = kGeometry.BytesOf({0, subs}, header.block_length());
    const std::vector<std::byte> bytes(data.length(), std::byte{0x5a});
    for (std::uint64_t at = 0; at < bytes.size(); at += kPageSize) {
      const auto page = std::span(bytes).subspan(at, std::min<std::size_t>(kPageSize, bytes.size() - at));
      header.page_crcs[at / kPageSize] = PageChecksum(PageSeed(header.info), index * 1_MiB + at, page);
    }
    for (std::uint32_t sub = 0; sub < subs; ++sub) header.SetPresent(sub);
    WriteFile(BlockPath(name), 0, EncodeBlockHeader(header));
    WriteFile(BlockPath(name), header.data_offset(), bytes);
    return BlockPath(name);
  }

  void WriteLog(std::string_view path, std::string_view kind, std::span<const std::byte> record, int count) {
    auto log = RecordLog::Open(*files_, std::string(path), kind, [](auto) {});
    ASSERT_TRUE(log);
    const std::vector<std::span<const std::byte>> records(static_cast<std::size_t>(count), record);
    ASSERT_TRUE((*log)->Append(records));
  }

  VerifyReport Verify() {
    files_ = disk_.Mount();
    auto report = VerifyDirectory(*files_, [](std::uint64_t) { return true; });
    EXPECT_TRUE(report) << report.error().ToString();
    return report ? *std::move(report) : VerifyReport{};
  }
  // Of the only problem.
  std::string ProblemOf(const VerifyReport& report, std::string_view path) {
    EXPECT_EQ(report.problems.size(), 1u);
    if (report.problems.empty()) return "";
    EXPECT_EQ(report.problems[0].path, path);
    return report.problems[0].what;
  }

  sim::SimDisk disk_{SystemClock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
};

TEST_F(VerifyDirectoryTest, AnUnusedDirectoryIsClean) {
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.blocks, 0u);
  EXPECT_EQ(report.files_foreign, 0u);
}

TEST_F(VerifyDirectoryTest, WholeAndPartialBlocksAndLogsAreCounted) {
  WriteBlock(0, 8);
  WriteBlock(1, 3);
  WriteBlock(2, 1);
  const auto record = EncodeIndexRecord(BlockGone{.hash = {1, 2}});
  WriteLog(kIndexLogPath, kIndexKind, record, 3);
  WriteLog(kIndexCheckpointPath, kIndexKind, record, 2);
  WriteLog(kMetadataLogPath, kMetadataKind, record, 4);
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.clean()) << report.problems[0].path << ": " << report.problems[0].what;
  EXPECT_EQ(report.blocks, 3u);
  EXPECT_EQ(report.blocks_partial, 1u);
  EXPECT_EQ(report.bytes_checked, 1_MiB + 3 * 128_KiB + 100'000);
  EXPECT_EQ(report.index_records, 5u);
  EXPECT_EQ(report.metadata_records, 4u);
}

TEST_F(VerifyDirectoryTest, AFlippedBitInAPresentPageIsFound) {
  const std::string path = WriteBlock(1, 8);
  ASSERT_TRUE(disk_.FlipBit(path, 4_KiB + 3 * kPage + 77));
  const VerifyReport report = Verify();
  EXPECT_EQ(report.pages_corrupt, 1u);
  EXPECT_THAT(ProblemOf(report, path), HasSubstr("offset " + std::to_string(4_KiB + 3 * kPage)));
}

TEST_F(VerifyDirectoryTest, WhatLiesInAnAbsentSubBlockDoesNotMatter) {
  const std::string path = WriteBlock(1, 3);
  const std::vector<std::byte> unrecorded(1000, std::byte{1});
  WriteFile(path, 4_KiB + 4 * 128_KiB, unrecorded);
  EXPECT_TRUE(Verify().clean());
}

TEST_F(VerifyDirectoryTest, AFlippedBitInTheHeaderIsFound) {
  const std::string path = WriteBlock(1, 8);
  ASSERT_TRUE(disk_.FlipBit(path, 70));
  EXPECT_THAT(ProblemOf(Verify(), path), HasSubstr("checksum"));
}

TEST_F(VerifyDirectoryTest, AFileCutShortHasCorruptPages) {
  const std::string path = WriteBlock(1, 8);
  ASSERT_TRUE(disk_.CutAtRest(path, 4_KiB + 7 * kPage + 1));
  EXPECT_EQ(Verify().pages_corrupt, 9u);
}

TEST_F(VerifyDirectoryTest, AFileLongerThanItsBlockIsFound) {
  const std::string path = WriteBlock(2, 1);
  WriteFile(path, 4_KiB + 100'000, std::vector<std::byte>(1));
  EXPECT_THAT(ProblemOf(Verify(), path), HasSubstr("longer"));
}

TEST_F(VerifyDirectoryTest, ABlockUnderTheNameOfAnotherIsFound) {
  const std::string path = WriteBlock(1, 8, HashOf(Info(2)));
  EXPECT_THAT(ProblemOf(Verify(), path), HasSubstr("another block"));
}

TEST_F(VerifyDirectoryTest, AFileWithoutAHeaderYetIsUnfinishedAndNoProblem) {
  const Hash128 empty{1, 1};
  const Hash128 data_only{2, 2};
  MakeShard(empty);
  MakeShard(data_only);
  WriteFile(BlockPath(empty), 0, {});
  WriteFile(BlockPath(data_only), 4_KiB, std::vector<std::byte>(5000, std::byte{9}));
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.blocks_unfinished, 2u);
}

TEST_F(VerifyDirectoryTest, ForeignFilesAreCountedAndLeftAlone) {
  MakeShard({});
  for (const char* path : {"notes.txt", "lock.tmp", "blocks/zz", "blocks/00/README", "blocks/readme",
                           "blocks/00/ff000000000000000000000000000000.blk"}) {
    WriteFile(path, 0, std::vector<std::byte>(10));
  }
  WriteFile("index.ckpt.tmp", 0, std::vector<std::byte>(10));
  const auto before = disk_.Files().size();
  const VerifyReport report = Verify();
  EXPECT_TRUE(report.clean());
  EXPECT_EQ(report.files_foreign, 6u);
  EXPECT_EQ(disk_.Files().size(), before);
}

TEST_F(VerifyDirectoryTest, ACorruptLogIsAProblemAndATornOneIsNot) {
  const auto record = EncodeIndexRecord(BlockGone{.hash = {1, 2}});
  WriteLog(kIndexLogPath, kIndexKind, record, 3);
  const std::uint64_t size = disk_.Files().at(std::string(kIndexLogPath)).size;
  ASSERT_TRUE(disk_.CutAtRest(kIndexLogPath, size - 1));
  const VerifyReport torn = Verify();
  EXPECT_TRUE(torn.clean());
  EXPECT_EQ(torn.index_records, 2u);
  EXPECT_EQ(torn.log_bytes_dropped, 8 + record.size() - 1);

  ASSERT_TRUE(disk_.FlipBit(kIndexLogPath, 30));
  const VerifyReport corrupt = Verify();
  EXPECT_THAT(ProblemOf(corrupt, kIndexLogPath), HasSubstr("offset 16"));
  EXPECT_EQ(corrupt.index_records, 0u);
}

TEST_F(VerifyDirectoryTest, ALogThatIsNoneOrHoldsNonsenseIsFound) {
  WriteFile(std::string(kMetadataLogPath), 0, std::vector<std::byte>(100, std::byte{1}));
  EXPECT_THAT(ProblemOf(Verify(), kMetadataLogPath), HasSubstr("HMET"));
  ASSERT_TRUE(files_->Unlink(kMetadataLogPath));
  WriteLog(kIndexLogPath, kIndexKind, std::vector<std::byte>(9, std::byte{1}), 2);
  EXPECT_THAT(ProblemOf(Verify(), kIndexLogPath), HasSubstr("2 records"));
}

TEST_F(VerifyDirectoryTest, AnUnreadableFileIsAProblemAndTheCheckGoesOn) {
  WriteBlock(0, 1);
  WriteBlock(1, 1);
  disk_.SetErrorRate(sim::DiskCall::kRead, 1.0);
  const VerifyReport report = Verify();
  EXPECT_EQ(report.blocks, 2u);
  EXPECT_EQ(report.problems.size(), 2u);
}

TEST_F(VerifyDirectoryTest, ADirectoryInUseIsRefused) {
  const auto daemon = disk_.Mount();
  ASSERT_TRUE(daemon->Lock(kLockPath));
  const auto report = VerifyDirectory(*files_, [](std::uint64_t) { return true; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kUnavailable);
}

TEST_F(VerifyDirectoryTest, AnotherDirectoryIsRefusedAndGetsNoLock) {
  sim::SimDisk other(SystemClock(), 1);
  const auto files = other.Mount();
  const auto report = VerifyDirectory(*files, [](std::uint64_t) { return true; });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kNotFound);
  EXPECT_TRUE(other.Files().empty());
}

TEST_F(VerifyDirectoryTest, ItStopsWhenAskedTo) {
  WriteBlock(0, 1);
  WriteBlock(1, 1);
  std::uint64_t last = 0;
  const auto report = VerifyDirectory(*files_, [&](std::uint64_t done) {
    last = done;
    return false;
  });
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code(), Code::kCancelled);
  EXPECT_EQ(last, 1u);
}

}  // namespace
}  // namespace hearth::cache
