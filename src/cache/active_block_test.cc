#include "cache/active_block.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

constexpr std::uint64_t kSub = 64_KiB;

// Without a store: what is not in memory is absent.
class ActiveBlockTest : public testing::Test {
 protected:
  ActiveBlockTest() { world_.Run(block_->EnsureOpen()); }

  static std::shared_ptr<Buffer> MakeBuffer(std::size_t filled = kSub) {
    auto buffer = std::make_shared<Buffer>(kSub, MemoryBudget::Grant());
    buffer->Commit(filled);
    return buffer;
  }
  std::shared_ptr<Fill> Claim(SubRange subs) { return block_->Claim(subs, nullptr, "request"); }
  void Begin(Fill& fill, std::uint32_t sub, std::size_t published) {
    block_->BeginSub(fill, sub, MakeBuffer(published));
    block_->Publish(sub, published);
  }
  void Complete(Fill& fill, std::uint32_t sub) {
    Begin(fill, sub, kSub);
    block_->CompleteSub(fill, sub);
  }
  // A reader, there until the test ends or it is dropped.
  struct Reader {
    Reader(ActiveBlock& b, std::uint64_t begin, std::uint64_t end) : block(b) {
      place.position = begin;
      place.end = end;
      block.Enter(place);
    }
    ~Reader() { block.Leave(place); }
    ActiveBlock& block;
    ActiveBlock::Place place;
  };
  bool IsInMemory(Reader& reader) { return std::holds_alternative<ActiveBlock::InMemory>(block_->Look(reader.place)); }
  std::optional<SubRange> AbsentAt(Reader& reader) {
    const ActiveBlock::Step step = block_->Look(reader.place);
    const auto* absent = std::get_if<ActiveBlock::Absent>(&step);
    return absent != nullptr ? std::optional(absent->subs) : std::nullopt;
  }

  sim::SimWorld world_{1};
  std::shared_ptr<ActiveBlock> block_ = std::make_shared<ActiveBlock>(TestBlock(), kTestGeometry, nullptr);
};

TEST_F(ActiveBlockTest, AClaimEndsWhereSomebodyElsesBegins) {
  ASSERT_TRUE(Claim({4, 6}));
  EXPECT_EQ(Claim({2, 16})->subs, (SubRange{2, 4}));
  EXPECT_FALSE(Claim({5, 16})) << "somebody was quicker";
  EXPECT_EQ(Claim({6, 8})->subs, (SubRange{6, 8}));
  EXPECT_EQ(block_->NextAbsent(0), (SubRange{0, 2}));
  EXPECT_EQ(block_->NextAbsent(2), (SubRange{8, 16}));
  ASSERT_TRUE(Claim({8, 16}));
  EXPECT_FALSE(block_->NextAbsent(2));
}

TEST_F(ActiveBlockTest, AReaderIsToldToFetchWhatItNeedsAndNoMore) {
  Reader reader(*block_, kSub + 10, 3 * kSub + 1);
  EXPECT_EQ(AbsentAt(reader), (SubRange{1, 4}));
  ASSERT_TRUE(Claim({3, 4}));
  EXPECT_EQ(AbsentAt(reader), (SubRange{1, 3}));
}

TEST_F(ActiveBlockTest, AReaderGetsWhatHasArrivedFromWhereItIs) {
  const auto fill = Claim({0, 2});
  Reader reader(*block_, 100, 2 * kSub);
  EXPECT_TRUE(std::holds_alternative<ActiveBlock::Wait>(block_->Look(reader.place)));
  Begin(*fill, 0, 100);
  EXPECT_TRUE(std::holds_alternative<ActiveBlock::Wait>(block_->Look(reader.place)));
  block_->Publish(0, 300);
  const ActiveBlock::Step step = block_->Look(reader.place);
  ASSERT_TRUE(std::holds_alternative<ActiveBlock::InMemory>(step));
  EXPECT_EQ(std::get<ActiveBlock::InMemory>(step).bytes.bytes.size(), 200u);
  block_->Advance(reader.place, 200);
  EXPECT_TRUE(std::holds_alternative<ActiveBlock::Wait>(block_->Look(reader.place)));
}

TEST_F(ActiveBlockTest, AWaitingReaderWakesWhenBytesArrive) {
  const auto fill = Claim({0, 1});
  Reader reader(*block_, 0, kSub);
  const auto wait = std::get<ActiveBlock::Wait>(block_->Look(reader.place));
  Begin(*fill, 0, 1);
  EXPECT_NE(block_->changed().generation(), wait.seen);
}

TEST_F(ActiveBlockTest, WithoutADiskBytesStayForTheReadersThatAreHere) {
  const auto fill = Claim({0, 2});
  std::optional<Reader> slow(std::in_place, *block_, 0, 2 * kSub);
  std::optional<Reader> quick(std::in_place, *block_, 0, 2 * kSub);
  Complete(*fill, 0);
  Complete(*fill, 1);
  block_->Advance(quick->place, 2 * kSub);
  quick.reset();
  EXPECT_TRUE(IsInMemory(*slow));
  block_->Advance(slow->place, kSub);
  EXPECT_EQ(block_->NextAbsent(0), (SubRange{0, 1})) << "nobody here needs the first any more";
  slow.reset();
  EXPECT_EQ(block_->NextAbsent(0), (SubRange{0, 16}));
}

