// The simulated disk as processes meet it: crashes, faults, space. The ordinary calls are checked by
// tests/contract/file_system_contract.cc.
#include "support/sim_file_system.h"

#include <string>

#include <gtest/gtest.h>

#include "support/object_bytes.h"
#include "support/seeds.h"
#include "support/sim_executor.h"

namespace hearth::sim {
namespace {

constexpr io::OpenOptions kRead{};
constexpr io::OpenOptions kCreate{.write = true, .create = true};

class SimDiskTest : public testing::Test {
 protected:
  SimWorld world_{1};
  SimDisk disk_{world_.clock(), 1, {.capacity = 64_KiB}};

  static std::shared_ptr<io::File> MakeFile(io::FileSystem& fs, std::string_view path, std::size_t size) {
    auto file = fs.Open(path, kCreate);
    EXPECT_TRUE(file.has_value()) << file.error().ToString();
    const Status written = (*file)->WriteAt(0, ObjectBytes(path, 1).Make(0, size));
    EXPECT_TRUE(written.has_value());
    return *file;
  }

  // What is wrong with the file at `path`, empty if all is as MakeFile made it.
  static std::string Check(io::FileSystem& fs, std::string_view path, std::size_t size) {
    const auto file = fs.Open(path, kRead);
    if (!file) return file.error().ToString();
    std::vector<std::byte> bytes(size + 1);
    const auto read = (*file)->ReadAt(0, bytes);
    if (!read) return read.error().ToString();
    if (*read != size) return "of size " + std::to_string(*read);
    return CheckObjectBytes({.key = path}, std::span(bytes).first(size));
  }
};

TEST_F(SimDiskTest, AKillLosesNothingButTheProcess) {
  auto fs = disk_.Mount();
  ASSERT_TRUE(fs->Lock("lock").has_value());
  const auto file = MakeFile(*fs, "f", 5000);
  disk_.Crash(CrashKind::kKill);
  EXPECT_TRUE(disk_.crashed());
  EXPECT_EQ(fs->Stat("f").error().code(), Code::kUnavailable);
  EXPECT_EQ(file->WriteAt(0, {}).error().code(), Code::kUnavailable);
  EXPECT_FALSE(file->IsResident({0, 1}));

  const auto next = disk_.Mount();
  EXPECT_FALSE(disk_.crashed());
  EXPECT_EQ(Check(*next, "f", 5000), "");
  EXPECT_TRUE(next->Lock("lock").has_value()) << "the lock went with its process";
  EXPECT_EQ(fs->Stat("f").error().code(), Code::kUnavailable) << "the old process stays dead";
}

TEST_F(SimDiskTest, APowerLossKeepsWhatWasSyncedWithItsName) {
  for (const std::uint64_t seed : TestSeeds(100)) {
    SCOPED_TRACE(SeedText(seed));
    SimDisk disk(world_.clock(), seed);
    const auto fs = disk.Mount();
    ASSERT_TRUE(fs->MakeDirectory("d").has_value());
    ASSERT_TRUE(fs->SyncDirectory("").has_value());
    ASSERT_TRUE(MakeFile(*fs, "d/tmp", 5000)->Sync().has_value());
    ASSERT_TRUE(fs->Rename("d/tmp", "d/f").has_value());
    ASSERT_TRUE(fs->SyncDirectory("d").has_value());
    MakeFile(*fs, "d/g", 5000);
    disk.Crash(CrashKind::kPowerLoss);
    const auto next = disk.Mount();
    const auto file = next->Open("d/f", kRead);
    ASSERT_TRUE(file.has_value());
    std::vector<std::byte> bytes(5000);
    EXPECT_EQ((*file)->ReadAt(0, bytes).value_or(0), 5000u);
    EXPECT_EQ(CheckObjectBytes({.key = "d/tmp"}, bytes), "");
  }
}

TEST_F(SimDiskTest, APowerLossAfterAKillStillLosesWhatWasNeverSynced) {
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SimDisk disk(world_.clock(), seed);
    MakeFile(*disk.Mount(), "f", 100);
    disk.Crash(CrashKind::kKill);
    EXPECT_EQ(Check(*disk.Mount(), "f", 100), "");
    disk.Crash(CrashKind::kPowerLoss);
    lost = lost || !disk.Mount()->Stat("f").has_value();
  }
  EXPECT_TRUE(lost);
}

TEST_F(SimDiskTest, TheSameSeedLosesTheSame) {
  const auto left = [this](std::uint64_t seed) {
    SimDisk disk(world_.clock(), seed);
    const auto fs = disk.Mount();
    for (int i = 0; i < 8; ++i) MakeFile(*fs, "f" + std::to_string(i), 3000);
    disk.Crash(CrashKind::kPowerLoss);
    std::string text;
    for (const auto& [path, facts] : disk.Files()) text += path + ":" + std::to_string(facts.size) + " ";
    return text;
  };
  for (const std::uint64_t seed : TestSeeds(20)) EXPECT_EQ(left(seed), left(seed));
  EXPECT_NE(left(1) + left(2) + left(3), left(4) + left(5) + left(6));
}

TEST_F(SimDiskTest, ACrashComesWithTheCallThatWasNamed) {
  bool nothing = false, some = false, everything = false;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SimDisk disk(world_.clock(), seed);
    const auto fs = disk.Mount();
    const auto file = *fs->Open("f", kCreate);
    disk.CrashAfter(2, CrashKind::kKill);
    EXPECT_TRUE(file->Info().has_value());
    EXPECT_FALSE(disk.crashed());
    EXPECT_EQ(file->WriteAt(0, ObjectBytes("f", 1).Make(0, 5000)).error().code(), Code::kUnavailable);
    EXPECT_TRUE(disk.crashed());
    EXPECT_FALSE(file->Info().has_value());
    const std::uint64_t size = disk.Files().at("f").size;
    nothing = nothing || size == 0;
    some = some || (size > 0 && size < 5000);
    everything = everything || size == 5000;
  }
  EXPECT_TRUE(nothing && some && everything);
}

