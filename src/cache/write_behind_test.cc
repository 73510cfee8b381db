#include "cache/write_behind.h"

#include <gtest/gtest.h>

#include <deque>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

constexpr std::uint64_t kSub = 64_KiB;
constexpr ByteRange kWholeBlock{0, 1_MiB};

// Keeps its jobs until the test lets them go: a disk that takes its time.
class HeldExecutor final : public Executor {
 public:
  explicit HeldExecutor(Executor& target) : target_(target) {}

  void Post(Job job) override {
    if (held_) {
      jobs_.push_back(std::move(job));
    } else {
      target_.Post(std::move(job));
    }
  }
  TimerId PostAfter(Duration delay, Job job) override { return target_.PostAfter(delay, std::move(job)); }
  void Cancel(TimerId timer) override { target_.Cancel(timer); }
  const Clock& clock() const override { return target_.clock(); }

  std::size_t waiting() const { return jobs_.size(); }
  void Release() {
    held_ = false;
    for (Job& job : jobs_) target_.Post(std::move(job));
    jobs_.clear();
  }

 private:
  Executor& target_;
  bool held_ = true;
  std::deque<Job> jobs_;
};

class WriteBehindTest : public testing::Test, protected CacheWorld {
 protected:
  void OpenWithHeldWrites() {
    writers = &held;
    Open();
    Scan();
  }

  HeldExecutor held{pool};
  std::shared_ptr<ScriptedSource> source = std::make_shared<ScriptedSource>("b/k");
};

TEST_F(WriteBehindTest, ASlowDiskDelaysNoReader) {
  OpenWithHeldWrites();
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  Settle();
  EXPECT_EQ(held.waiting(), 1u) << "one write at a time, in the order of the bytes";
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 0u);
  ExpectRead(Read(TestBlock(), {3 * kSub, 5 * kSub}, source), TestBlock(), {3 * kSub, 5 * kSub});
  EXPECT_EQ(source->opens(), 1u) << "what waits for its write is in memory";
  held.Release();
  Settle();
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u);
  EXPECT_EQ(memory->used(), 0u);
  ExpectLedgerIsExact();
}

TEST_F(WriteBehindTest, MemoryBoundsWhatWaitsForADisk) {
  memory_bytes = 4 * kSub;
  OpenWithHeldWrites();
  ReadOutcome outcome;
  StartRead(TestBlock(), kWholeBlock, source, outcome);
  Settle();
  EXPECT_FALSE(outcome.ended);
  EXPECT_LE(memory->used(), memory_bytes);
  held.Release();
  Settle();
  ExpectRead(outcome, TestBlock(), kWholeBlock);
}

TEST_F(WriteBehindTest, TheFirstFailureEndsItAndGivesBackTheRoom) {
  Open();
  Scan();
  disk.SetErrorRate(sim::DiskCall::kWrite, 1);
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  Settle();
  EXPECT_EQ(Count(telemetry::Family::kFills, {kTestDirectory, "done"}), 1u);
  EXPECT_EQ(memory->used(), 0u);
  disk.SetErrorRate(sim::DiskCall::kWrite, 0);
  ExpectLedgerIsExact();
}

// --- admission ---

class RefusedTest : public WriteBehindTest {
 protected:
  // Three blocks that are read more often than what comes next; there is room for no fourth.
  void OpenFull() {
    store_options.budget_bytes = 3 * (1_MiB + 4_KiB) + 512_KiB;
    Open();
    Scan();
    for (const char* key : {"x", "y", "z"}) {
      const auto other = std::make_shared<ScriptedSource>(std::string("b/") + key);
      ExpectRead(Read(TestBlock(0, key), kWholeBlock, other), TestBlock(0, key), kWholeBlock);
      world.RunFor(std::chrono::seconds(3));
      for (int i = 0; i < 3; ++i) {
        ExpectRead(Read(TestBlock(0, key), kWholeBlock, other), TestBlock(0, key), kWholeBlock);
        world.RunFor(std::chrono::seconds(2));
      }
    }
    ASSERT_EQ(store->blocks(), 3u);
  }
  std::uint64_t Rejected() const { return Count(telemetry::Family::kBypass, {kTestDirectory, "rejected"}); }
};

TEST_F(RefusedTest, ARefusedBlockIsStreamedAndNotWritten) {
  OpenFull();
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  Settle();
  EXPECT_EQ(Rejected(), 1u);
  EXPECT_FALSE(store->Lookup(HashOf(TestBlock())));
  EXPECT_EQ(store->blocks(), 3u);
  EXPECT_EQ(Count(telemetry::Family::kCacheEvictedBlocks, {kTestDirectory, "space"}), 0u);
  EXPECT_EQ(source->bytes(), 1_MiB) << "one transfer, as if it were written";
  EXPECT_EQ(memory->used(), 0u);
  ExpectLedgerIsExact();
}

TEST_F(RefusedTest, WhatTwoReadAtOnceIsWrittenAllTheSame) {
  OpenFull();
  ReadOutcome first;
  ReadOutcome second;
  StartRead(TestBlock(), kWholeBlock, source, first);
  StartRead(TestBlock(), kWholeBlock, source, second);
  Settle();
  ExpectRead(first, TestBlock(), kWholeBlock);
  ExpectRead(second, TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opens(), 1u);
  EXPECT_EQ(Rejected(), 0u);
  ASSERT_TRUE(store->Lookup(HashOf(TestBlock())));
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u);
  ExpectLedgerIsExact();
}

TEST_F(RefusedTest, WhatIsAskedForOftenEnoughIsWritten) {
  OpenFull();
  int reads = 0;
  while (!store->Lookup(HashOf(TestBlock())) && reads < 20) {
    ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
    Settle();
    ++reads;
  }
  EXPECT_TRUE(store->Lookup(HashOf(TestBlock())));
  EXPECT_EQ(Rejected(), static_cast<std::uint64_t>(reads - 1));
}

TEST_F(RefusedTest, ABackgroundFillOfWhatWouldBeRefusedIsNotBegun) {
  OpenFull();
  cache->FillRest(TestBlock(), {}, source, {.request_id = "rest"});
  Settle();
  EXPECT_EQ(source->opens(), 0u);
  EXPECT_EQ(Rejected(), 0u);
}

TEST_F(WriteBehindTest, AFillThatBreaksKeepsWhatWasComplete) {
  OpenWithHeldWrites();
  source->BreakAt(2 * kSub + 1, Error(Code::kNotFound, "gone"), 100);
  EXPECT_TRUE(Read(TestBlock(), kWholeBlock, source).error);
  held.Release();
  Settle();
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 2u);
  ExpectLedgerIsExact();
}

}  // namespace
}  // namespace hearth::cache
