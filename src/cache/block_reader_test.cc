#include "cache/block_reader.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::Family;

constexpr std::uint64_t kSub = 64_KiB;
constexpr ByteRange kWholeBlock{0, 1_MiB};

class BlockReaderTest : public testing::Test, protected CacheWorld {
 protected:
  void SetUp() override {
    Open();
    Scan();
  }
  std::unique_ptr<BlockReader> Reader(ByteRange in_block, RequestContext context = {}) {
    return cache->Read(TestBlock(), {in_block, source, std::move(context)});
  }
  Result<std::optional<Piece>> Next(BlockReader& reader) { return world.RunAt(loop, reader.Next()); }

  std::shared_ptr<ScriptedSource> source = std::make_shared<ScriptedSource>("b/k");
};

TEST_F(BlockReaderTest, ManyReadersOfAColdRangeCauseOneTransfer) {
  std::vector<ReadOutcome> outcomes(32);
  for (ReadOutcome& outcome : outcomes) StartRead(TestBlock(), kWholeBlock, source, outcome);
  Settle();
  for (const ReadOutcome& outcome : outcomes) ExpectRead(outcome, TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opens(), 1u);
  EXPECT_EQ(source->bytes(), 1_MiB);
}

TEST_F(BlockReaderTest, EachGetsBytesBeforeTheTransferIsComplete) {
  source->HoldAt(1000);
  std::vector<std::unique_ptr<BlockReader>> readers;
  for (int i = 0; i < 4; ++i) readers.push_back(Reader(kWholeBlock));
  for (const auto& reader : readers) {
    const auto piece = Next(*reader);
    ASSERT_TRUE(piece && *piece);
    EXPECT_EQ(LengthOf(**piece), 1000u);
  }
  EXPECT_EQ(source->opens(), 1u);
  EXPECT_EQ(source->bytes(), 1000u);
}

TEST_F(BlockReaderTest, ASmallReadOfAColdBlockTransfersOneSubBlock) {
  ExpectRead(Read(TestBlock(), {300'000, 304'096}, source), TestBlock(), {300'000, 304'096});
  EXPECT_EQ(source->opened(), (std::vector<ByteRange>{{4 * kSub, 5 * kSub}}));
  Settle();
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 1u);
}

TEST_F(BlockReaderTest, TheLastBytesOfTheObjectAreRead) {
  ExpectRead(Read(TestBlock(3), {0, 100}, source), TestBlock(3), {0, 100});
  EXPECT_EQ(source->opened(), (std::vector<ByteRange>{{3_MiB, 3_MiB + 100}}));
  Settle();
  ExpectRead(Read(TestBlock(3), {99, 100}, source), TestBlock(3), {99, 100});
  EXPECT_EQ(source->opens(), 1u);
}

TEST_F(BlockReaderTest, OverlappingReadersFetchEachSubBlockOnce) {
  std::array<ReadOutcome, 3> outcomes;
  const std::array<ByteRange, 3> ranges = {{{5 * kSub, 9 * kSub}, {3 * kSub + 1, 7 * kSub}, {0, 16 * kSub}}};
  for (std::size_t i = 0; i < ranges.size(); ++i) StartRead(TestBlock(), ranges[i], source, outcomes[i]);
  Settle();
  for (std::size_t i = 0; i < ranges.size(); ++i) ExpectRead(outcomes[i], TestBlock(), ranges[i]);
  EXPECT_EQ(source->bytes(), 1_MiB);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u) << "all fills write into one file";
  EXPECT_EQ(BlockFiles(), 1u);
  ExpectLedgerIsExact();
  Restart();
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_EQ(source->bytes(), 1_MiB);
}

// --- a stream that is open already ---

TEST_F(BlockReaderTest, AnOpenStreamIsUsedInPlaceOfANewOne) {
  auto reader = Reader({kSub + 10, 2 * kSub});
  world.RunAt(loop, reader->Adopt(source->OpenNow({kSub, 4 * kSub}), 4 * kSub));
  ReadOutcome outcome;
  StartRead(std::move(reader), outcome);
  Settle();
  ExpectRead(outcome, TestBlock(), {kSub + 10, 2 * kSub});
  EXPECT_EQ(source->opens(), 0u);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 3u) << "all that the stream had to give";
}

