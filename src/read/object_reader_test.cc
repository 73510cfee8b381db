#include "read/object_reader.h"

#include <gtest/gtest.h>

#include <list>

#include "read/read_world_for_test.h"

namespace hearth::read {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kSize = 300'000;

class ObjectReaderTest : public testing::Test {
 protected:
  void OpenWith(FreshnessRule rule = {.mode = FreshnessMode::kImmutable}) {
    w.rules = {std::move(rule)};
    w.Open();
  }
  ReadRequest Range(std::uint64_t first, std::uint64_t last) { return w.Request(http::ClosedRange{first, last}); }

  ReadWorld w;
};

TEST_F(ObjectReaderTest, AMissThenAHitThenAHitAtOnce) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  const Answer miss = w.Read();
  ExpectBytes(miss, 1, {0, kSize});
  EXPECT_EQ(miss.cache, CacheStatus::kMiss);
  EXPECT_FALSE(miss.partial);
  w.Settle();
  const Answer hit = w.Read();
  ExpectBytes(hit, 1, {0, kSize});
  EXPECT_EQ(hit.cache, CacheStatus::kHit);
  Hit at_once;
  ASSERT_TRUE(w.reader->TryHit(Range(70'000, 70'099), at_once));
  EXPECT_EQ(at_once.range, (ByteRange{70'000, 70'100}));
  EXPECT_TRUE(at_once.partial);
  EXPECT_EQ(w.gets(), 1u);
  EXPECT_EQ(w.heads(), 0u);
}

TEST_F(ObjectReaderTest, OnlyTheSubBlocksThatAreAskedForAreFetched) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ExpectBytes(w.Read(Range(100'000, 100'099)), 1, {100'000, 100'100});
  w.Settle();
  ASSERT_EQ(w.gets(), 1u);
  EXPECT_EQ(w.fake->Requests()[0].range, (ByteRange{64_KiB, 128_KiB}));
  const Answer part = w.Read(Range(100'000, 150'000));
  ExpectBytes(part, 1, {100'000, 150'001});
  EXPECT_EQ(part.cache, CacheStatus::kPartial);
}

