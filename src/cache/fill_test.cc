#include "cache/fill.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

using std::chrono::seconds;
using telemetry::Family;

constexpr std::uint64_t kSub = 64_KiB;
constexpr ByteRange kWholeBlock{0, 1_MiB};

class FillTest : public testing::Test, protected CacheWorld {
 protected:
  void OpenScanned() {
    Open();
    Scan();
  }
  std::unique_ptr<BlockReader> Reader(ByteRange in_block) { return cache->Read(TestBlock(), {in_block, source, {}}); }
  // The next piece of a reader that the test holds in its hand, copied.
  std::uint64_t TakePiece(BlockReader& reader) {
    auto piece = world.RunAt(loop, reader.Next());
    EXPECT_TRUE(piece) << piece.error().ToString();
    return piece && *piece ? LengthOf(**piece) : 0;
  }
  std::uint64_t Fills(std::string_view outcome, std::string_view directory = kTestDirectory) const {
    return Count(Family::kFills, {directory, outcome});
  }

  std::shared_ptr<ScriptedSource> source = std::make_shared<ScriptedSource>("b/k");
};

TEST_F(FillTest, GoesToTheReaderAndToTheDisk) {
  OpenScanned();
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  Settle();
  EXPECT_EQ(source->bytes(), 1_MiB);
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u);
  EXPECT_EQ(memory->used(), 0u);
  EXPECT_EQ(Fills("done"), 1u);
  ExpectLedgerIsExact();
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opens(), 1u);
}

