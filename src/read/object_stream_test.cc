#include "read/object_stream.h"

#include <gtest/gtest.h>

#include "read/origin_source.h"
#include "read/read_world_for_test.h"

namespace hearth::read {
namespace {

constexpr std::uint64_t kSize = 2_MiB + 100'000;

class ObjectStreamTest : public testing::Test {
 protected:
  ObjectStreamTest() {
    w.fake->Put("b", "k", kSize);
    w.background_fill = true;
    w.Open();
    origin::ObjectMeta meta = w.world.Run(w.fake->Head({BucketName("b"), ObjectKey("k"), ""}, {})).value();
    meta_ = std::make_shared<const MetaEntry>(MetaKey{TestObject(), ""}, std::move(meta), WallTime{}, TimePoint{});
  }
  BlocksRequest Blocks(ByteRange range) {
    return {.meta = meta_,
            .range = range,
            .source = std::make_shared<OriginSource>(*w.fake, meta_),
            .on_changed = [this] { ++changes_; },
            .context = {.request_id = "r"}};
  }
  std::unique_ptr<BlocksStream> Stream(BlocksRequest request) {
    return std::make_unique<BlocksStream>(*w.cache, *w.fill_policy, w.world.clock(), std::move(request));
  }
  origin::GetAnswer Get(ByteRange range) {
    origin::GetRequest request{
        .bucket = BucketName("b"), .key = ObjectKey("k"), .range = range, .if_match = {}, .version_id = {}};
    return w.world.Run(w.fake->Get(std::move(request), {})).value();
  }
  // The stream's bytes, or the error after them.
  Result<std::vector<std::byte>> Drain(ObjectStream& stream) {
    std::vector<std::byte> bytes;
    while (true) {
      Result<std::optional<Piece>> piece = w.world.RunAt(w.loop, stream.Next());
      if (!piece) return Fail(piece.error());
      if (!*piece) return bytes;
      const std::size_t begin = bytes.size();
      bytes.resize(begin + cache::LengthOf(**piece));
      const std::span<std::byte> to(bytes.data() + begin, bytes.size() - begin);
      if (const auto* memory = std::get_if<BufferSlice>(&**piece)) {
        std::ranges::copy(memory->bytes, to.begin());
      } else {
        const auto& slice = std::get<io::FileSlice>(**piece);
        EXPECT_EQ(slice.file->ReadAt(slice.range.begin, to).value(), to.size());
      }
    }
  }
  static void ExpectRange(const Result<std::vector<std::byte>>& bytes, ByteRange range) {
    ASSERT_TRUE(bytes) << bytes.error().ToString();
    ASSERT_EQ(bytes->size(), range.length());
    EXPECT_EQ(sim::CheckObjectBytes({"b/k", 1, range.begin, 2}, *bytes), "");
  }
  double Share(std::uint64_t block) { return w.cache->PresentShare(meta_->hasher.Of({block})); }