TEST_F(ObjectReaderTest, RangesOfAllKindsAndTheirEnds) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ExpectBytes(w.Read(w.Request(http::OpenRange{299'990})), 1, {299'990, kSize});
  ExpectBytes(w.Read(w.Request(http::SuffixRange{10})), 1, {299'990, kSize});
  ExpectBytes(w.Read(w.Request(http::SuffixRange{2 * kSize})), 1, {0, kSize});
  ExpectBytes(w.Read(Range(5, ~std::uint64_t{0})), 1, {5, kSize});
  const Answer past = w.Read(w.Request(http::OpenRange{kSize}));
  EXPECT_EQ(past.outcome, Outcome::kRangeNotSatisfiable);
  EXPECT_EQ(past.meta->meta.size, kSize);
  EXPECT_EQ(w.Read(w.Request(http::SuffixRange{0})).outcome, Outcome::kRangeNotSatisfiable);
  EXPECT_EQ(w.Read(Range(~std::uint64_t{0}, ~std::uint64_t{0})).outcome, Outcome::kRangeNotSatisfiable);
}

TEST_F(ObjectReaderTest, AnObjectOfSeveralBlocksComesWhole) {
  constexpr std::uint64_t kLarge = 3_MiB + 12'345;
  w.fake->Put("b", "k", kLarge);
  OpenWith();
  ExpectBytes(w.Read(), 1, {0, kLarge});
  w.Settle();
  Hit hit;
  ASSERT_TRUE(w.reader->TryHit(w.Request(), hit));
  EXPECT_EQ(hit.slices.count, 4u);
  EXPECT_EQ(w.fake->counters().body_bytes, kLarge);
}

TEST_F(ObjectReaderTest, AnEmptyObjectHasNoBytesAndNoRange) {
  w.fake->Put("b", "k", 0);
  OpenWith();
  ExpectBytes(w.Read(), 1, {0, 0});
  Hit hit;
  EXPECT_TRUE(w.reader->TryHit(w.Request(), hit));
  EXPECT_EQ(hit.slices.count, 0u);
  EXPECT_EQ(w.Read(Range(0, 10)).outcome, Outcome::kRangeNotSatisfiable);
}

TEST_F(ObjectReaderTest, AHeadAsksOnceAndMovesNoBytes) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ReadRequest request = w.Request();
  request.head = true;
  const Answer first = w.Read(request);
  EXPECT_EQ(first.range, (ByteRange{0, kSize}));
  EXPECT_EQ(first.cache, CacheStatus::kMiss);
  EXPECT_EQ(w.Read(request).cache, CacheStatus::kHit);
  EXPECT_EQ(w.heads(), 1u);
  EXPECT_EQ(w.gets(), 0u);
}

TEST_F(ObjectReaderTest, ConditionsDecideWithoutBytes) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ReadRequest request = w.Request();
  request.conditions.if_none_match = TestETag(1);
  EXPECT_EQ(w.Read(request).outcome, Outcome::kNotModified);
  request.conditions = {.if_match = TestETag(2)};
  EXPECT_EQ(w.Read(request).outcome, Outcome::kPreconditionFailed);
  request.conditions = {.if_match = TestETag(1)};
  ExpectBytes(w.Read(request), 1, {0, kSize});
  request = Range(0, 9);
  request.conditions = {.if_range = TestETag(2)};
  const Answer whole = w.Read(request);
  ExpectBytes(whole, 1, {0, kSize});
  EXPECT_FALSE(whole.partial);
}

// Invariant 3: remembered metadata never makes a new error.
TEST_F(ObjectReaderTest, BeforeAnErrorFromMemoryTheOriginIsAsked) {
  w.fake->Put("b", "k", 100);
  OpenWith();
  w.Read();
  w.fake->Put("b", "k", kSize);
  const Answer longer = w.Read(w.Request(http::OpenRange{200}));
  ExpectBytes(longer, 2, {200, kSize});
  w.fake->Put("b", "k", kSize);
  ReadRequest request = w.Request();
  request.conditions.if_match = TestETag(3);
  ExpectBytes(w.Read(request), 3, {0, kSize});
}

TEST_F(ObjectReaderTest, NoErrorIsMadeOfMemoryWhileTheOriginCannotBeAsked) {
  w.fake->Put("b", "k", 100);
  OpenWith({.mode = FreshnessMode::kTtl, .ttl = seconds(10), .stale_if_error = seconds(60)});
  w.Read();
  w.world.RunFor(seconds(15));
  w.fake->HangUp();
  const Answer stale = w.Read();
  ExpectBytes(stale, 1, {0, 100});
  EXPECT_EQ(stale.stale_for, seconds(5));
  EXPECT_EQ(w.Read(w.Request(http::OpenRange{200})).error->code(), Code::kUnavailable);
  w.fake->Restart();
  EXPECT_EQ(w.Read(w.Request(http::OpenRange{200})).outcome, Outcome::kRangeNotSatisfiable)
      << "the pause after a failure is no reason for an error either";
}

TEST_F(ObjectReaderTest, AVersionThatChangedBeforeTheFirstByteIsReadAnew) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.Read(Range(0, 9));
  w.fake->Put("b", "k", kSize + 1);
  const Answer anew = w.Read(Range(200'000, 200'009));
  ExpectBytes(anew, 2, {200'000, 200'010});
  EXPECT_EQ(anew.etag(), TestETag(2));
}

TEST_F(ObjectReaderTest, AnObjectThatWasDeletedBeforeTheFirstByteIsNotFoundAndForgotten) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.Read(Range(0, 9));
  w.fake->Delete("b", "k");
  const Answer gone = w.Read(Range(200'000, 200'009));
  EXPECT_EQ(gone.error->code(), Code::kNotFound);
  ASSERT_NE(gone.error->remote(), nullptr);
  EXPECT_EQ(gone.error->remote()->code, "NoSuchKey");
  EXPECT_EQ(w.Read(Range(0, 9)).error->code(), Code::kNotFound);
}