TEST_F(FillTest, ABrokenTransferIsTakenUpWhereItBroke) {
  OpenScanned();
  source->BreakAt(100'000, Error(Code::kUnavailable, "cut"), 2);
  ExpectRead(Read(TestBlock(), kWholeBlock, source), TestBlock(), kWholeBlock);
  const std::vector<ByteRange> expected = {{0, 1_MiB}, {100'000, 1_MiB}, {100'000, 1_MiB}};
  EXPECT_EQ(source->opened(), expected);
  EXPECT_EQ(source->bytes(), 1_MiB);
}

TEST_F(FillTest, AStreamThatEndsEarlyIsTakenUpToo) {
  OpenScanned();
  auto reader = Reader(kWholeBlock);
  world.RunAt(loop, reader->Adopt(source->OpenNow({0, 70'000}), 1_MiB));
  ReadOutcome outcome;
  StartRead(std::move(reader), outcome);
  Settle();
  ExpectRead(outcome, TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opened(), (std::vector<ByteRange>{{70'000, 1_MiB}}));
}

TEST_F(FillTest, GivesUpAfterThreeFruitlessAttempts) {
  OpenScanned();
  source->FailOpens(Error(Code::kUnavailable, "refused"), 100);
  const ReadOutcome outcome = Read(TestBlock(), kWholeBlock, source);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code(), Code::kUnavailable);
  EXPECT_EQ(source->opens(), 3u);
  EXPECT_EQ(Fills("unavailable"), 1u);
}

TEST_F(FillTest, DoesNotTryAgainWhenTheSourceHasSpentItsRetries) {
  OpenScanned();
  source->RefuseRetries();
  source->BreakAt(100'000, Error(Code::kUnavailable, "cut"), 1);
  const ReadOutcome outcome = Read(TestBlock(), kWholeBlock, source);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->message(), "cut");
  EXPECT_EQ(source->opens(), 1u);
}

TEST_F(FillTest, AnErrorThatWillNotPassIsNotTriedAgain) {
  OpenScanned();
  source->Overwrite(2);
  const ReadOutcome outcome = Read(TestBlock(), kWholeBlock, source);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code(), Code::kPreconditionFailed);
  EXPECT_EQ(source->opens(), 1u);
  Settle();
  EXPECT_EQ(store->blocks(), 0u);
}

TEST_F(FillTest, AnOverwriteInTheMiddleOfABrokenTransferNeverMixesVersions) {
  OpenScanned();
  source->HoldAt(3 * kSub + 10);
  ReadOutcome outcome;
  StartRead(TestBlock(), kWholeBlock, source, outcome);
  Settle();
  source->BreakAt(3 * kSub + 10, Error(Code::kUnavailable, "cut"), 1);
  source->Overwrite(2);
  source->Release();
  Settle();
  ASSERT_TRUE(outcome.ended && outcome.error);
  EXPECT_EQ(outcome.error->code(), Code::kPreconditionFailed);
  EXPECT_EQ(CheckBlockBytes(TestBlock(), 0, outcome.bytes), "");
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 3u) << "what was whole is good and stays";
  ExpectLedgerIsExact();
}

TEST_F(FillTest, GoesOnToTheDiskWhenTheReaderThatBeganItHasLeft) {
  OpenScanned();
  source->HoldAt(kSub);
  auto reader = Reader(kWholeBlock);
  EXPECT_GT(TakePiece(*reader), 0u);
  reader.reset();
  source->Release();
  Settle();
  EXPECT_EQ(store->Lookup(HashOf(TestBlock()))->present, 16u);
  EXPECT_EQ(source->opens(), 1u);
}

TEST_F(FillTest, AnAdoptedStreamThatGoesWithItsClientIsReplaced) {
  OpenScanned();
  CancelSource client;
  source->HoldAt(kSub + 1000);
  auto reader = Reader(kWholeBlock);
  world.RunAt(loop, reader->Adopt(source->OpenNow(kWholeBlock, client.token()), 1_MiB));
  ReadOutcome other;
  StartRead(TestBlock(), kWholeBlock, source, other);
  Settle();
  reader.reset();
  client.Cancel();
  source->Release();
  Settle();
  ExpectRead(other, TestBlock(), kWholeBlock);
  EXPECT_EQ(source->opened(), (std::vector<ByteRange>{{kSub + 1000, 1_MiB}}));
}

// --- without a disk ---

TEST_F(FillTest, WithoutADiskMemoryIsAWindow) {
  Open(false);
  auto slow = Reader(kWholeBlock);
  EXPECT_GT(TakePiece(*slow), 0u);
  Settle();
  EXPECT_LE(memory->used(), (kWindowSubs + 1) * kSub);
  EXPECT_LE(source->bytes(), (kWindowSubs + 1) * kSub);
  ReadOutcome outcome;
  StartRead(std::move(slow), outcome);
  Settle();
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(source->bytes(), 1_MiB);
  EXPECT_EQ(memory->used(), 0u);
}

TEST_F(FillTest, WithoutADiskItEndsWithItsLastReader) {
  Open(false);
  auto reader = Reader(kWholeBlock);
  EXPECT_GT(TakePiece(*reader), 0u);
  Settle();
  reader.reset();
  Settle();
  EXPECT_EQ(source->live_streams(), 0);
  EXPECT_LT(source->bytes(), 1_MiB);
  EXPECT_EQ(memory->used(), 0u);
  EXPECT_EQ(Fills("cancelled", ""), 1u);
}

TEST_F(FillTest, WithoutADiskAReaderThatComesAsItEndsIsServed) {
  for (const std::uint64_t seed : sim::TestSeeds(50)) {
    SCOPED_TRACE(sim::SeedText(seed));
    CacheWorld other(seed);
    other.Open(false);
    const auto bytes =
        std::make_shared<ScriptedSource>("b/k", ScriptedSource::Options{.chunk_delay = std::chrono::microseconds(50)});
    auto first = other.cache->Read(TestBlock(), {kWholeBlock, bytes, {}});
    (void)other.world.RunAt(other.loop, first->Next());
    ReadOutcome second;
    first.reset();
    for (std::uint64_t i = 0; i < seed; ++i) other.world.Step();
    other.StartRead(TestBlock(), {kSub, 10 * kSub}, bytes, second);
    other.Settle();
    ExpectRead(second, TestBlock(), {kSub, 10 * kSub});
  }
}

TEST_F(FillTest, AReaderOfTwoFillsIsNotWhatBothWaitFor) {
  // One reader takes 15 sub-blocks; behind it one that needs the sub-block before them as well.
  Open(false);
  source->HoldAt(2 * kSub);
  ReadOutcome high;
  StartRead(TestBlock(), {kSub, 1_MiB}, source, high);
  Settle();
  auto low = Reader(kWholeBlock);
  source->Release();
  Settle();
  EXPECT_TRUE(high.ended || source->bytes() >= kWindowSubs * kSub);
  ReadOutcome outcome;
  StartRead(std::move(low), outcome);
  Settle();
  ExpectRead(outcome, TestBlock(), kWholeBlock);
  ExpectRead(high, TestBlock(), {kSub, 1_MiB});
}

TEST_F(FillTest, OneSubBlockOfMemoryIsEnough) {
  for (const bool with_store : {true, false}) {
    SCOPED_TRACE(with_store);
    source = std::make_shared<ScriptedSource>("b/k");
    memory_bytes = kSub;
    Open(with_store);
    std::array<ReadOutcome, 3> outcomes;
    StartRead(TestBlock(), {kSub, 1_MiB}, source, outcomes[0]);
    StartRead(TestBlock(), kWholeBlock, source, outcomes[1]);
    StartRead(TestBlock(1), kWholeBlock, source, outcomes[2]);
    Settle();
    ExpectRead(outcomes[0], TestBlock(), {kSub, 1_MiB});
    ExpectRead(outcomes[1], TestBlock(), kWholeBlock);
    ExpectRead(outcomes[2], TestBlock(1), kWholeBlock);
    Close();
  }
}

TEST_F(FillTest, AFullDiskPassesBytesThrough) {
  OpenScanned();
  // Slower than the disk, so that not many writes are under way when the first of them fails.
  source =
      std::make_shared<ScriptedSource>("b/k", ScriptedSource::Options{.chunk_delay = std::chrono::milliseconds(1)});
  disk.SetCapacity(disk.used() + 3 * kSub + 20_KiB);
  auto slow = Reader(kWholeBlock);
  EXPECT_GT(TakePiece(*slow), 0u);
  Settle();
  EXPECT_LE(memory->used(), (kWindowSubs + 2) * kSub) << "bounded, though the disk was there when it began";
  ReadOutcome outcome;
  StartRead(std::move(slow), outcome);
  ReadOutcome whole;
  StartRead(TestBlock(), kWholeBlock, source, whole);
  Settle();
  EXPECT_TRUE(outcome.ok());
  ExpectRead(whole, TestBlock(), kWholeBlock);
  ExpectLedgerIsExact();
  EXPECT_GT(Count(Family::kBypass, {kTestDirectory, "no_space"}), 0u);
}

TEST_F(FillTest, AFailingDiskPassesBytesThrough) {
  for (const auto call : {sim::DiskCall::kOpen, sim::DiskCall::kWrite, sim::DiskCall::kRead, sim::DiskCall::kInfo}) {
    SCOPED_TRACE(sim::DiskCallName(call));
    source = std::make_shared<ScriptedSource>("b/k");
    OpenScanned();
    disk.SetErrorRate(call, 1);
    disk.SetResidency(0);
    const std::uint64_t index = static_cast<std::uint64_t>(call) % 3;
    ReadOutcome outcome = Read(TestBlock(index), {0, 200'000}, source);
    disk.SetErrorRateOfAll(0);
    disk.SetResidency(1);
    // Reading a slice is the front's business: with a disk that cannot be read it may fail there, and nowhere else.
    if (outcome.error) {
      EXPECT_EQ(call, sim::DiskCall::kRead);
    } else {
      ExpectRead(outcome, TestBlock(index), {0, 200'000});
    }
    Settle();
    ExpectRead(Read(TestBlock(index), {0, 200'000}, source), TestBlock(index), {0, 200'000});
    Settle();
    Close();
  }
}

}  // namespace
}  // namespace hearth::cache
