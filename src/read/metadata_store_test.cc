#include "read/metadata_store.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "cache/layout.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"

namespace hearth::read {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

MetaKey KeyOf(const std::string& key, const std::string& selector = "") {
  return {{OriginName("s3"), BucketName("b"), ObjectKey(key)}, selector};
}

class MetadataStoreTest : public testing::Test {
 protected:
  void TearDown() override { Close(); }

  void Open() {
    files_ = disk_.Mount();
    store_ = std::make_unique<MetadataStore>(options_,
                                             MetadataStore::Environment{files_.get(), pool_, world_.clock(), log_});
    const Status opened = world_.Run(RunOn(pool_, [this] { return store_->Open(); }));
    ASSERT_TRUE(opened) << opened.error().ToString();
  }
  void Close() {
    if (store_) world_.Run(store_->Stop());
    store_.reset();
    files_.reset();
  }
  void Restart() {
    Close();
    Open();
  }
  void Crash(sim::CrashKind kind) {
    disk_.Crash(kind);
    Restart();
  }
  void Settle() { world_.RunFor(std::chrono::milliseconds(100)); }

  MetaPtr Entry(const MetaKey& key, const std::string& etag, std::size_t padding = 0) {
    origin::ObjectMeta meta{.version = {VersionKind::kETag, etag}, .size = 10, .etag = ETag(etag)};
    if (padding > 0) meta.headers.emplace_back("x-amz-meta-padding", std::string(padding, 'p'));
    return std::make_shared<const MetaEntry>(key, std::move(meta), world_.clock().Wall(), world_.clock().Now());
  }
  void Put(const std::string& key, const std::string& etag, std::size_t padding = 0) {
    store_->Put(Entry(KeyOf(key), etag, padding));
  }
  MetaPtr Bind(const std::string& key, const std::string& label, const std::string& etag) {
    return world_.Run(store_->Bind(Entry(KeyOf(key, "label:" + label), etag)));
  }
  std::string Find(const MetaKey& key) {
    const MetaPtr found = store_->Find(key);
    return found ? found->meta.etag.value : "";
  }
  std::string Find(const std::string& key) { return Find(KeyOf(key)); }
  Duration AgeOf(const std::string& key) { return world_.clock().Now() - store_->Find(KeyOf(key))->fetched; }
  std::uint64_t LogBytes() {
    Settle();
    return disk_.Files().at(std::string(cache::kMetadataLogPath)).size;
  }

  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
  sim::SimExecutor& pool_ = world_.MakeExecutor("pool");
  telemetry::Logger log_{{.level = telemetry::Level::kError}};
  MetadataStore::Options options_;
  std::unique_ptr<io::FileSystem> files_;
  std::unique_ptr<MetadataStore> store_;
};

TEST_F(MetadataStoreTest, WhatWasPutIsFoundUntilItIsForgotten) {
  Open();
  Put("a", "\"1\"");
  Put("a", "\"2\"");
  EXPECT_EQ(Find("a"), "\"2\"");
  EXPECT_EQ(Find("b"), "");
  store_->Forget(KeyOf("a"));
  EXPECT_EQ(Find("a"), "");
  EXPECT_EQ(store_->count(), 0u);
}

TEST_F(MetadataStoreTest, VersionsOfAnObjectAreForgottenTogether) {
  Open();
  Put("a", "\"1\"");
  Put("b", "\"1\"");
  Bind("a", "l", "\"0\"");
  EXPECT_EQ(store_->FindObject(KeyOf("a").object).size(), 2u);
  EXPECT_EQ(store_->ForgetObject(KeyOf("a").object).size(), 2u);
  EXPECT_EQ(store_->count(), 1u);
  EXPECT_EQ(Find("b"), "\"1\"");
}

TEST_F(MetadataStoreTest, TheBudgetTakesTheOldestAndNeverALabel) {
  options_.memory_bytes_max = 64 * 20'000;  // 20,000 bytes a shard: all versions of an object are in one
  Open();
  Bind("a", "l", "\"l\"");
  const auto key = [](int i) { return KeyOf("a", "version-id:" + std::to_string(i)); };
  for (int i = 0; i < 100; ++i) {
    store_->Put(Entry(key(i), "\"e\"", 1000));
    EXPECT_NE(store_->Find(key(0)), nullptr) << "it is used all the time";
  }
  EXPECT_LT(store_->count(), 20u);
  EXPECT_EQ(store_->Find(key(1)), nullptr);
  EXPECT_NE(store_->Find(key(99)), nullptr);
  EXPECT_EQ(Find(KeyOf("a", "label:l")), "\"l\"");
}

TEST_F(MetadataStoreTest, ManyLabelsPushNothingOut) {
  options_.memory_bytes_max = 64 * 20'000;
  Open();
  for (int i = 0; i < 200; ++i) Bind("a", "l" + std::to_string(i), "\"l\"");
  store_->Put(Entry(KeyOf("a"), "\"1\"", 1000));
  store_->Put(Entry(KeyOf("a", "version-id:1"), "\"1\"", 1000));
  EXPECT_EQ(Find("a"), "\"1\"") << "though the labels of its shard take more than the shard's share";
  EXPECT_EQ(Find(KeyOf("a", "label:l7")), "\"l\"");
}

TEST_F(MetadataStoreTest, ARestartFindsEverythingWithItsAge) {
  Open();
  Put("a", "\"1\"");
  Put("b", "\"1\"");
  store_->Forget(KeyOf("b"));
  world_.RunFor(seconds(30));
  Crash(sim::CrashKind::kKill);
  EXPECT_EQ(Find("a"), "\"1\"");
  EXPECT_EQ(Find("b"), "");
  EXPECT_GE(AgeOf("a"), seconds(30));
  EXPECT_LT(AgeOf("a"), seconds(31));
}

TEST_F(MetadataStoreTest, AnOrderlyStopWritesWhatIsQueued) {
  Open();
  Put("a", "\"1\"");
  Restart();
  EXPECT_EQ(Find("a"), "\"1\"");
}

TEST_F(MetadataStoreTest, WhatSeemsToComeFromTheFutureIsOld) {
  Open();
  Put("a", "\"1\"");
  Close();
  world_.MoveWallClock(-hours(3));
  Open();
  EXPECT_GT(AgeOf("a"), hours(24));
}

TEST_F(MetadataStoreTest, ALabelIsBoundOnceAndSurvivesAPowerCut) {
  Open();
  EXPECT_EQ(Bind("a", "l", "\"1\"")->meta.etag.value, "\"1\"");
  EXPECT_EQ(Bind("a", "l", "\"2\"")->meta.etag.value, "\"1\"");
  Crash(sim::CrashKind::kPowerLoss);
  EXPECT_EQ(Find(KeyOf("a", "label:l")), "\"1\"");
}

TEST_F(MetadataStoreTest, ALabelThatWasForgottenDoesNotComeBackWithAPowerCut) {
  Open();
  Bind("a", "l", "\"1\"");
  store_->ForgetObject(KeyOf("a").object);
  world_.Run(store_->Flush());
  Crash(sim::CrashKind::kPowerLoss);
  EXPECT_EQ(Find(KeyOf("a", "label:l")), "");
}

TEST_F(MetadataStoreTest, ALabelThatIsBoundAgainAtOnceKeepsTheNewBinding) {
  Open();
  Bind("a", "l", "\"1\"");
  store_->ForgetObject(KeyOf("a").object);  // its record is still queued
  Bind("a", "l", "\"2\"");
  Settle();
  Crash(sim::CrashKind::kPowerLoss);
  EXPECT_EQ(Find(KeyOf("a", "label:l")), "\"2\"");
}

TEST_F(MetadataStoreTest, AnUnchangedEntryIsLoggedSeldomAndAChangedOneAtOnce) {
  Open();
  Put("a", "\"1\"");
  const std::uint64_t once = LogBytes();
  for (int i = 0; i < 5; ++i) {
    world_.RunFor(seconds(10));
    Put("a", "\"1\"");
  }
  EXPECT_EQ(LogBytes(), once);
  world_.RunFor(seconds(15));
  Put("a", "\"1\"");
  const std::uint64_t twice = LogBytes();
  EXPECT_GT(twice, once);
  Put("a", "\"2\"");
  EXPECT_GT(LogBytes(), twice);
}

TEST_F(MetadataStoreTest, WhatTheBudgetTookIsLoggedAgainWhenItComesBack) {
  options_.memory_bytes_max = 1;  // one entry a shard
  Open();
  store_->Put(Entry(KeyOf("a", "version-id:1"), "\"1\""));
  store_->Put(Entry(KeyOf("a", "version-id:2"), "\"2\""));
  EXPECT_EQ(store_->count(), 1u);
  const std::uint64_t before = LogBytes();
  store_->Put(Entry(KeyOf("a", "version-id:1"), "\"1\""));
  EXPECT_GT(LogBytes(), before);
}

TEST_F(MetadataStoreTest, TheLogIsWrittenAnewWhenMostOfItIsOld) {
  Open();
  Put("kept", "\"k\"");
  Bind("kept", "l", "\"l\"");
  for (int i = 0; i < 60; ++i) {
    Put("a", "\"" + std::to_string(i) + "\"", 100'000);
    Settle();
  }
  EXPECT_LT(LogBytes(), 5_MiB);
  Crash(sim::CrashKind::kKill);
  EXPECT_EQ(Find("a"), "\"59\"");
  EXPECT_EQ(Find("kept"), "\"k\"");
  EXPECT_EQ(Find(KeyOf("kept", "label:l")), "\"l\"");
}

TEST_F(MetadataStoreTest, ARecordThatIsTooLargeForTheLogStaysInMemoryAndHarmsNobody) {
  Open();
  Put("large", "\"1\"", 2_MiB);
  Put("small", "\"1\"");
  EXPECT_EQ(Find("large"), "\"1\"");
  Crash(sim::CrashKind::kKill);
  EXPECT_EQ(Find("small"), "");  // not settled: nothing was written
  Put("large", "\"1\"", 2_MiB);
  Put("small", "\"1\"");
  Restart();
  EXPECT_EQ(Find("small"), "\"1\"");
  EXPECT_EQ(Find("large"), "");
}

TEST_F(MetadataStoreTest, AfterAFailedWriteEverythingIsWrittenAnew) {
  Open();
  disk_.SetErrorRate(sim::DiskCall::kWrite, 1);
  Put("a", "\"1\"");
  EXPECT_EQ(Bind("a", "l", "\"1\"")->meta.etag.value, "\"1\"") << "a disk's failure is no reader's";
  Settle();
  disk_.SetErrorRate(sim::DiskCall::kWrite, 0);
  world_.RunFor(seconds(2));
  Put("b", "\"1\"");
  Settle();
  Crash(sim::CrashKind::kKill);
  EXPECT_EQ(Find("a"), "\"1\"");
  EXPECT_EQ(Find("b"), "\"1\"");
  EXPECT_EQ(Find(KeyOf("a", "label:l")), "\"1\"");
}

TEST_F(MetadataStoreTest, AnOrderlyStopMendsTheLogAtOnce) {
  Open();
  disk_.SetErrorRate(sim::DiskCall::kSync, 1);
  Bind("a", "l", "\"1\"");
  disk_.SetErrorRate(sim::DiskCall::kSync, 0);
  Restart();
  EXPECT_EQ(Find(KeyOf("a", "label:l")), "\"1\"");
}

TEST_F(MetadataStoreTest, ALogThatCannotBeReadIsBegunAnew) {
  Open();
  Put("a", "\"1\"");
  Close();
  disk_.SetErrorRate(sim::DiskCall::kRead, 1);
  Open();
  EXPECT_EQ(store_->count(), 0u);
  disk_.SetErrorRate(sim::DiskCall::kRead, 0);
  Put("b", "\"1\"");
  Restart();
  EXPECT_EQ(Find("b"), "\"1\"");
}

TEST_F(MetadataStoreTest, WithoutALogItWorksInMemory) {
  disk_.SetErrorRateOfAll(1);
  Open();
  Put("a", "\"1\"");
  EXPECT_EQ(Bind("a", "l", "\"2\"")->meta.etag.value, "\"2\"");
  EXPECT_EQ(Find("a"), "\"1\"");
}

TEST_F(MetadataStoreTest, ATornTailCostsOnlyItself) {
  Open();
  Put("a", "\"1\"");
  const std::uint64_t first = LogBytes();
  Put("b", "\"1\"");
  const std::uint64_t second = LogBytes();
  Close();
  ASSERT_TRUE(disk_.CutAtRest(cache::kMetadataLogPath, (first + second) / 2));
  Open();
  EXPECT_EQ(Find("a"), "\"1\"");
  EXPECT_EQ(Find("b"), "");
}

}  // namespace
}  // namespace hearth::read