// Else every read of an object that is half here would be cut at the same place, for as long as the rule says.
TEST_F(ObjectReaderTest, AReadThatIsCutByAChangeTellsTheNextOne) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.Read(Range(0, 9));
  w.Settle();
  w.fake->Put("b", "k", kSize);
  const Answer cut = w.Read();
  EXPECT_TRUE(cut.opened);
  ASSERT_TRUE(cut.error);
  EXPECT_EQ(cut.error->code(), Code::kPreconditionFailed);
  EXPECT_LT(cut.bytes.size(), kSize);
  ExpectBytes(w.Read(), 2, {0, kSize});
}

// Somebody overwrites the object just before the origin is asked.
class RestlessOrigin final : public origin::Origin {
 public:
  RestlessOrigin(sim::FakeOrigin& inner, bool before_conditional_gets, bool before_heads)
      : inner_(inner), before_conditional_gets_(before_conditional_gets), before_heads_(before_heads) {}
  const OriginName& name() const override { return inner_.name(); }
  Task<Result<origin::GetAnswer>> Get(origin::GetRequest request, RequestContext context) override {
    if (before_conditional_gets_ && request.if_match) inner_.Put("b", "k", kSize);
    co_return co_await inner_.Get(std::move(request), std::move(context));
  }
  Task<Result<origin::ObjectMeta>> Head(origin::HeadRequest request, RequestContext context) override {
    if (before_heads_) inner_.Put("b", "k", kSize + 1);
    co_return co_await inner_.Head(std::move(request), std::move(context));
  }
  Task<Result<origin::ForwardAnswer>> Forward(origin::ForwardRequest request, RequestContext context) override {
    co_return co_await inner_.Forward(std::move(request), std::move(context));
  }

 private:
  sim::FakeOrigin& inner_;
  const bool before_conditional_gets_;
  const bool before_heads_;
};

TEST_F(ObjectReaderTest, AnObjectThatChangesUnderEveryAttemptIsAnErrorInTheEnd) {
  OpenWith();
  sim::FakeOrigin fake(w.world.clock(), 7);
  fake.Put("b", "k", kSize);
  OriginEntry restless{
      .name = OriginName("s3"), .buckets = {"*"}, .origin = std::make_unique<RestlessOrigin>(fake, true, false)};
  ReadRequest request = w.Request(http::SuffixRange{10});
  request.origin = &restless;
  const Answer answer = w.Read(request);
  ASSERT_TRUE(answer.error);
  EXPECT_EQ(answer.error->code(), Code::kUnavailable);
  EXPECT_EQ(fake.Newest("b", "k"), 6u) << "five attempts";
}

// --- checksums of the whole object ---

TEST_F(ObjectReaderTest, AHeadTellsTheChecksumsThatTheFirstRangedGetLeavesOut) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ReadRequest request = w.Request();
  request.wants_checksums = true;
  const Answer first = w.Read(request);
  ExpectBytes(first, 1, {0, kSize});
  EXPECT_FALSE(first.meta->meta.of_part);
  EXPECT_EQ(w.heads(), 1u);
  EXPECT_EQ(w.gets(), 1u);
  w.Settle();
  Hit hit;
  EXPECT_TRUE(w.reader->TryHit(request, hit)) << "it is remembered";
}

TEST_F(ObjectReaderTest, ARangeNeedsNoChecksums) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ReadRequest request = Range(0, 9);
  request.wants_checksums = true;
  ExpectBytes(w.Read(request), 1, {0, 10});
  EXPECT_EQ(w.heads(), 0u);
}