TEST_F(ActiveBlockTest, AFailureReachesThoseWhoWaitForItOnly) {
  const auto fill = Claim({0, 2});
  Reader waits(*block_, 0, kSub);
  Reader looks_elsewhere(*block_, 0, kSub);
  (void)block_->Look(waits.place);
  block_->EndFill(*fill, Error(Code::kUnavailable, "refused"));
  const ActiveBlock::Step step = block_->Look(waits.place);
  ASSERT_TRUE(std::holds_alternative<ActiveBlock::Failed>(step));
  EXPECT_EQ(std::get<ActiveBlock::Failed>(step).error.code(), Code::kUnavailable);
  EXPECT_EQ(AbsentAt(looks_elsewhere), (SubRange{0, 1}));
}

TEST_F(ActiveBlockTest, AFailureOfLongAgoIsNoReasonToFailNow) {
  const auto fill = Claim({0, 2});
  Reader reader(*block_, 0, 2 * kSub);
  (void)block_->Look(reader.place);
  Complete(*fill, 0);
  block_->Advance(reader.place, kSub);
  block_->EndFill(*fill, Error(Code::kUnavailable, "refused"));
  EXPECT_EQ(AbsentAt(reader), (SubRange{1, 2})) << "it was not waiting when the fill failed";
}

TEST_F(ActiveBlockTest, AFillThatNobodyWantedIsNoErrorToWhoeverComes) {
  const auto fill = Claim({0, 2});
  Reader reader(*block_, 0, kSub);
  (void)block_->Look(reader.place);
  block_->EndFill(*fill, Error(Code::kCancelled, "nobody"), true);
  EXPECT_EQ(AbsentAt(reader), (SubRange{0, 1}));
}

TEST_F(ActiveBlockTest, AFillIsWantedByReadersOfItsOwnBytes) {
  const auto low = Claim({0, 4});
  const auto high = Claim({4, 8});
  Reader reader(*block_, 4 * kSub, 6 * kSub);
  EXPECT_FALSE(block_->PressureAt(*low, 0).wanted);
  EXPECT_TRUE(block_->PressureAt(*high, 4 * kSub).wanted);
  EXPECT_TRUE(block_->PressureAt(*high, 5 * kSub).wanted);
  EXPECT_FALSE(block_->PressureAt(*high, 6 * kSub).wanted);
}

TEST_F(ActiveBlockTest, AFillAnswersForItsOwnSubBlocksOnly) {
  const auto low = Claim({0, 1});
  const auto high = Claim({1, 16});
  Reader reader(*block_, 0, kTestGeometry.block_size);
  for (std::uint32_t sub = 1; sub < 9; ++sub) Complete(*high, sub);
  EXPECT_EQ(block_->PressureAt(*high, 9 * kSub).held, 8u);
  EXPECT_EQ(block_->PressureAt(*low, 0).held, 0u) << "or the reader waits for the one that waits for the reader";
}

TEST_F(ActiveBlockTest, InNeedOnlyWhatAReaderCanReachIsHeld) {
  const auto low = Claim({0, 1});
  const auto high = Claim({1, 8});
  Reader stuck(*block_, 0, kTestGeometry.block_size);
  Reader goes_on(*block_, 3 * kSub, 6 * kSub);
  for (std::uint32_t sub = 1; sub < 8; ++sub) Complete(*high, sub);
  block_->BeginStarving();
  EXPECT_EQ(block_->NextAbsent(1), (SubRange{1, 3}));
  EXPECT_TRUE(IsInMemory(goes_on));
  EXPECT_EQ(block_->NextAbsent(3), (SubRange{6, 16}));
  block_->EndStarving();
  Complete(*low, 0);
  EXPECT_TRUE(IsInMemory(stuck));
  EXPECT_EQ(block_->NextAbsent(3), (SubRange{6, 16})) << "the need is over: nothing more is dropped";
}

// The writer's side, played by the test.
class ActiveBlockWriterTest : public ActiveBlockTest {
 protected:
  std::shared_ptr<Fill> ClaimForDisk(SubRange subs) {
    auto fill = Claim(subs);
    fill->disk_failed = false;  // as if there were a store
    return fill;
  }
  bool CompleteForDisk(Fill& fill, std::uint32_t sub) {
    Begin(fill, sub, kSub);
    return block_->CompleteSub(fill, sub);
  }
};