TEST_F(BlockReaderTest, AnOpenStreamOfWhatIsHereIsDropped) {
  ExpectRead(Read(TestBlock(), {kSub, 2 * kSub}, source), TestBlock(), {kSub, 2 * kSub});
  Settle();
  auto reader = Reader({kSub, 3 * kSub});
  world.RunAt(loop, reader->Adopt(source->OpenNow({kSub, 3 * kSub}), 3 * kSub));
  EXPECT_EQ(source->live_streams(), 0);
  ReadOutcome outcome;
  StartRead(std::move(reader), outcome);
  Settle();
  ExpectRead(outcome, TestBlock(), {kSub, 3 * kSub});
  EXPECT_EQ(source->opened(), (std::vector<ByteRange>{{kSub, 2 * kSub}, {2 * kSub, 3 * kSub}}));
}

TEST_F(BlockReaderTest, AnOpenStreamIsUsedAsFarAsNobodyElseFetches) {
  source->HoldAt(0);
  ReadOutcome later;
  StartRead(TestBlock(), {2 * kSub, 4 * kSub}, source, later);
  Settle();
  auto reader = Reader({0, 4 * kSub});
  world.RunAt(loop, reader->Adopt(source->OpenNow({0, 4 * kSub}), 4 * kSub));
  ReadOutcome outcome;
  StartRead(std::move(reader), outcome);
  source->Release();
  Settle();
  ExpectRead(outcome, TestBlock(), {0, 4 * kSub});
  ExpectRead(later, TestBlock(), {2 * kSub, 4 * kSub});
  EXPECT_EQ(source->opens(), 1u);
  EXPECT_EQ(source->bytes(), 4 * kSub);
}

// --- waiting ---

TEST_F(BlockReaderTest, AReaderWaitsForItsFirstByteUntilItsDeadline) {
  source->HoldAt(0);
  auto reader = Reader(kWholeBlock, {.request_id = "r", .deadline = world.clock().Now() + seconds(2), .cancel = {}});
  const TimePoint begin = world.clock().Now();
  const auto piece = Next(*reader);
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(world.clock().Now() - begin, seconds(2));
  reader.reset();
  source->Release();
  Settle();
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u) << "the fill is not the reader's";
}

TEST_F(BlockReaderTest, TheDeadlineIsOverOnceBytesHaveCome) {
  source->HoldAt(10);
  auto reader = Reader(kWholeBlock, {.request_id = "r", .deadline = world.clock().Now() + seconds(2), .cancel = {}});
  ASSERT_TRUE(Next(*reader));
  fetch.PostAfter(seconds(60), [this] { source->Release(); });
  EXPECT_TRUE(Next(*reader));
}

TEST_F(BlockReaderTest, AReaderWhoseClientGoesStopsWaiting) {
  source->HoldAt(0);
  CancelSource client;
  auto reader = Reader(kWholeBlock, {.request_id = "r", .cancel = client.token()});
  fetch.PostAfter(seconds(1), [&] { client.Cancel(); });
  const auto piece = Next(*reader);
  ASSERT_FALSE(piece);
  EXPECT_EQ(piece.error().code(), Code::kCancelled);
  source->Release();
}

TEST_F(BlockReaderTest, AFailureBeforeTheFirstByteReachesAllAndTheNextOneTriesAnew) {
  source = std::make_shared<ScriptedSource>("b/k", ScriptedSource::Options{.latency = seconds(1)});
  source->FailOpens(Error(Code::kPermissionDenied, "denied"), 1);
  std::vector<ReadOutcome> outcomes(5);
  for (ReadOutcome& outcome : outcomes) StartRead(TestBlock(), kWholeBlock, source, outcome);
  Settle();
  for (const ReadOutcome& outcome : outcomes) {
    ASSERT_TRUE(outcome.ended && outcome.error);
    EXPECT_EQ(outcome.error->code(), Code::kPermissionDenied);
  }
  EXPECT_EQ(source->opens(), 1u);
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
}