// Two answers without a version may be about two of them.
TEST_F(ObjectReaderTest, ChecksumsOfWhatCannotBeToldApartAreNotAskedFor) {
  OpenWith();
  sim::FakeOrigin fake(w.world.clock(), 7);
  fake.Put("b", "k", 100);
  fake.SetFaultRate(sim::OriginFault::kNoETag, 1);
  OriginEntry restless{
      .name = OriginName("s3"), .buckets = {"*"}, .origin = std::make_unique<RestlessOrigin>(fake, false, true)};
  ReadRequest request = w.Request();
  request.origin = &restless;
  request.wants_checksums = true;
  const Answer answer = w.Read(request);
  ExpectBytes(answer, 1, {0, 100});
  EXPECT_EQ(answer.meta->meta.size, 100u);
}

TEST_F(ObjectReaderTest, AVersionThatHidesItselfIsReadPastTheCache) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.Read(Range(0, 9));
  w.fake->SetFaultRate(sim::OriginFault::kWeakETag, 1);
  const Answer answer = w.Read(Range(200'000, 200'009));
  ExpectBytes(answer, 1, {200'000, 200'010});
  EXPECT_EQ(answer.cache, CacheStatus::kBypass);
}

TEST_F(ObjectReaderTest, WhatCannotBeToldApartPassesThrough) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.fake->SetFaultRate(sim::OriginFault::kNoETag, 1);
  for (int i = 0; i < 2; ++i) {
    const Answer answer = w.Read(Range(100'000, 199'999));
    ExpectBytes(answer, 1, {100'000, 200'000});
    EXPECT_EQ(answer.cache, CacheStatus::kBypass);
    EXPECT_EQ(answer.etag(), "");
  }
  ExpectBytes(w.Read(), 1, {0, kSize});
  EXPECT_EQ(w.store->blocks(), 0u);
  EXPECT_EQ(w.metadata->count(), 0u);
}

TEST_F(ObjectReaderTest, ErrorsAreTheOriginsOwn) {
  OpenWith();
  const Answer missing = w.Read();
  EXPECT_EQ(missing.error->code(), Code::kNotFound);
  w.fake->Put("b", "k", kSize);
  w.fake->FailNext(sim::OriginFault::kThrottle, 10);
  const Answer throttled = w.Read();
  ASSERT_NE(throttled.error->remote(), nullptr);
  EXPECT_EQ(throttled.error->remote()->code, "SlowDown");
}

TEST_F(ObjectReaderTest, ATransferThatBreaksIsTakenUpAgain) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.fake->FailNext(sim::OriginFault::kCut, 2);
  ExpectBytes(w.Read(), 1, {0, kSize});
}

TEST_F(ObjectReaderTest, ManyReadersOfAColdObjectCauseOneTransfer) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  std::list<Answer> answers;
  for (int i = 0; i < 30; ++i) {
    w.Start(w.Request(), answers.emplace_back());
    if (i % 3 == 0) w.world.RunFor(milliseconds(2));
  }
  w.Finish();
  for (const Answer& answer : answers) ExpectBytes(answer, 1, {0, kSize});
  EXPECT_EQ(w.gets(), 1u);
  EXPECT_EQ(w.heads(), 0u);
  EXPECT_EQ(w.fake->counters().body_bytes, kSize);
}

TEST_F(ObjectReaderTest, ARevalidationRunsBesideTheFirstGet) {
  w.fake->Put("b", "k", kSize);
  OpenWith({.mode = FreshnessMode::kTtl, .ttl = seconds(10)});
  w.Read(Range(0, 9));
  w.Settle();
  w.world.RunFor(seconds(15));
  const TimePoint begun = w.world.clock().Now();
  ExpectBytes(w.Read(Range(200'000, 200'009)), 1, {200'000, 200'010});
  EXPECT_LT(w.world.clock().Now() - begun, milliseconds(25)) << "one after the other takes longer with this seed";
  EXPECT_EQ(w.heads(), 1u);
  EXPECT_EQ(w.gets(), 2u);
}

