#include "cache/directory_scan.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

using std::chrono::seconds;

constexpr SubRange kAll{0, 16};
const Hash128 kHash = HashOf(TestBlock());
const std::string kPath = BlockPath(kHash);

class DirectoryScanTest : public testing::Test, protected CacheWorld {
 protected:
  // A directory with one whole and one partial block, closed in order.
  void SetUp() override {
    Open();
    Scan();
    ASSERT_TRUE(WriteBlock(TestBlock(), kAll));
    ASSERT_TRUE(WriteBlock(TestBlock(1), {2, 5}));
    Close();
  }
  void LoseIndex() {
    ASSERT_TRUE(disk.RemoveAtRest(kIndexLogPath));
    ASSERT_TRUE(disk.RemoveAtRest(kIndexCheckpointPath));
  }
  DirectoryScan MakeScan() {
    return DirectoryScan({.files = *raw_files_,
                          .index = index_,
                          .ledger = ledger_,
                          .live = live_,
                          .geometry = kTestGeometry,
                          .use_tick = 77});
  }
  Status ScanOf(DirectoryScan& scan, const Hash128& hash) {
    return scan.ScanOne(static_cast<std::uint8_t>(hash.high >> 56));
  }

  std::unique_ptr<io::FileSystem> raw_files_ = disk.Mount();
  IndexTable index_;
  SpaceLedger ledger_{1_GiB};
  LiveFiles live_;
};

TEST_F(DirectoryScanTest, BlocksThatTheIndexLostAreTakenBack) {
  LoseIndex();
  Open();
  EXPECT_EQ(store->blocks(), 0u);
  Scan();
  EXPECT_EQ(store->blocks(), 2u);
  EXPECT_EQ(store->Lookup(kHash)->present, 16u);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock(1)))->present, 3u);
  ExpectLedgerIsExact();
}

TEST_F(DirectoryScanTest, ABlockCanBeReadBeforeTheScanHasComeToIt) {
  LoseIndex();
  ASSERT_TRUE(OpenStore());
  const auto file = OpenBlock(TestBlock());
  ASSERT_TRUE(file);
  EXPECT_TRUE(world.Run(store->Verify(file, {0, 1_MiB})));
  store->StartBackground(fetch);
  Scan();
  EXPECT_EQ(store->blocks(), 2u);
  ExpectLedgerIsExact();
}

TEST_F(DirectoryScanTest, AdoptsWithSizePresenceAndTheGivenTick) {
  DirectoryScan scan = MakeScan();
  ASSERT_TRUE(ScanOf(scan, kHash));
  EXPECT_EQ(index_.Find(kHash),
            (BlockRecord{.hash = kHash, .allocated = 4_KiB + 1_MiB, .present = 16, .total = 16, .last_used = 77}));
  EXPECT_EQ(ledger_.used(), 4_KiB + 1_MiB);
  EXPECT_EQ(scan.counts().adopted, 1u);
}

TEST_F(DirectoryScanTest, FilesOfNoUseAreUnlinked) {
  const auto damage = [&](const Hash128& hash) { return disk.FlipBit(BlockPath(hash), 9); };
  ASSERT_TRUE(damage(kHash));
  ASSERT_TRUE(disk.CutAtRest(BlockPath(HashOf(TestBlock(1))), 0));
  LoseIndex();
  Open();
  Scan();
  EXPECT_EQ(store->blocks(), 0u);
  EXPECT_EQ(BlockFiles(), 0u);
  ExpectLedgerIsExact();
}

TEST_F(DirectoryScanTest, ABlockUnderAnothersNameIsUnlinked) {
  const Hash128 wrong{kHash.high, kHash.low + 1};
  ASSERT_TRUE(raw_files_->Rename(kPath, BlockPath(wrong)));
  DirectoryScan scan = MakeScan();
  ASSERT_TRUE(ScanOf(scan, kHash));
  EXPECT_EQ(index_.count(), 0u);
  EXPECT_EQ(scan.counts().unlinked, 1u);
}