TEST_F(SimDiskTest, ACrashDuringAnOpenLeavesNoHandle) {
  for (const std::uint64_t seed : TestSeeds(20)) {
    SimDisk disk(world_.clock(), seed);
    const auto fs = disk.Mount();
    disk.CrashAfter(1, CrashKind::kPowerLoss);
    EXPECT_EQ(fs->Open("f", kCreate).error().code(), Code::kUnavailable);
  }
}

TEST_F(SimDiskTest, AWriteThatDoesNotFitIsDoneByPartAndSaysNoSpace) {
  const auto fs = disk_.Mount();
  const auto file = *fs->Open("f", kCreate);
  EXPECT_EQ(file->WriteAt(0, ObjectBytes("f", 1).Make(0, 100'000)).error().code(), Code::kNoSpace);
  EXPECT_EQ(disk_.used(), 64_KiB);
  EXPECT_EQ(fs->GetSpace()->available, 0u);
  EXPECT_EQ(file->Info()->size, 60_KiB) << "a page is the root's";
  EXPECT_TRUE(file->WriteAt(0, ObjectBytes("f", 1).Make(0, 60'000)).has_value()) << "what is there is overwritten";
  EXPECT_EQ(fs->MakeDirectory("d").error().code(), Code::kNoSpace);
  EXPECT_EQ(disk_.counters().no_space, 2u);
}

TEST_F(SimDiskTest, AnUnlinkedFileTakesSpaceUntilItIsClosed) {
  const auto fs = disk_.Mount();
  auto file = MakeFile(*fs, "f", 40'960);
  auto again = fs->Open("f", kRead);
  ASSERT_TRUE(fs->Unlink("f").has_value());
  EXPECT_EQ(disk_.used(), 4_KiB + 40'960);
  file.reset();
  EXPECT_EQ(disk_.used(), 4_KiB + 40'960);
  again->reset();
  EXPECT_EQ(disk_.used(), 4_KiB);
  MakeFile(*fs, "g", 60'000);
}

TEST_F(SimDiskTest, ARenameOverAFileGivesItsSpaceBack) {
  const auto fs = disk_.Mount();
  MakeFile(*fs, "f", 20'000);
  MakeFile(*fs, "g", 8192);
  ASSERT_TRUE(fs->Rename("g", "f").has_value());
  EXPECT_EQ(disk_.used(), 4_KiB + 8192);
}

TEST_F(SimDiskTest, ACrashGivesBackWhatOnlyOpenFilesHeld) {
  const auto fs = disk_.Mount();
  const auto file = MakeFile(*fs, "f", 20'000);
  ASSERT_TRUE(fs->Unlink("f").has_value());
  disk_.Crash(CrashKind::kKill);
  EXPECT_EQ(disk_.used(), 4_KiB);
}

TEST_F(SimDiskTest, UsedSpaceIsAlwaysTheSumOfWhatIsThere) {
  int done = 0;  // calls that changed something; the others met a name that is not there, or a full disk
  for (const std::uint64_t seed : TestSeeds(100)) {
    SCOPED_TRACE(SeedText(seed));
    SimDisk disk(world_.clock(), seed, {.capacity = 200_KiB});
    Random random(seed);
    auto fs = disk.Mount();
    for (int step = 0; step < 200; ++step) {
      const std::string path = "f" + std::to_string(random.Below(6));
      const std::string other = "f" + std::to_string(random.Below(6));
      switch (random.Below(7)) {
        case 0: done += fs->Unlink(path).has_value() ? 1 : 0; break;
        case 1: done += fs->Rename(path, other).has_value() ? 1 : 0; break;
        case 2: done += disk.CutAtRest(path, random.Below(50'000)).has_value() ? 1 : 0; break;
        case 3: done += disk.FlipBit(path, random.Below(50'000)).has_value() ? 1 : 0; break;
        case 4:
          if (!random.OneIn(8)) break;
          disk.Crash(random.OneIn(2) ? CrashKind::kKill : CrashKind::kPowerLoss);
          fs = disk.Mount();
          break;
        default:
          if (const auto file = fs->Open(path, kCreate)) {
            done +=
                (*file)->WriteAt(random.Below(30'000), ObjectBytes("f", 1).Make(0, random.Below(30'000))).has_value()
                    ? 1
                    : 0;
          }
      }
      std::uint64_t sum = 4_KiB;
      for (const auto& [name, facts] : disk.Files()) sum += facts.allocated;
      ASSERT_EQ(disk.used(), sum) << "step " << step;
    }
  }
  EXPECT_GT(done, 50);
}

TEST_F(SimDiskTest, CallsFailAtTheRateThatWasSet) {
  const auto fs = disk_.Mount();
  const auto file = MakeFile(*fs, "f", 4096);
  disk_.SetErrorRate(DiskCall::kRead, 0.5);
  int failed = 0;
  std::byte byte{};
  for (int i = 0; i < 1000; ++i) {
    const auto read = file->ReadAt(0, {&byte, 1});
    if (read) continue;
    ++failed;
    EXPECT_EQ(read.error().code(), Code::kUnavailable);
  }
  EXPECT_GT(failed, 400);
  EXPECT_LT(failed, 600);
  EXPECT_EQ(disk_.counters().failed[static_cast<std::size_t>(DiskCall::kRead)], static_cast<std::uint64_t>(failed));
  EXPECT_TRUE(fs->Stat("f").has_value()) << "other calls do not fail";
}

TEST_F(SimDiskTest, AFlippedBitAndACutFileAreSeenByReaders) {
  const auto fs = disk_.Mount();
  MakeFile(*fs, "f", 5000);
  ASSERT_TRUE(disk_.FlipBit("f", 1234, 3).has_value());
  EXPECT_EQ(Check(*fs, "f", 5000), "byte 1234 of key f is of no version up to 1, expected 1");
  ASSERT_TRUE(disk_.FlipBit("f", 1234, 3).has_value());
  EXPECT_EQ(Check(*fs, "f", 5000), "");
  ASSERT_TRUE(disk_.CutAtRest("f", 100).has_value());
  EXPECT_EQ(Check(*fs, "f", 5000), "of size 100");
  ASSERT_TRUE(disk_.RemoveAtRest("f").has_value());
  EXPECT_EQ(disk_.FlipBit("f", 0).error().code(), Code::kNotFound);
  EXPECT_EQ(disk_.used(), 4_KiB);
}

TEST_F(SimDiskTest, ResidencyIsAsOftenAsItWasSet) {
  const auto fs = disk_.Mount();
  const auto file = MakeFile(*fs, "f", 4096);
  EXPECT_TRUE(file->IsResident({0, 4096}));
  disk_.SetResidency(0.5);
  int resident = 0;
  std::byte byte{};
  for (int i = 0; i < 500; ++i) {
    resident += file->IsResident({0, 4096}) ? 1 : 0;
    resident += file->TryReadNow(0, {&byte, 1}) ? 1 : 0;
  }
  EXPECT_GT(resident, 400);
  EXPECT_LT(resident, 600);
}

TEST_F(SimDiskTest, EveryCallIsCounted) {
  const auto fs = disk_.Mount();
  MakeFile(*fs, "f", 10);
  EXPECT_FALSE(fs->Stat("nothing").has_value());
  EXPECT_EQ(disk_.counters().of(DiskCall::kOpen), 1u);
  EXPECT_EQ(disk_.counters().of(DiskCall::kWrite), 1u);
  EXPECT_EQ(disk_.counters().of(DiskCall::kStat), 1u);
  EXPECT_EQ(DiskCallName(DiskCall::kSyncDirectory), "sync_directory");
}

}  // namespace
}  // namespace hearth::sim