TEST_F(BlockReaderTest, AReaderThatComesAfterTheFailureOfAFillIsServed) {
  source = std::make_shared<ScriptedSource>("b/k", ScriptedSource::Options{.chunk_delay = milliseconds(1)});
  source->BreakAt(5 * kSub, Error(Code::kInternal, "broken"), 1);
  const ReadOutcome outcome = Read(TestBlock(), kWholeBlock, source);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.bytes.size(), 5 * kSub);
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_EQ(source->bytes(), 1_MiB) << "what had come was kept";
}

// --- from the disk ---

TEST_F(BlockReaderTest, AfterARestartTheFirstPieceIsOneSubBlockAndTheOthersAreLonger) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  Restart();
  auto reader = Reader({10, 1_MiB});
  const auto first = Next(*reader);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(LengthOf(**first), kSub - 10);
  EXPECT_TRUE(std::holds_alternative<io::FileSlice>(**first));
  const auto second = Next(*reader);
  ASSERT_TRUE(second && *second);
  EXPECT_EQ(LengthOf(**second), 15 * kSub);
  const auto end = Next(*reader);
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST_F(BlockReaderTest, WhatWasCheckedLatelyIsOnePiece) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  auto reader = Reader(kWholeBlock);
  const auto first = Next(*reader);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(LengthOf(**first), 1_MiB);
}

TEST_F(BlockReaderTest, ACorruptPageIsFetchedAgain) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  Restart();
  ASSERT_TRUE(disk.FlipBit(BlockPath(HashOf(TestBlock())), 4_KiB + 5 * kSub + 1));
  std::array<ReadOutcome, 3> outcomes;
  for (ReadOutcome& outcome : outcomes) StartRead(TestBlock(), kWholeBlock, source, outcome);
  Settle();
  for (const ReadOutcome& outcome : outcomes) ExpectRead(outcome, TestBlock(), kWholeBlock);
  EXPECT_GE(Count(Family::kCacheCorruptPages, {kTestDirectory}), 1u);
  EXPECT_EQ(Count(Family::kCacheEvictedBlocks, {kTestDirectory, "corrupt"}), 1u);
  EXPECT_LE(source->bytes(), 15 * kSub) << "the part that was right had been given already";
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  Settle();
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u) << "and it is on disk again";
  ExpectLedgerIsExact();
}

TEST_F(BlockReaderTest, AShortenedFileIsFetchedAgain) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  Restart();
  ASSERT_TRUE(disk.CutAtRest(BlockPath(HashOf(TestBlock())), 300'000));
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
}

TEST_F(BlockReaderTest, ADiskThatCannotBeReadIsFetchedAround) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  Restart();
  ASSERT_TRUE(world.Run(store->OpenBlock(TestBlock())));
  disk.SetErrorRate(sim::DiskCall::kRead, 1);
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opens(), 1u);
}

TEST_F(BlockReaderTest, ABlockThatIsEvictedUnderAReaderIsReadToItsEnd) {
  ASSERT_TRUE(WriteBlock(TestBlock(), {0, 16}));
  Restart();
  auto reader = Reader(kWholeBlock);
  ASSERT_TRUE(Next(*reader));
  ASSERT_TRUE(world.Run(cache->Evict(HashOf(TestBlock()))));
  ReadOutcome rest;
  StartRead(std::move(reader), rest);
  Settle();
  ASSERT_TRUE(rest.ok());
  EXPECT_EQ(CheckBlockBytes(TestBlock(), kSub, rest.bytes), "");
  EXPECT_EQ(source->opens(), 0u);
}

TEST_F(BlockReaderTest, ABlockThatIsEvictedWhileItFillsIsReadToItsEnd) {
  source->HoldAt(8 * kSub);
  ReadOutcome outcome;
  StartRead(TestBlock(), kWholeBlock, source, outcome);
  Settle();
  ASSERT_TRUE(world.Run(cache->Evict(HashOf(TestBlock()))));
  source->Release();
  Settle();
  ExpectRead(outcome, TestBlock(), kWholeBlock);
  EXPECT_EQ(store->blocks(), 0u);
  ExpectLedgerIsExact();
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_EQ(source->bytes(), 2_MiB);
}

}  // namespace
}  // namespace hearth::cache