TEST_F(DirectoryScanTest, ABlockOfAnotherGeometryIsUnlinked) {
  DirectoryScan scan({.files = *raw_files_,
                      .index = index_,
                      .ledger = ledger_,
                      .live = live_,
                      .geometry = {.block_size = 2_MiB, .sub_block_size = 64_KiB}});
  ASSERT_TRUE(ScanOf(scan, kHash));
  EXPECT_EQ(scan.counts().unlinked, 1u);
}

TEST_F(DirectoryScanTest, ForeignFilesAreLeftAlone) {
  const std::string directory = BlockDirectory(kHash);
  for (const char* name : {"README", "0123.blk", "x.tmp"}) {
    ASSERT_TRUE(raw_files_->Open(directory + "/" + name, {.write = true, .create = true}));
  }
  DirectoryScan scan = MakeScan();
  ASSERT_TRUE(ScanOf(scan, kHash));
  EXPECT_EQ(scan.counts().unlinked, 0u);
  EXPECT_TRUE(raw_files_->Stat(directory + "/README"));
}

TEST_F(DirectoryScanTest, EntriesWithoutAFileAreDropped) {
  ASSERT_TRUE(disk.RemoveAtRest(kPath));
  Open();
  EXPECT_EQ(store->blocks(), 2u);
  Scan();
  EXPECT_EQ(store->blocks(), 1u);
  ExpectLedgerIsExact();
}

TEST_F(DirectoryScanTest, APartialBlocksBytesAreCountedAnew) {
  const Hash128 hash = HashOf(TestBlock(1));
  for (const std::uint64_t believed : {64_KiB, 8_MiB}) {
    index_.Put({.hash = hash, .allocated = believed, .present = 3, .total = 16});
    ledger_.Charge(believed);
    DirectoryScan scan = MakeScan();
    ASSERT_TRUE(ScanOf(scan, hash));
    EXPECT_EQ(index_.Find(hash)->allocated, 4_KiB + 192_KiB);
    EXPECT_EQ(ledger_.used(), 4_KiB + 192_KiB);
    ledger_.Release(ledger_.used());
  }
}

TEST_F(DirectoryScanTest, ABlockThatSomebodyHasClaimedIsLeftToThem) {
  const auto claim = live_.TryAcquire(kHash);
  ASSERT_TRUE(disk.CutAtRest(kPath, 10));
  DirectoryScan scan = MakeScan();
  ASSERT_TRUE(ScanOf(scan, kHash));
  EXPECT_TRUE(raw_files_->Stat(kPath));
  // And an entry whose file is about to be made.
  const auto other = live_.TryAcquire(HashOf(TestBlock(2)));
  index_.Put({.hash = HashOf(TestBlock(2)), .allocated = 4096, .present = 0, .total = 16});
  ASSERT_TRUE(ScanOf(scan, HashOf(TestBlock(2))));
  EXPECT_TRUE(index_.Find(HashOf(TestBlock(2))));
  const std::vector<Hash128> expected = {kHash, HashOf(TestBlock(2))};
  EXPECT_EQ(scan.skipped(), expected);
  scan.ScanClaimed(kHash);
  EXPECT_FALSE(raw_files_->Stat(kPath)) << "they left it as it was: of no use";
}

TEST_F(DirectoryScanTest, AFileThatCannotBeOpenedNowIsKept) {
  disk.SetErrorRate(sim::DiskCall::kOpen, 1);
  DirectoryScan scan = MakeScan();
  ASSERT_TRUE(ScanOf(scan, kHash));
  EXPECT_TRUE(disk.Files().contains(kPath));
  EXPECT_EQ(ledger_.used(), 4_KiB + 1_MiB) << "and counts";
}