TEST_F(ActiveBlockWriterTest, AWriteThatFailedLeavesTheBytesToTheReaders) {
  const auto fill = ClaimForDisk({0, 1});
  Reader reader(*block_, 0, kSub);
  EXPECT_TRUE(CompleteForDisk(*fill, 0)) << "the writer is to be started";
  EXPECT_TRUE(block_->WriterRuns(*fill));
  EXPECT_EQ(block_->NextWrite(*fill).write->sub, 0u);
  EXPECT_FALSE(block_->DiskFailed(*fill));
  block_->WriteDone(*fill, 0, false);
  EXPECT_TRUE(block_->DiskFailed(*fill));
  block_->WriterEnded(*fill);
  EXPECT_FALSE(block_->WriterRuns(*fill));
  EXPECT_TRUE(IsInMemory(reader));
  block_->Advance(reader.place, kSub);
  EXPECT_EQ(block_->NextAbsent(0), (SubRange{0, 16}));
}

TEST_F(ActiveBlockWriterTest, WhatIsToBeWrittenStaysThoughNobodyReadsIt) {
  const auto fill = ClaimForDisk({0, 1});
  CompleteForDisk(*fill, 0);
  {
    const Reader passing(*block_, 0, kSub);
  }
  EXPECT_EQ(block_->NextAbsent(0), (SubRange{1, 16}));
}

TEST_F(ActiveBlockWriterTest, WritesInTheOrderOfCompletionAndIsOverWithTheFill) {
  const auto fill = ClaimForDisk({0, 3});
  EXPECT_TRUE(CompleteForDisk(*fill, 0));
  EXPECT_FALSE(CompleteForDisk(*fill, 1)) << "one writer is enough";
  EXPECT_EQ(block_->NextWrite(*fill).write->sub, 0u);
  EXPECT_EQ(block_->NextWrite(*fill).write->sub, 1u);
  EXPECT_FALSE(block_->NextWrite(*fill).write);
  EXPECT_FALSE(block_->NextWrite(*fill).over) << "more may come";
  CompleteForDisk(*fill, 2);
  block_->EndFill(*fill, std::nullopt);
  EXPECT_FALSE(block_->NextWrite(*fill).over);
  EXPECT_TRUE(block_->NextWrite(*fill).over);
}

TEST_F(ActiveBlockWriterTest, WithoutADiskOnlyWhatIsReadStays) {
  const auto fill = ClaimForDisk({0, 4});
  const Reader reader(*block_, 2 * kSub, 3 * kSub);
  for (std::uint32_t sub = 0; sub < 3; ++sub) CompleteForDisk(*fill, sub);
  block_->GiveUpDisk(*fill);
  EXPECT_EQ(block_->NextAbsent(0), (SubRange{0, 2}));
  EXPECT_FALSE(block_->NextWrite(*fill).write);
  EXPECT_FALSE(CompleteForDisk(*fill, 3)) << "nobody reads it: gone at once";
  EXPECT_EQ(block_->NextAbsent(2), (SubRange{3, 16}));
}

// With a store: the states that a file brings.
class ActiveBlockOnDiskTest : public testing::Test, protected CacheWorld {
 protected:
  void SetUp() override {
    Open();
    Scan();
  }
};

TEST_F(ActiveBlockOnDiskTest, FindsTheBlocksFileAndGivesRunsOfIt) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {1, 4}));
  const auto block = std::make_shared<ActiveBlock>(TestBlock(), kTestGeometry, store.get());
  world.Run(block->EnsureOpen());
  ActiveBlock::Place place{.position = kSub + 5, .end = 10 * kSub, .waits_for = nullptr};
  const ActiveBlock::Step step = block->Look(place);
  ASSERT_TRUE(std::holds_alternative<ActiveBlock::OnDisk>(step));
  EXPECT_EQ(std::get<ActiveBlock::OnDisk>(step).range, (ByteRange{kSub + 5, 4 * kSub}));
  EXPECT_EQ(block->NextAbsent(0), (SubRange{0, 1}));
  EXPECT_EQ(block->NextAbsent(1), (SubRange{4, 16}));
}

TEST_F(ActiveBlockOnDiskTest, ACondemnedFileIsNotUsedAndNotReplacedByThoseWhoAreHere) {
  const auto file = WriteBlock(TestBlock(), {0, 4});
  const auto block = std::make_shared<ActiveBlock>(TestBlock(), kTestGeometry, store.get());
  world.Run(block->EnsureOpen());
  block->Condemn(*file);
  EXPECT_EQ(block->NextAbsent(0), (SubRange{0, 16}));
  EXPECT_TRUE(block->storage_refused());
  block->SetFile(file);
  EXPECT_FALSE(block->file());
}

TEST_F(ActiveBlockOnDiskTest, ManyMayOpenAtOnce) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 4}));
  Restart();
  const auto block = std::make_shared<ActiveBlock>(TestBlock(), kTestGeometry, store.get());
  const std::uint64_t opens = disk.counters().of(sim::DiskCall::kOpen);
  int done = 0;
  std::array<bool, 5> marks{};
  for (bool& mark : marks) {
    loop.Post([&] { StartDetached(sim::sim_internal::Mark(block->EnsureOpen(), mark)); });
  }
  world.RunFor(std::chrono::seconds(1));
  for (const bool mark : marks) done += mark ? 1 : 0;
  EXPECT_EQ(done, 5);
  EXPECT_EQ(disk.counters().of(sim::DiskCall::kOpen), opens + 1);
}

}  // namespace
}  // namespace hearth::cache
