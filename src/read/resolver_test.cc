#include "read/resolver.h"

#include <gtest/gtest.h>

#include <list>

#include "read/read_world_for_test.h"
#include "support/seeds.h"

namespace hearth::read {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

FreshnessRule Ttl(Duration ttl, Duration stale = Duration::zero()) {
  return {.mode = FreshnessMode::kTtl, .ttl = ttl, .stale_if_error = stale};
}
const FreshnessRule kAlways{.mode = FreshnessMode::kAlways};
const FreshnessRule kImmutable{.mode = FreshnessMode::kImmutable};

class ResolverTest : public testing::Test {
 protected:
  // A call that runs beside the test.
  struct Call {
    std::optional<Result<Resolver::Resolved>> result;
    CancelSource cancel;

    bool ended() const { return result.has_value(); }
    bool ok() const { return result && result->has_value(); }
    std::string etag() const { return ok() ? (*result)->meta->meta.etag.value : ""; }
    Code code() const { return result && !*result ? result->error().code() : Code::kInternal; }
  };

  Resolver::Request Question(const FreshnessRule& rule) {
    return {.key = {TestObject(), ""}, .version_id = {}, .origin = &fake_, .rule = &rule};
  }
  Call& Start(Resolver::Request request, TimePoint deadline = TimePoint::max()) {
    Call& call = calls_.emplace_back();
    RequestContext context{.request_id = "r", .deadline = deadline, .cancel = call.cancel.token()};
    loop_.Post([task = Run(*this, std::move(request), std::move(context), call)]() mutable {
      StartDetached(std::move(task));
    });
    world_.RunFor(Duration::zero());
    return call;
  }
  Call& Ask(Resolver::Request request) {
    Call& call = Start(std::move(request));
    world_.RunUntil([&] { return call.ended(); }, seconds(60));
    return call;
  }
  void Finish() {
    EXPECT_TRUE(world_.RunUntil([this] { return std::ranges::all_of(calls_, &Call::ended); }, seconds(60)));
  }
  std::uint64_t requests() const { return fake_.counters().gets + fake_.counters().heads; }
  static std::string ETagOf(std::uint64_t version) { return TestETag(version); }

  sim::SimWorld world_{1};
  sim::SimExecutor& loop_ = world_.MakeExecutor("loop");
  sim::SimExecutor& pool_ = world_.MakeExecutor("pool");
  sim::FakeOrigin fake_{world_.clock(), 1, {.latency_max = milliseconds(20)}};
  telemetry::Logger log_{{.level = telemetry::Level::kError}};
  MetadataStore store_{{}, {.files = nullptr, .pool = pool_, .clock = world_.clock(), .log = log_}};
  Resolver resolver_{store_, world_.clock()};
  std::list<Call> calls_;