TEST_F(DirectoryScanTest, AFileThatIsOnlyCountedIsOpenedWhenItIsWantedAndEvictedInItsTurn) {
  LoseIndex();
  ASSERT_TRUE(OpenStore());
  disk.SetErrorRate(sim::DiskCall::kOpen, 1);
  store->StartBackground(fetch);
  Scan();
  disk.SetErrorRate(sim::DiskCall::kOpen, 0);
  ExpectLedgerIsExact();
  const auto file = OpenBlock(TestBlock());
  ASSERT_TRUE(file);
  EXPECT_EQ(file->present_count(), 16u);
  EXPECT_TRUE(world.Run(store->Evict(HashOf(TestBlock(1)), EvictReason::kAsked)));
  EXPECT_EQ(BlockFiles(), 1u);
  ExpectLedgerIsExact();
}

TEST_F(DirectoryScanTest, AUselessFileThatCannotBeUnlinkedCounts) {
  ASSERT_TRUE(disk.FlipBit(kPath, 9));
  disk.SetErrorRate(sim::DiskCall::kUnlink, 1);
  DirectoryScan scan = MakeScan();
  ASSERT_TRUE(ScanOf(scan, kHash));
  EXPECT_EQ(ledger_.used(), 4_KiB + 1_MiB);
  EXPECT_EQ(index_.Find(kHash)->present, 0u);
}

TEST_F(DirectoryScanTest, ADirectoryThatCannotBeListedDoesNotStopTheOthers) {
  LoseIndex();
  disk.SetErrorRate(sim::DiskCall::kList, 0.5);
  Open();
  world.RunFor(seconds(5));
  EXPECT_FALSE(store->scan_done()) << "so that a miss still looks for a file";
  disk.SetErrorRate(sim::DiskCall::kList, 0);
  EXPECT_TRUE(OpenBlock(TestBlock()));
  EXPECT_TRUE(world.Run(store->Create(TestBlock(2), 64_KiB)));
}

// Reads, writes and evictions while the scan goes through a directory whose index was lost.
Task<void> Disturb(DiskStore& store, Random random, int& running) {
  for (int i = 0; i < 30; ++i) {
    const BlockInfo info = TestBlock(random.Below(3), std::to_string(random.Below(4)));
    if (random.OneIn(3)) {
      co_await store.Evict(HashOf(info), EvictReason::kAsked);
      continue;
    }
    std::shared_ptr<BlockFile> file = co_await store.OpenBlock(info);
    if (file) {
      if (file->HasSub(0)) (void)co_await store.Verify(file, {0, 64_KiB});
      continue;
    }
    auto made = co_await store.Create(info, 64_KiB);
    if (!made) continue;
    if ((*made)->HasSub(0)) {
      store.Unreserve(**made, 64_KiB);
      continue;
    }
    (void)co_await store.Write(*made, 0, SubBytes(info, 0));
    co_await store.Record(*made);
  }
  --running;
}

TEST_F(DirectoryScanTest, TheScanAndEverybodyElseDoNotDisturbEachOther) {
  for (const std::uint64_t seed : sim::TestSeeds(100)) {
    SCOPED_TRACE(sim::SeedText(seed));
    CacheWorld other(seed);
    other.Open();
    other.Scan();
    for (int i = 0; i < 12; ++i) {
      ASSERT_TRUE(other.WriteBlock(TestBlock(static_cast<std::uint64_t>(i) % 3, std::to_string(i / 3)), {0, 2}));
    }
    other.Close();
    if (seed % 2 == 0) {
      ASSERT_TRUE(other.disk.RemoveAtRest(kIndexLogPath));
    }
    ASSERT_TRUE(other.disk.RemoveAtRest(kIndexCheckpointPath));
    other.Open();
    int running = 1;
    other.loop.Post([&] { StartDetached(Disturb(*other.store, other.world.Fork(), running)); });
    ASSERT_TRUE(other.world.RunUntil([&] { return running == 0; }, seconds(60)));
    other.Scan();
    other.Settle();
    EXPECT_EQ(other.store->blocks(), other.BlockFiles());
    other.ExpectLedgerIsExact();
  }
}

}  // namespace
}  // namespace hearth::cache
