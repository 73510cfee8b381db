#include "cache/record_log.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include <gtest/gtest.h>

#include "base/executor.h"
#include "base/random.h"
#include "golden/golden.h"
#include "support/seeds.h"
#include "support/sim_file_system.h"

namespace hearth::cache {
namespace {

using Records = std::vector<std::string>;
using sim::CrashKind;
using sim::DiskCall;
using sim::SimDisk;

constexpr const char* kPath = "some.log";
constexpr std::uint64_t kFileHeader = 16;
constexpr std::uint64_t kFrame = 8;

std::vector<std::span<const std::byte>> Views(const Records& records) {
  std::vector<std::span<const std::byte>> views;
  for (const std::string& record : records) views.push_back(std::as_bytes(std::span(record)));
  return views;
}

RecordLog::Replay Into(Records* records) {
  return [records](std::span<const std::byte> record) {
    records->emplace_back(reinterpret_cast<const char*>(record.data()), record.size());
  };
}

std::function<void(const RecordLog::Add&)> Producing(Records records) {
  return [records = std::move(records)](const RecordLog::Add& add) {
    for (const auto view : Views(records)) add(view);
  };
}

// One process and its log.
struct Opened {
  explicit Opened(SimDisk& disk, std::string_view kind = "HTST")
      : files(disk.Mount()), log(RecordLog::Open(*files, kPath, kind, Into(&records))) {}
  RecordLog* operator->() { return log->get(); }

  Records records;
  std::unique_ptr<io::FileSystem> files;
  Result<std::unique_ptr<RecordLog>> log;
};

Records ReplayOf(SimDisk& disk) {
  Opened opened(disk);
  EXPECT_TRUE(opened.log) << opened.log.error().ToString();
  return opened.records;
}

class RecordLogTest : public testing::Test {
 protected:
  // A log with these records, closed.
  void Write(const Records& records) {
    Opened opened(disk_);
    ASSERT_TRUE(opened.log);
    ASSERT_TRUE(opened->AppendDurably(Views(records)));
  }
  std::uint64_t FileSize() { return disk_.Files().at(kPath).size; }

