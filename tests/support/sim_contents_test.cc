#include "support/sim_contents.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "support/object_bytes.h"
#include "support/seeds.h"

namespace hearth::sim {
namespace {

std::string Text(const SimContents& contents) {
  std::string text(contents.current().size(), '?');
  contents.current().Read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

void Write(SimContents& contents, std::uint64_t offset, std::string_view text) {
  contents.Write(offset, std::as_bytes(std::span(text.data(), text.size())));
}

std::string AfterPowerLoss(SimContents contents, std::uint64_t seed) {
  Random random(seed);
  contents.LosePower(random);
  return Text(contents);
}

TEST(SparseBytes, AllocatesOnlyThePagesThatAreWritten) {
  SparseBytes bytes;
  EXPECT_EQ(bytes.MissingIn(4095, 2), 2 * kPageSize);
  bytes.Write(4095, ObjectBytes("k", 1).Make(4095, 2));
  EXPECT_EQ(bytes.allocated(), 2 * kPageSize);
  EXPECT_EQ(bytes.MissingIn(0, 3 * kPageSize), kPageSize);
  bytes.Resize(1_GiB);
  EXPECT_EQ(bytes.allocated(), 2 * kPageSize);
  bytes.Resize(4096);
  EXPECT_EQ(bytes.allocated(), kPageSize);
}

TEST(SparseBytes, WhatWasCutOffReadsAsZerosWhenItGrowsAgain) {
  SparseBytes bytes;
  bytes.Write(0, ObjectBytes("k", 1).Make(0, 100));
  bytes.Resize(10);
  bytes.Resize(100);
  std::vector<std::byte> tail(90, std::byte{1});
  EXPECT_EQ(bytes.Read(10, tail), 90u);
  EXPECT_EQ(tail, std::vector<std::byte>(90));
}

TEST(SimContents, WhatWasSyncedSurvivesEveryPowerLoss) {
  for (const std::uint64_t seed : TestSeeds(100)) {
    SCOPED_TRACE(SeedText(seed));
    SimContents contents;
    Write(contents, 0, "hello");
    contents.Sync();
    EXPECT_EQ(AfterPowerLoss(contents, seed), "hello");
  }
}

TEST(SimContents, UnsyncedWritesSurviveInEveryCombinationButNotOutOfOrderInOnePlace) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SimContents contents;
    Write(contents, 0, "..");
    contents.Sync();
    Write(contents, 0, "a");
    Write(contents, 1, "b");
    Write(contents, 0, "c");
    outcomes.insert(AfterPowerLoss(contents, seed));
  }
  EXPECT_EQ(outcomes, (std::set<std::string>{"..", "a.", ".b", "c.", "ab", "cb"}));
}

TEST(SimContents, ALongWriteIsTornAtSectorsOnly) {
  const ObjectBytes before("k", 1);
  const ObjectBytes after("k", 2);
  constexpr std::size_t kSize = 8 * kSectorSize;
  std::set<unsigned> masks;
  for (const std::uint64_t seed : TestSeeds(300)) {
    SCOPED_TRACE(SeedText(seed));
    SimContents contents;
    contents.Write(0, before.Make(0, kSize));
    contents.Sync();
    contents.Write(0, after.Make(0, kSize));
    Random random(seed);
    contents.LosePower(random);
    std::vector<std::byte> left(kSize);
    contents.current().Read(0, left);
    unsigned mask = 0;
    for (std::size_t sector = 0; sector < 8; ++sector) {
      const auto part = std::span(left).subspan(sector * kSectorSize, kSectorSize);
      const bool is_new = !after.FirstWrong(sector * kSectorSize, part);
      ASSERT_TRUE(is_new || !before.FirstWrong(sector * kSectorSize, part)) << "a sector of two writes";
      mask |= static_cast<unsigned>(is_new) << sector;
    }
    masks.insert(mask);
  }
  if (TestSeeds(300).size() < 300) return;  // one seed is being replayed
  EXPECT_GT(masks.size(), 20u);
  EXPECT_TRUE(masks.contains(0) && masks.contains(255));
}

TEST(SimContents, AFileMayEndUpLongerThanItsData) {
  bool longer_with_zeros = false;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SimContents contents;
    Write(contents, 0, std::string(600, 'x'));
    longer_with_zeros = longer_with_zeros || AfterPowerLoss(contents, seed) == std::string(600, '\0');
  }
  EXPECT_TRUE(longer_with_zeros);
}

TEST(SimContents, AFailedSyncIsNeverMadeGoodByALaterOne) {
  bool lost = false;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Random random(seed);
    SimContents contents;
    Write(contents, 0, "a");
    contents.SyncFailed(random);
    Write(contents, 1, "b");
    contents.Sync();
    EXPECT_EQ(Text(contents), "ab");
    const std::string left = AfterPowerLoss(contents, seed);
    ASSERT_EQ(left.substr(1), "b");
    lost = lost || left[0] == '\0';
  }
  EXPECT_TRUE(lost);
}

TEST(SimContents, WhatAFailedSyncLeftNeverComesBackOverWhatWasSyncedLater) {
  for (const std::uint64_t seed : TestSeeds(100)) {
    SCOPED_TRACE(SeedText(seed));
    Random random(seed);
    SimContents contents;
    Write(contents, 0, "old");
    contents.SyncFailed(random);
    contents.Truncate(0);
    Write(contents, 0, "new!");
    contents.Sync();
    EXPECT_EQ(AfterPowerLoss(contents, seed), "new!");
  }
}

TEST(SimContents, WriteBackMakesTheOldestHalfDurable) {
  SimContents contents;
  for (const char* letter : {"a", "b", "c", "d"}) Write(contents, contents.current().size(), letter);
  contents.WriteBack();
  EXPECT_EQ(contents.unsynced_bytes(), 2u);
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) outcomes.insert(AfterPowerLoss(contents, seed));
  for (const std::string& outcome : outcomes) EXPECT_EQ(outcome.substr(0, 2), "ab");
  EXPECT_TRUE(outcomes.contains("ab") && outcomes.contains("abcd"));
}

TEST(SimContents, DamageAtRestSurvivesEverything) {
  SimContents contents;
  Write(contents, 0, "hello");
  contents.Sync();
  contents.FlipBit(1, 0);
  contents.Cut(3);
  EXPECT_EQ(Text(contents), "hdl");
  EXPECT_EQ(AfterPowerLoss(contents, 1), "hdl");
}

}  // namespace
}  // namespace hearth::sim