 private:
  static Task<void> Run(ResolverTest& self, Resolver::Request request, RequestContext context, Call& call) {
    Result<Resolver::Resolved> result = co_await self.resolver_.Resolve(std::move(request), std::move(context));
    call.result.emplace(std::move(result));
  }
};

TEST_F(ResolverTest, WhatIsFreshIsNotAskedFor) {
  fake_.Put("b", "k", 100);
  const FreshnessRule rule = Ttl(seconds(10));
  EXPECT_TRUE(Ask(Question(rule)).result->value().origin_asked);
  world_.RunFor(seconds(9));
  Call& again = Ask(Question(rule));
  EXPECT_EQ(again.etag(), ETagOf(1));
  EXPECT_FALSE(again.result->value().origin_asked);
  EXPECT_FALSE(again.result->value().confirmed);
  EXPECT_EQ(requests(), 1u);
  world_.RunFor(seconds(2));
  EXPECT_TRUE(Ask(Question(rule)).result->value().confirmed);
  EXPECT_EQ(requests(), 2u);
}

TEST_F(ResolverTest, ImmutableMetadataIsAskedForOnce) {
  fake_.Put("b", "k", 100);
  Ask(Question(kImmutable));
  world_.RunFor(std::chrono::hours(24 * 30));
  EXPECT_EQ(Ask(Question(kImmutable)).etag(), ETagOf(1));
  EXPECT_EQ(requests(), 1u);
}

TEST_F(ResolverTest, TheFirstRangedGetIsTheQuestionAndItsBodyComesAlong) {
  fake_.Put("b", "k", 100'000);
  Resolver::Request request = Question(kImmutable);
  request.first_range = ByteRange{64_KiB, 128_KiB};
  Call& call = Ask(request);
  ASSERT_TRUE(call.ok());
  ASSERT_TRUE(call.result->value().opened);
  EXPECT_EQ(call.result->value().opened->range, (ByteRange{64_KiB, 100'000}));
  EXPECT_EQ(fake_.counters().gets, 1u);
  EXPECT_EQ(fake_.counters().heads, 0u);
}

TEST_F(ResolverTest, OthersWaitUntilTheBodyIsInGoodHands) {
  fake_.Put("b", "k", 100);
  Resolver::Request request = Question(kImmutable);
  request.first_range = ByteRange{0, 64_KiB};
  Call& leader = Start(request);
  Call& other = Start(request);
  world_.RunFor(seconds(1));
  ASSERT_TRUE(leader.ok());
  EXPECT_FALSE(other.ended());
  EXPECT_EQ(store_.count(), 0u) << "who finds it in memory must find the transfer too";
  leader.result->value().lead.Release();
  Finish();
  EXPECT_EQ(other.etag(), ETagOf(1));
  EXPECT_FALSE(other.result->value().opened);
  EXPECT_EQ(store_.count(), 1u);
  EXPECT_EQ(requests(), 1u);
}

TEST_F(ResolverTest, DroppingTheLeadLetsTheOthersGo) {
  fake_.Put("b", "k", 100);
  Resolver::Request request = Question(kImmutable);
  request.first_range = ByteRange{0, 64_KiB};
  Call& leader = Start(request);
  Call& other = Start(request);
  world_.RunFor(seconds(1));
  leader.result.reset();
  world_.RunFor(seconds(1));
  EXPECT_EQ(other.etag(), ETagOf(1));
  leader.result.emplace(Fail(Code::kInternal, "it ended"));
}

TEST_F(ResolverTest, ARangePastTheEndIsAskedForAgainByHead) {
  fake_.Put("b", "k", 100);
  Resolver::Request request = Question(kImmutable);
  request.first_range = ByteRange{64_KiB, 128_KiB};
  Call& call = Ask(request);
  EXPECT_EQ(call.etag(), ETagOf(1));
  EXPECT_TRUE(call.result->value().confirmed);
  EXPECT_FALSE(call.result->value().opened);
}

TEST_F(ResolverTest, ManyWhoAskAtOnceCauseOneRequest) {
  fake_.Put("b", "k", 100);
  const FreshnessRule rule = Ttl(seconds(10));
  for (int i = 0; i < 20; ++i) Start(Question(rule));
  Finish();
  for (const Call& call : calls_) EXPECT_EQ(call.etag(), ETagOf(1));
  EXPECT_EQ(requests(), 1u);
}

TEST_F(ResolverTest, A404IsSharedAndNotRemembered) {
  const FreshnessRule rule = Ttl(seconds(10));
  for (int i = 0; i < 5; ++i) Start(Question(rule));
  Finish();
  for (const Call& call : calls_) EXPECT_EQ(call.code(), Code::kNotFound);
  EXPECT_EQ(requests(), 1u);
  fake_.Put("b", "k", 100);
  EXPECT_EQ(Ask(Question(rule)).etag(), ETagOf(1));
}

TEST_F(ResolverTest, A404IsNotSharedWithWhoCameAfterTheQuestion) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    sim::FakeOrigin origin(world_.clock(), seed, {.latency_max = milliseconds(20)});
    Resolver::Request request = Question(kImmutable);
    request.origin = &origin;
    Start(request);
    world_.RunFor(milliseconds(10));
    origin.Put("b", "k", 100);
    Call& after = Start(request);
    Finish();
    ASSERT_EQ(after.etag(), ETagOf(1)) << sim::SeedText(seed);
    store_.Forget({TestObject(), ""});
    calls_.clear();
  }
}

TEST_F(ResolverTest, ADeletedObjectIsForgotten) {
  fake_.Put("b", "k", 100);
  Ask(Question(kAlways));
  fake_.Delete("b", "k");
  EXPECT_EQ(Ask(Question(kAlways)).code(), Code::kNotFound);
  EXPECT_EQ(store_.count(), 0u);
}

// The answer of a question that was begun before may be older than the caller: an overwrite that was over when the
// read began must be seen by it.
TEST_F(ResolverTest, UnderAlwaysNobodyTakesTheAnswerToAnOlderQuestion) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    sim::FakeOrigin origin(world_.clock(), seed, {.latency_max = milliseconds(20)});
    origin.Put("b", "k", 100);
    Resolver::Request request = Question(kAlways);
    request.origin = &origin;
    Start(request);
    world_.RunFor(milliseconds(10));  // the origin may have looked already
    origin.Put("b", "k", 100);
    Call& late = Start(request);
    Call& later = Start(request);
    Finish();
    ASSERT_EQ(late.etag(), ETagOf(2)) << sim::SeedText(seed);
    ASSERT_EQ(later.etag(), ETagOf(2));
    ASSERT_LE(origin.counters().heads, 2u) << "those who came later share one question";
    store_.Forget({TestObject(), ""});
    calls_.clear();
  }
}

TEST_F(ResolverTest, UnderATtlOnlyAnAnswerOfThatAgeIsTaken) {
  fake_.Put("b", "k", 100);
  fake_.FailNext(sim::OriginFault::kServerError, 2);  // both attempts: ends the first question, late
  const FreshnessRule rule = Ttl(milliseconds(1));
  Call& first = Start(Question(rule));
  world_.RunFor(milliseconds(2));
  Call& second = Start(Question(rule));
  Finish();
  EXPECT_EQ(first.code(), Code::kUnavailable);
  EXPECT_EQ(second.code(), Code::kUnavailable) << "that the origin is out of reach is news to everybody";
  EXPECT_EQ(requests(), 2u);
}

TEST_F(ResolverTest, AConnectionThatBreaksOnceIsTriedAgainAndNobodyNotices) {
  fake_.Put("b", "k", 100);
  fake_.FailNext(sim::OriginFault::kRefuse);
  EXPECT_TRUE(Ask(Question(kImmutable)).ok());
  EXPECT_EQ(requests(), 2u);
}

TEST_F(ResolverTest, MetadataIsAsOldAsTheQuestion) {
  const sim::FakeOriginOptions slow{.latency_max = seconds(8)};
  sim::FakeOrigin origin(world_.clock(), 3, slow);
  origin.Put("b", "k", 100);
  const TimePoint begun = world_.clock().Now();
  Resolver::Request request = Question(kImmutable);
  request.origin = &origin;
  Call& call = Ask(request);
  ASSERT_TRUE(call.ok());
  ASSERT_GT(world_.clock().Now(), begun + seconds(1));
  EXPECT_EQ(call.result->value().meta->fetched, begun);
}

TEST_F(ResolverTest, AnAnswerToAQuestionOfBeforeAnEvictionIsNotRemembered) {
  fake_.Put("b", "k", 100);
  Call& call = Start(Question(kImmutable));
  resolver_.ForgetObject(TestObject());
  Call& after = Start(Question(kImmutable));
  Finish();
  EXPECT_TRUE(call.ok());
  EXPECT_TRUE(after.ok());
  EXPECT_EQ(requests(), 2u);
}

TEST_F(ResolverTest, ANoteOfChangeForgetsOnlyWhatItSpeaksOf) {
  fake_.Put("b", "k", 100);
  const MetaPtr first = Ask(Question(kAlways)).result->value().meta;
  fake_.Put("b", "k", 100);
  Ask(Question(kAlways));
  resolver_.NoteChanged(*first);
  EXPECT_EQ(store_.count(), 1u) << "something newer is known already";
  resolver_.NoteChanged(*store_.Find({TestObject(), ""}));
  EXPECT_EQ(store_.count(), 0u);
}

TEST_F(ResolverTest, WhileTheOriginCannotBeAskedStaleMetadataServesForAWhile) {
  fake_.Put("b", "k", 100);
  const FreshnessRule rule = Ttl(seconds(10), seconds(60));
  Ask(Question(rule));
  world_.RunFor(seconds(15));
  fake_.SetFaultRate(sim::OriginFault::kRefuse, 1);
  Call& stale = Ask(Question(rule));
  ASSERT_TRUE(stale.ok());
  EXPECT_EQ(stale.result->value().stale_for, seconds(5));
  EXPECT_FALSE(stale.result->value().confirmed);
  world_.RunFor(seconds(60));
  EXPECT_EQ(Ask(Question(rule)).code(), Code::kUnavailable) << "too old by now";
}

TEST_F(ResolverTest, AFailedRevalidationSparesOthersTheWaitForASecond) {
  fake_.Put("b", "k", 100);
  const FreshnessRule rule = Ttl(seconds(10), seconds(60));
  Ask(Question(rule));
  world_.RunFor(seconds(15));
  fake_.FailNext(sim::OriginFault::kServerError);
  EXPECT_TRUE(Ask(Question(rule)).result->value().stale_for);
  EXPECT_EQ(requests(), 2u);
  EXPECT_TRUE(Ask(Question(rule)).result->value().stale_for);
  EXPECT_EQ(requests(), 2u);
  world_.RunFor(seconds(1));
  Call& well = Ask(Question(rule));
  EXPECT_FALSE(well.result->value().stale_for);
  EXPECT_TRUE(well.result->value().confirmed);
}

TEST_F(ResolverTest, AlwaysAndImmutableServeNothingStale) {
  fake_.Put("b", "k", 100);
  Ask(Question(kAlways));
  fake_.SetFaultRate(sim::OriginFault::kRefuse, 1);
  EXPECT_EQ(Ask(Question(kAlways)).code(), Code::kUnavailable);
}

TEST_F(ResolverTest, WhoMustKnowGetsNothingStale) {
  fake_.Put("b", "k", 100);
  const FreshnessRule rule = Ttl(seconds(10), seconds(60));
  Ask(Question(rule));
  world_.RunFor(seconds(15));
  fake_.SetFaultRate(sim::OriginFault::kRefuse, 1);
  Resolver::Request must = Question(rule);
  must.force = true;
  Call& alone = Ask(must);
  EXPECT_EQ(alone.code(), Code::kUnavailable);
  Call& other = Start(Question(rule));
  Call& shares = Start(must);
  Finish();
  EXPECT_TRUE(other.result->value().stale_for);
  EXPECT_EQ(shares.code(), Code::kUnavailable);
}

TEST_F(ResolverTest, AWaitingClientMayLeaveOrLosePatience) {
  fake_.Put("b", "k", 100);
  fake_.FailNext(sim::OriginFault::kSilent);
  Call& leader = Start(Question(kImmutable));
  Call& leaves = Start(Question(kImmutable));
  Call& impatient = Start(Question(kImmutable), world_.clock().Now() + seconds(3));
  leaves.cancel.Cancel();
  world_.RunFor(seconds(4));
  EXPECT_EQ(leaves.code(), Code::kCancelled);
  EXPECT_EQ(impatient.code(), Code::kDeadlineExceeded);
  EXPECT_FALSE(leader.ended());
  Finish();
  EXPECT_EQ(leader.code(), Code::kDeadlineExceeded) << "the origin's silence has an end";
}

TEST_F(ResolverTest, TheQuestionGoesOnWhenTheOneWhoAskedHasLeft) {
  fake_.Put("b", "k", 100);
  Call& leader = Start(Question(kImmutable));
  leader.cancel.Cancel();
  Call& other = Start(Question(kImmutable));
  Finish();
  EXPECT_EQ(other.etag(), ETagOf(1));
}

TEST_F(ResolverTest, AVersionThatCannotBeToldIsNotRemembered) {
  fake_.Put("b", "k", 100);
  Ask(Question(kAlways));
  EXPECT_EQ(store_.count(), 1u);
  fake_.FailNext(sim::OriginFault::kWeakETag);
  EXPECT_TRUE(Ask(Question(kAlways)).ok());
  EXPECT_EQ(store_.count(), 0u);
}

TEST_F(ResolverTest, ANamedVersionIsFreshForEver) {
  fake_.Put("b", "k", 100);
  fake_.Put("b", "k", 200);
  Resolver::Request request = Question(kAlways);
  request.key.selector = "version-id:v1";
  request.version_id = "v1";
  EXPECT_EQ(Ask(request).etag(), ETagOf(1));
  world_.RunFor(std::chrono::hours(1));
  EXPECT_EQ(Ask(request).etag(), ETagOf(1));
  EXPECT_EQ(requests(), 1u);
}

}  // namespace
}  // namespace hearth::read