  SimDisk disk_{SystemClock(), 1};
};

TEST_F(RecordLogTest, ANewLogIsFreshAndEmpty) {
  Opened opened(disk_);
  ASSERT_TRUE(opened.log) << opened.log.error().ToString();
  EXPECT_TRUE(opened->replayed().fresh);
  EXPECT_EQ(opened->replayed().records, 0u);
  EXPECT_EQ(opened->size(), kFileHeader);
}

TEST_F(RecordLogTest, RecordsComeBackInOrder) {
  const Records records = {"one", std::string(1, '\0'), std::string(1_MiB, 'x'), "four"};
  Write(records);
  Opened opened(disk_);
  ASSERT_TRUE(opened.log);
  EXPECT_EQ(opened.records, records);
  EXPECT_FALSE(opened->replayed().fresh);
  EXPECT_EQ(opened->replayed().records, 4u);
  EXPECT_EQ(opened->replayed().bytes, kFileHeader + 4 * kFrame + 3 + 1 + 1_MiB + 4);
  EXPECT_EQ(opened->replayed().bytes_dropped, 0u);
  EXPECT_EQ(opened->size(), FileSize());
}

TEST_F(RecordLogTest, RecordsOfEverySizeSurviveTheEdgesOfReads) {
  Random random(7);
  Records records;
  for (int i = 0; i < 60; ++i) {
    const auto size = random.OneIn(8) ? RecordLog::kRecordMax : 1 + random.Below(400'000);
    records.emplace_back(size, static_cast<char>('a' + i % 26));
  }
  Write(records);
  ASSERT_GT(FileSize(), 12_MiB);
  EXPECT_EQ(ReplayOf(disk_), records);
}

TEST_F(RecordLogTest, ARecordThatIsEmptyOrTooLargeIsRefusedWithItsCompany) {
  Opened opened(disk_);
  ASSERT_TRUE(opened.log);
  for (const Records& records : {Records{"good", ""}, Records{"good", std::string(1_MiB + 1, 'x')}}) {
    const Status status = opened->Append(Views(records));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(opened->size(), kFileHeader);
  }
  EXPECT_TRUE(opened->Append(Views({"good"})));
  EXPECT_EQ(ReplayOf(disk_), Records{"good"});
}

TEST_F(RecordLogTest, ATailCutAnywhereLosesOnlyItsOwnRecord) {
  Write({"first", "second"});
  const std::uint64_t whole = kFileHeader + kFrame + 5;
  for (std::uint64_t size = FileSize() - 1; size > whole; --size) {
    ASSERT_TRUE(disk_.CutAtRest(kPath, size));
    Opened opened(disk_);
    ASSERT_TRUE(opened.log);
    EXPECT_EQ(opened.records, Records{"first"});
    EXPECT_EQ(opened->replayed().bytes_dropped, size - whole);
    EXPECT_FALSE(opened->replayed().corrupt);
    EXPECT_EQ(FileSize(), whole) << "the tail is cut off";
    ASSERT_TRUE(opened->Append(Views({"second"})));
  }
}

TEST_F(RecordLogTest, EveryFlippedBitEndsTheLogBeforeItsRecord) {
  Write({"first", "second", "third"});
  const std::uint64_t second = kFileHeader + kFrame + 5;
  for (std::uint64_t bit = 0; bit < (kFrame + 6) * 8; ++bit) {
    ASSERT_TRUE(disk_.FlipBit(kPath, second + bit / 8, bit % 8));
    const auto files = disk_.Mount();
    Records records;
    const auto found = RecordLog::Inspect(*files, kPath, "HTST", Into(&records));
    ASSERT_TRUE(found);
    EXPECT_EQ(records, Records{"first"}) << bit;
    EXPECT_EQ(found->bytes_dropped, 2 * kFrame + 6 + 5);
    ASSERT_TRUE(disk_.FlipBit(kPath, second + bit / 8, bit % 8));
  }
  EXPECT_EQ(ReplayOf(disk_).size(), 3u);
}

TEST_F(RecordLogTest, AWholeRecordWithAWrongChecksumIsCalledCorrupt) {
  Write({"first", "second"});
  ASSERT_TRUE(disk_.FlipBit(kPath, FileSize() - 1));
  Opened opened(disk_);
  ASSERT_TRUE(opened.log);
  EXPECT_TRUE(opened->replayed().corrupt);
}

TEST_F(RecordLogTest, ATailOfZerosIsAnUnfinishedWrite) {
  Write({"first"});
  const std::uint64_t size = FileSize();
  const auto files = disk_.Mount();
  ASSERT_TRUE((*files->Open(kPath, {.write = true}))->Truncate(size + 100'000));
  Opened opened(disk_);
  ASSERT_TRUE(opened.log);
  EXPECT_EQ(opened.records, Records{"first"});
  EXPECT_EQ(opened->replayed().bytes_dropped, 100'000u);
  EXPECT_FALSE(opened->replayed().corrupt);
  EXPECT_EQ(FileSize(), size);
}

TEST_F(RecordLogTest, ALogOfAnotherKindStartsEmpty) {
  Write({"first"});
  const std::uint64_t size = FileSize();
  Opened other(disk_, "HOTH");
  ASSERT_TRUE(other.log);
  EXPECT_TRUE(other->replayed().fresh);
  EXPECT_EQ(other->replayed().bytes_dropped, size);
  EXPECT_TRUE(other.records.empty());
  ASSERT_TRUE(other->Append(Views({"second"})));
  Opened again(disk_, "HOTH");
  EXPECT_EQ(again.records, Records{"second"});
}

TEST_F(RecordLogTest, ADamagedFileHeaderStartsEmpty) {
  for (std::uint64_t byte = 0; byte < kFileHeader; ++byte) {
    Write({"first"});
    ASSERT_TRUE(disk_.FlipBit(kPath, byte));
    EXPECT_EQ(ReplayOf(disk_), Records{}) << byte;
  }
  ASSERT_TRUE(disk_.CutAtRest(kPath, kFileHeader - 1));
  EXPECT_EQ(ReplayOf(disk_), Records{});
}

TEST_F(RecordLogTest, AFileThatCannotBeReadIsAnErrorAndIsLeftAlone) {
  Write({"first"});
  disk_.SetErrorRate(DiskCall::kRead, 1.0);
  EXPECT_FALSE(Opened(disk_).log);
  disk_.SetErrorRate(DiskCall::kRead, 0);
  EXPECT_EQ(ReplayOf(disk_), Records{"first"});
}

TEST_F(RecordLogTest, InspectChangesNothing) {
  const auto files = disk_.Mount();
  Records records;
  const auto none = RecordLog::Inspect(*files, kPath, "HTST", Into(&records));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code(), Code::kNotFound);
  EXPECT_TRUE(disk_.Files().empty());

  Write({"first", "second"});
  ASSERT_TRUE(disk_.CutAtRest(kPath, FileSize() - 1));
  const std::uint64_t size = FileSize();
  const auto found = RecordLog::Inspect(*files, kPath, "HTST", Into(&records));
  ASSERT_TRUE(found);
  EXPECT_EQ(records, Records{"first"});
  EXPECT_EQ(FileSize(), size);
}

TEST_F(RecordLogTest, AFullDiskLeavesTheLogAsItWas) {
  Opened opened(disk_);
  ASSERT_TRUE(opened->Append(Views({"first"})));
  disk_.SetCapacity(disk_.used() + 8_KiB);
  const Status full = opened->Append(Views({"second", std::string(100'000, 'x')}));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code(), Code::kNoSpace);
  disk_.SetCapacity(1_GiB);
  ASSERT_TRUE(opened->Append(Views({"third"})));
  EXPECT_EQ(ReplayOf(disk_), (Records{"first", "third"}));
}

TEST_F(RecordLogTest, AfterAFailedSyncOnlyARewriteMakesItWorkAgain) {
  Opened opened(disk_);
  disk_.SetErrorRate(DiskCall::kSync, 1.0);
  EXPECT_FALSE(opened->AppendDurably(Views({"first"})));
  disk_.SetErrorRate(DiskCall::kSync, 0);
  const Status refused = opened->Append(Views({"second"}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  ASSERT_TRUE(opened->Rewrite(Producing({"third"})));
  ASSERT_TRUE(opened->AppendDurably(Views({"fourth"})));
  disk_.Crash(CrashKind::kPowerLoss);
  EXPECT_EQ(ReplayOf(disk_), (Records{"third", "fourth"}));
}

TEST_F(RecordLogTest, RewriteReplacesEverythingAndAppendsGoOn) {
  Opened opened(disk_);
  ASSERT_TRUE(opened->Append(Views({"a", "b", "c"})));
  Records large(5, std::string(700'000, 'L'));
  ASSERT_TRUE(opened->Rewrite(Producing(large)));
  EXPECT_EQ(opened->size(), FileSize());
  ASSERT_TRUE(opened->Append(Views({"d"})));
  large.push_back("d");
  EXPECT_EQ(ReplayOf(disk_), large);
  EXPECT_EQ(disk_.Files().size(), 1u) << "no temporary file is left";
}

TEST_F(RecordLogTest, ARewriteThatFailsKeepsTheOldLogInUse) {
  Opened opened(disk_);
  ASSERT_TRUE(opened->Append(Views({"a"})));
  EXPECT_FALSE(opened->Rewrite(Producing({"b", ""})));
  for (const DiskCall call : {DiskCall::kOpen, DiskCall::kWrite, DiskCall::kSync, DiskCall::kRename}) {
    disk_.SetErrorRate(call, 1.0);
    EXPECT_FALSE(opened->Rewrite(Producing({"b"}))) << DiskCallName(call);
    disk_.SetErrorRate(call, 0);
    EXPECT_EQ(disk_.Files().size(), 1u);
  }
  ASSERT_TRUE(opened->Append(Views({"c"})));
  EXPECT_EQ(ReplayOf(disk_), (Records{"a", "c"}));
}

TEST_F(RecordLogTest, ARewriteWhoseNameIsNotDurableRefusesAppends) {
  Opened opened(disk_);
  ASSERT_TRUE(opened->AppendDurably(Views({"a"})));
  disk_.SetErrorRate(DiskCall::kSyncDirectory, 1.0);
  EXPECT_FALSE(opened->Rewrite(Producing({"b"})));
  disk_.SetErrorRate(DiskCall::kSyncDirectory, 0);
  EXPECT_FALSE(opened->AppendDurably(Views({"c"})));
  ASSERT_TRUE(opened->Rewrite(Producing({"d"})));
  EXPECT_TRUE(opened->AppendDurably(Views({"e"})));
  EXPECT_EQ(ReplayOf(disk_), (Records{"d", "e"}));
}

TEST_F(RecordLogTest, WhatACrashedRewriteLeftIsRemoved) {
  Write({"a"});
  const auto files = disk_.Mount();
  ASSERT_TRUE((*files->Open("some.log.tmp", {.write = true, .create = true}))->Truncate(12345));
  EXPECT_EQ(ReplayOf(disk_), Records{"a"});
  EXPECT_EQ(disk_.Files().size(), 1u);
}

TEST_F(RecordLogTest, ALogInADirectoryIsSyncedThere) {
  auto files = disk_.Mount();
  ASSERT_TRUE(files->MakeDirectory("state"));
  ASSERT_TRUE(files->SyncDirectory(""));
  Records records;
  auto log = RecordLog::Open(*files, "state/a.log", "HTST", Into(&records));
  ASSERT_TRUE(log) << log.error().ToString();
  ASSERT_TRUE((*log)->AppendDurably(Views({"a"})));
  disk_.Crash(CrashKind::kPowerLoss);
  files = disk_.Mount();
  log = RecordLog::Open(*files, "state/a.log", "HTST", Into(&records));
  ASSERT_TRUE(log) << log.error().ToString();
  EXPECT_EQ(records, Records{"a"});
}

TEST(RecordLogOnDisk, TheRealFileSystemUnderstandsTheSameCalls) {
  std::string root = testing::TempDir() + "record_log_XXXXXX";
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  {
    const auto files = io::OpenPosixFileSystem(root, {});
    ASSERT_TRUE(files) << files.error().ToString();
    Records records;
    auto log = RecordLog::Open(**files, kPath, "HTST", Into(&records));
    ASSERT_TRUE(log) << log.error().ToString();
    ASSERT_TRUE((*log)->AppendDurably(Views({"a", "b"})));
    ASSERT_TRUE((*log)->Rewrite(Producing({"c"})));
    ASSERT_TRUE((*log)->AppendDurably(Views({"d"})));
    ASSERT_TRUE((*(*files)->Open(kPath, {.write = true}))->Truncate((*log)->size() + 100));
    log = RecordLog::Open(**files, kPath, "HTST", Into(&records));
    ASSERT_TRUE(log) << log.error().ToString();
    EXPECT_EQ(records, (Records{"c", "d"}));
    EXPECT_EQ((*log)->replayed().bytes_dropped, 100u);
    EXPECT_EQ((*(*files)->List("")).size(), 1u);
  }
  std::filesystem::remove_all(root);
}

TEST_F(RecordLogTest, TheBytesAreThoseOfTheGoldenFile) {
  Write({"first", "the second record", std::string("\0\xff", 2)});
  const auto files = disk_.Mount();
  std::vector<std::byte> bytes(FileSize());
  ASSERT_TRUE((*files->Open(kPath, {}))->ReadAt(0, bytes));
  ExpectGolden("record_log_v1.bin", bytes);
}

// What a log may hold after a crash, kept beside one that is used.
class Expectation {
 public:
  void Appended(const Records& records, bool durably) {
    log_.insert(log_.end(), records.begin(), records.end());
    if (durably) durable_ = log_.size();
    Settle();
  }
  // It may be on the disk all the same, if it got so far.
  void AppendFailed(Records records) { tail_ = std::move(records); }
  void Rewritten(Records records) {
    log_ = std::move(records);
    durable_ = log_.size();
    Settle();
  }
  void RewriteFailed(Records records) { others_.push_back(std::move(records)); }

  // After a kill everything acknowledged is there, after a power loss what was synced; and nothing that was
  // not appended in that order.
  void Check(const Records& found, CrashKind kind) const {
    if (std::ranges::find(others_, found) != others_.end()) return;
    Records longest = log_;
    longest.insert(longest.end(), tail_.begin(), tail_.end());
    ASSERT_LE(found.size(), longest.size());
    EXPECT_TRUE(std::equal(found.begin(), found.end(), longest.begin()));
    EXPECT_GE(found.size(), kind == CrashKind::kKill ? log_.size() : durable_);
  }

 private:
  void Settle() {
    tail_.clear();
    others_.clear();
  }

  Records log_;
  std::size_t durable_ = 0;      // records of log_
  Records tail_;                 // of an append that failed
  std::vector<Records> others_;  // of rewrites that failed, since something last succeeded
};

// Random use of one log until its disk is gone or the steps are over.
void UseLog(const SimDisk& disk, RecordLog& log, Random& random, Expectation* expected) {
  std::uint64_t number = 0;
  const auto some_records = [&](std::uint64_t count_max) {
    Records records;
    for (std::uint64_t n = 1 + random.Below(count_max); n > 0; --n) {
      const auto size = random.OneIn(6) ? 5000 + random.Below(9000) : 1 + random.Below(40);
      records.push_back(std::to_string(++number) + std::string(size, 'r'));
    }
    return records;
  };
  for (int step = 0; step < 14; ++step) {
    const std::uint64_t writes = disk.counters().of(DiskCall::kWrite);
    const std::uint64_t renames = disk.counters().of(DiskCall::kRename);
    if (random.OneIn(5)) {
      const Records records = some_records(6);
      if (log.Rewrite(Producing(records))) {
        expected->Rewritten(records);
      } else if (disk.counters().of(DiskCall::kRename) != renames) {
        expected->RewriteFailed(records);
      }
      continue;
    }
    const Records records = some_records(3);
    const bool durably = random.OneIn(3);
    if (durably ? log.AppendDurably(Views(records)) : log.Append(Views(records))) {
      expected->Appended(records, durably);
    } else if (disk.counters().of(DiskCall::kWrite) != writes) {
      expected->AppendFailed(records);
    }
  }
}

// One run of a seed that crashes at its `calls`-th disk call; false if it ended before.
bool CrashAt(std::uint64_t seed, std::uint64_t calls, CrashKind kind) {
  SimDisk disk(SystemClock(), seed);
  Random random(seed);
  Expectation expected;
  {
    const auto files = disk.Mount();
    disk.CrashAfter(calls, kind);
    const auto log = RecordLog::Open(*files, kPath, "HTST", [](auto) {});
    if (log) UseLog(disk, **log, random, &expected);
  }
  const bool crashed = disk.crashed();
  disk.CrashAfter(0, kind);
  if (!crashed) disk.Crash(kind);
  expected.Check(ReplayOf(disk), kind);
  EXPECT_EQ(disk.Files().size(), 1u) << "no temporary file is left";
  return crashed;
}

TEST(RecordLogCrash, ACrashAtAnyCallLosesNothingDurableAndInventsNothing) {
  for (const std::uint64_t seed : sim::TestSeeds(60)) {
    for (const CrashKind kind : {CrashKind::kKill, CrashKind::kPowerLoss}) {
      for (std::uint64_t calls = 1; CrashAt(seed, calls, kind); ++calls) {
        if (testing::Test::HasFailure()) FAIL() << sim::SeedText(seed) << ", call " << calls;
      }
    }
  }
}

TEST(RecordLogCrash, ATailThatOpenDroppedNeverComesBack) {
  for (const std::uint64_t seed : sim::TestSeeds(100)) {
    SimDisk disk(SystemClock(), seed);
    {
      Opened opened(disk);
      ASSERT_TRUE(opened->AppendDurably(Views({"first", "wrong", "stale"})));
    }
    ASSERT_TRUE(disk.FlipBit(kPath, kFileHeader + 2 * kFrame + 5));
    {
      Opened opened(disk);
      ASSERT_EQ(opened.records, Records{"first"});
      ASSERT_TRUE(opened->Append(Views({"newer"})));
    }
    disk.Crash(CrashKind::kPowerLoss);
    const Records found = ReplayOf(disk);
    EXPECT_TRUE(found == Records{"first"} || found == (Records{"first", "newer"})) << sim::SeedText(seed);
  }
}

TEST(RecordLogCrash, DiskErrorsBeforeACrashDoNotChangeThat) {
  for (const std::uint64_t seed : sim::TestSeeds(500)) {
    for (const CrashKind kind : {CrashKind::kKill, CrashKind::kPowerLoss}) {
      SimDisk disk(SystemClock(), seed);
      Random random(seed);
      Opened opened(disk);
      ASSERT_TRUE(opened.log);
      disk.SetErrorRateOfAll(0.15);
      Expectation expected;
      UseLog(disk, **opened.log, random, &expected);
      disk.SetErrorRateOfAll(0);
      disk.Crash(kind);
      expected.Check(ReplayOf(disk), kind);
      if (testing::Test::HasFailure()) FAIL() << sim::SeedText(seed);
    }
  }
}

}  // namespace
}  // namespace hearth::cache