TEST_F(ObjectReaderTest, AClientThatLeavesEndsItsReadAndNotTheFill) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.Read(Range(0, 9));
  w.Settle();
  CancelSource cancel;
  Answer answer;
  w.Start(w.Request(), answer, {.request_id = "r", .cancel = cancel.token()});
  w.world.RunFor(milliseconds(1));
  cancel.Cancel();
  w.Finish();
  EXPECT_EQ(answer.error->code(), Code::kCancelled);
  w.Settle();
  EXPECT_EQ(w.Read().cache, CacheStatus::kHit);
}

TEST_F(ObjectReaderTest, ARestartAnswersHitsWithoutTheOrigin) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  w.Read();
  w.Settle();
  w.Crash(sim::CrashKind::kKill);
  w.fake->HangUp();
  const Answer hit = w.Read();
  ExpectBytes(hit, 1, {0, kSize});
  EXPECT_EQ(hit.cache, CacheStatus::kHit);
}

TEST_F(ObjectReaderTest, ExplainSaysWhatIsHere) {
  w.fake->Put("b", "k", 2_MiB);
  OpenWith();
  EXPECT_EQ(w.reader->Explain(w.Request()).meta, nullptr);
  w.Read(Range(0, 256_KiB - 1));
  w.Settle();
  const ObjectReader::Explanation explanation = w.reader->Explain(w.Request());
  ASSERT_EQ(explanation.blocks.size(), 2u);
  EXPECT_TRUE(explanation.fresh);
  EXPECT_DOUBLE_EQ(explanation.blocks[0].present, 0.25);
  EXPECT_DOUBLE_EQ(explanation.blocks[1].present, 0);
}

TEST_F(ObjectReaderTest, EvictForgetsMetadataAndDropsBlocks) {
  w.fake->Put("b", "k", 2_MiB);
  OpenWith();
  w.Read();
  w.Settle();
  EXPECT_EQ(w.world.Run(w.reader->Evict(w.entry, TestObject(), {})), 2u);
  EXPECT_EQ(w.store->blocks(), 0u);
  EXPECT_EQ(w.Read().cache, CacheStatus::kMiss);
  w.Settle();
  w.metadata->Forget({TestObject(), ""});
  EXPECT_EQ(w.world.Run(w.reader->Evict(w.entry, TestObject(), {})), 2u)
      << "the origin tells which blocks there may be";
}

// --- partNumber ---

TEST_F(ObjectReaderTest, APartPassesThroughAsTheOriginAnswersIt) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ReadRequest request = w.Request();
  request.part_number = 1;
  Hit hit;
  w.Read();
  EXPECT_FALSE(w.reader->TryHit(request, hit));
  const Answer part = w.Read(request);
  ExpectBytes(part, 1, {0, kSize});
  EXPECT_TRUE(part.partial);
  EXPECT_EQ(part.cache, CacheStatus::kBypass);
  request.head = true;
  const Answer head = w.Read(request);
  EXPECT_TRUE(head.partial);
  EXPECT_EQ(head.range, (ByteRange{0, kSize}));
  EXPECT_TRUE(head.bytes.empty());
  EXPECT_EQ(w.fake->open_bodies(), 0u);
}

TEST_F(ObjectReaderTest, APartThatIsNotThereIsTheOriginsError) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ReadRequest request = w.Request();
  request.part_number = 2;
  EXPECT_EQ(w.Read(request).error->code(), Code::kInvalidArgument);
}

TEST_F(ObjectReaderTest, ConditionsAndVersionsHoldForAPart) {
  w.fake->Put("b", "k", kSize);
  OpenWith();
  ReadRequest request = w.Request();
  request.part_number = 1;
  request.conditions.if_none_match = TestETag(1);
  EXPECT_EQ(w.Read(request).outcome, Outcome::kNotModified);
  request.conditions = {};
  request.version = {VersionSelector::Kind::kETag, TestETag(2)};
  EXPECT_EQ(w.Read(request).error->code(), Code::kPreconditionFailed);
  EXPECT_EQ(w.fake->open_bodies(), 0u);
}

}  // namespace
}  // namespace hearth::read