  ReadWorld w;
  MetaPtr meta_;
  int changes_ = 0;
};

TEST_F(ObjectStreamTest, BlocksFollowEachOther) {
  const ByteRange range{100, kSize - 100};
  ExpectRange(Drain(*Stream(Blocks(range))), range);
}

TEST_F(ObjectStreamTest, ABodyThatIsOpenAlreadyIsNotFetchedAgain) {
  const auto stream = Stream(Blocks({70'000, 1_MiB}));
  origin::GetAnswer answer = Get({64_KiB, 1_MiB});
  w.fake->ForgetRequests();
  w.world.RunAt(w.loop, stream->Adopt(std::move(answer)));
  ExpectRange(Drain(*stream), {70'000, 1_MiB});
  EXPECT_EQ(w.gets(), 0u);
}

TEST_F(ObjectStreamTest, ABodyThatBeginsOrEndsElsewhereIsDropped) {
  for (const ByteRange range : {ByteRange{70'000, 1_MiB}, ByteRange{64_KiB, kSize}}) {
    const auto stream = Stream(Blocks({70'000, 80'000}));
    w.world.RunAt(w.loop, stream->Adopt(Get(range)));
    EXPECT_EQ(w.fake->open_bodies(), 0u);
    ExpectRange(Drain(*stream), {70'000, 80'000});
  }
}

TEST_F(ObjectStreamTest, ASecondRequestThatContinuesTheFirstFillsTheBlock) {
  ExpectRange(Drain(*Stream(Blocks({0, 64_KiB}))), {0, 64_KiB});
  w.Settle();
  EXPECT_LT(Share(0), 0.1);
  ExpectRange(Drain(*Stream(Blocks({64_KiB, 128_KiB}))), {64_KiB, 128_KiB});
  w.Settle();
  EXPECT_EQ(Share(0), 1.0);
  EXPECT_EQ(Share(1), 0.0) << "the next block is not asked for";
}

TEST_F(ObjectStreamTest, TheNextBlockIsBegunWhileThisOneIsSent) {
  const auto stream = Stream(Blocks({1_MiB - 10, 1_MiB + 10}));
  const auto piece = w.world.RunAt(w.loop, stream->Next());
  ASSERT_TRUE(piece && *piece);
  w.Settle();
  EXPECT_GT(Share(1), 0.0);
  EXPECT_LT(Share(1), 0.1) << "as far as this answer needs it";
}

TEST_F(ObjectStreamTest, AChangeIsToldOnce) {
  const auto stream = Stream(Blocks({0, kSize}));
  const auto piece = w.world.RunAt(w.loop, stream->Next());
  ASSERT_TRUE(piece && *piece);
  w.fake->Put("b", "k", kSize);
  const Result<std::vector<std::byte>> rest = Drain(*stream);
  // The first block's transfer was open already; the later ones name a version that is no more.
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().code(), Code::kPreconditionFailed);
  EXPECT_EQ(changes_, 1);
}

TEST_F(ObjectStreamTest, TroubleOfTheOriginIsNoChange) {
  w.fake->HangUp();
  EXPECT_EQ(Drain(*Stream(Blocks({0, 10}))).error().code(), Code::kUnavailable);
  EXPECT_EQ(changes_, 0);
}

// --- past the cache ---

TEST_F(ObjectStreamTest, WhatPassesThroughIsSkippedAndCutToLength) {
  const auto stream = MakePassThrough(Get({1000, kSize}).body, 500'000, 300'000, *w.memory, {});
  ExpectRange(Drain(*stream), {501'000, 801'000});
}

TEST_F(ObjectStreamTest, ABodyThatEndsEarlyIsAnError) {
  const auto stream = MakePassThrough(Get({0, 1000}).body, 0, 1001, *w.memory, {});
  EXPECT_EQ(Drain(*stream).error().code(), Code::kUnavailable);
}

TEST_F(ObjectStreamTest, PassingThroughTakesNoMoreMemoryThanThereIs) {
  MemoryBudget small(10'000);
  const auto stream = MakePassThrough(Get({0, kSize}).body, 0, kSize, small, {});
  ExpectRange(Drain(*stream), {0, kSize});
  EXPECT_EQ(small.used(), 0u);
}

TEST_F(ObjectStreamTest, WhoWaitsForMemoryMayLeaveOrLosePatience) {
  MemoryBudget small(10'000);
  const MemoryBudget::Grant taken = small.TryAcquire(10'000);
  const auto late = MakePassThrough(Get({0, 100}).body, 0, 100, small, {.deadline = w.world.clock().Now()});
  EXPECT_EQ(Drain(*late).error().code(), Code::kDeadlineExceeded);
  CancelSource cancel;
  cancel.Cancel();
  const auto gone = MakePassThrough(Get({0, 100}).body, 0, 100, small, {.cancel = cancel.token()});
  EXPECT_EQ(Drain(*gone).error().code(), Code::kCancelled);
}

}  // namespace
}  // namespace hearth::read
