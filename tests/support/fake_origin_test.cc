#include "support/fake_origin.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/object_bytes.h"
#include "support/seeds.h"
#include "support/sim_executor.h"

namespace hearth::sim {
namespace {

using origin::GetRequest;
using origin::ObjectMeta;
using std::chrono::seconds;

GetRequest Request(std::optional<ByteRange> range = std::nullopt, std::optional<Version> if_match = std::nullopt) {
  GetRequest request;
  request.bucket = BucketName("b");
  request.key = ObjectKey("k");
  request.range = range;
  request.if_match = std::move(if_match);
  return request;
}

// A whole exchange: the answer's meta, and the body to its end or its error.
struct Outcome {
  std::optional<Error> error;       // of Get
  std::optional<Error> body_error;  // of a Read
  ObjectMeta meta;
  std::vector<std::byte> bytes;
  std::size_t reads = 0;
  Duration took{};
};

Task<Outcome> Fetch(FakeOrigin& origin, GetRequest request, RequestContext context) {
  Outcome outcome;
  const TimePoint start = Executor::Current()->clock().Now();
  auto answer = co_await origin.Get(std::move(request), std::move(context));
  if (!answer) {
    outcome.error = answer.error();
    outcome.took = Executor::Current()->clock().Now() - start;
    co_return outcome;
  }
  outcome.meta = answer->meta;
  std::vector<std::byte> buffer(100'000);
  while (true) {
    const auto n = co_await answer->body->Read(buffer);
    if (!n) outcome.body_error = n.error();
    if (n.value_or(0) == 0) break;
    ++outcome.reads;
    outcome.bytes.insert(outcome.bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*n));
  }
  outcome.took = Executor::Current()->clock().Now() - start;
  co_return outcome;
}

class FakeOriginTest : public testing::Test {
 protected:
  SimWorld world_{1};
  FakeOrigin origin_{world_.clock(), 1};

  Outcome Get(std::optional<ByteRange> range = std::nullopt, std::optional<Version> if_match = std::nullopt,
              RequestContext context = {}) {
    return world_.Run(Fetch(origin_, Request(range, std::move(if_match)), std::move(context)));
  }
  TimePoint In(Duration duration) const { return world_.clock().Now() + duration; }
};

TEST_F(FakeOriginTest, ABodyIsTheObjectsBytesInChunks) {
  EXPECT_EQ(origin_.Put("b", "k", 1'000'000), 1u);
  const Outcome whole = Get();
  EXPECT_EQ(whole.bytes.size(), 1'000'000u);
  EXPECT_EQ(CheckObjectBytes({.key = "b/k"}, whole.bytes), "");
  EXPECT_GT(whole.reads, 15u);
  const Outcome part = Get(ByteRange{10, 20});
  EXPECT_EQ(part.bytes, ObjectBytes("b/k", 1).Make(10, 10));
  EXPECT_EQ(part.meta.size, 1'000'000u);
}

TEST_F(FakeOriginTest, AnETagNamesTheVersionWhoseBytesCome) {
  origin_.Put("b", "k", 5000);
  EXPECT_EQ(origin_.Put("b", "k", 6000), 2u);
  const Outcome outcome = Get();
  EXPECT_EQ(FakeOrigin::VersionNumber(outcome.meta.etag), 2u);
  EXPECT_EQ(outcome.meta.version, FakeOrigin::MakeVersion("b", "k", 2));
  EXPECT_TRUE(IsStrong(outcome.meta.etag));
  EXPECT_EQ(CheckObjectBytes({.key = "b/k", .version = 2}, outcome.bytes), "");
  EXPECT_EQ(FakeOrigin::VersionNumber(ETag("\"other\"")), std::nullopt);
  EXPECT_NE(FakeOrigin::MakeETag("b", "k", 1), FakeOrigin::MakeETag("b", "other", 1));
}

TEST_F(FakeOriginTest, AnotherVersionThanTheOneNamedNeverComes) {
  origin_.Put("b", "k", 100);
  const Version first = FakeOrigin::MakeVersion("b", "k", 1);
  EXPECT_FALSE(Get(std::nullopt, first).error);
  origin_.Put("b", "k", 100);
  const Outcome outcome = Get(std::nullopt, first);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code(), Code::kPreconditionFailed);
  EXPECT_EQ(outcome.error->remote()->status, 412);

  origin_.FailNext(OriginFault::kIgnoreIfMatch);
  EXPECT_EQ(Get(std::nullopt, first).error->code(), Code::kPreconditionFailed);
  origin_.FailNext(OriginFault::kIgnoreIfMatch);
  EXPECT_FALSE(Get(std::nullopt, FakeOrigin::MakeVersion("b", "k", 2)).error) << "nothing shows";
}

TEST_F(FakeOriginTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(Get().error->code(), Code::kNotFound);
  EXPECT_EQ(Get().error->remote()->code, "NoSuchBucket");
  origin_.Put("b", "other", 10);
  EXPECT_EQ(Get().error->code(), Code::kNotFound);
  EXPECT_EQ(Get().error->remote()->code, "NoSuchKey");
  origin_.Put("b", "k", 10);
  origin_.Delete("b", "k");
  EXPECT_EQ(Get().error->code(), Code::kNotFound);
  EXPECT_EQ(origin_.Current("b", "k"), 0u);
  EXPECT_EQ(origin_.Put("b", "k", 10), 2u) << "a version number never comes back";
  EXPECT_EQ(origin_.Newest("b", "k"), 2u);
}

TEST_F(FakeOriginTest, RangesAreCutAtTheEndAndRefusedPastIt) {
  origin_.Put("b", "k", 100);
  EXPECT_EQ(Get(ByteRange{90, 500}).bytes.size(), 10u);
  const Outcome past = Get(ByteRange{100, 101});
  EXPECT_EQ(past.error->code(), Code::kInvalidArgument);
  EXPECT_EQ(past.error->remote()->status, 416);
  origin_.Put("b", "k", 0);
  EXPECT_EQ(Get(ByteRange{0, 1}).error->remote()->status, 416);
  EXPECT_TRUE(Get().bytes.empty());
}

TEST_F(FakeOriginTest, AnOldVersionIsReadByItsId) {
  origin_.Put("b", "k", 100);
  origin_.Put("b", "k", 200);
  GetRequest request = Request();
  request.version_id = "v1";
  const Outcome outcome = world_.Run(Fetch(origin_, std::move(request), {}));
  EXPECT_EQ(CheckObjectBytes({.key = "b/k", .version = 1, .newest = 2}, outcome.bytes), "");
  EXPECT_EQ(outcome.bytes.size(), 100u);
  request = Request();
  request.version_id = "v3";
  EXPECT_EQ(world_.Run(Fetch(origin_, std::move(request), {})).error->remote()->code, "NoSuchVersion");
}

TEST_F(FakeOriginTest, AnObjectHasOnePart) {
  origin_.Put("b", "k", 100);
  GetRequest request = Request();
  request.part_number = 1;
  EXPECT_EQ(world_.Run(Fetch(origin_, request, {})).bytes.size(), 100u);
  request.part_number = 2;
  EXPECT_EQ(world_.Run(Fetch(origin_, request, {})).error->code(), Code::kInvalidArgument);
}

TEST_F(FakeOriginTest, ABodyGoesOnWithItsVersionWhenTheObjectIsOverwritten) {
  origin_.Put("b", "k", 500'000);
  bool changed = false;
  bool broke = false;
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t version = origin_.Current("b", "k");
    origin_.FailNext(OriginFault::kOverwrite);
    const Outcome outcome = Get();
    EXPECT_EQ(CheckObjectBytes({.key = "b/k", .version = version}, outcome.bytes), "");
    EXPECT_EQ(origin_.Current("b", "k"), version + 1);
    if (outcome.body_error) {
      broke = true;
      EXPECT_LT(outcome.bytes.size(), 500'000u);
    } else {
      changed = true;
      EXPECT_EQ(outcome.bytes.size(), 500'000u);
    }
  }
  EXPECT_TRUE(changed && broke);
}

TEST_F(FakeOriginTest, EachFaultBeforeTheBodyHasItsError) {
  origin_.Put("b", "k", 100);
  const auto code_of = [&](OriginFault fault) {
    origin_.FailNext(fault);
    const Outcome outcome = Get();
    EXPECT_EQ(origin_.counters().of(fault), 1u) << OriginFaultName(fault);
    return outcome.error->code();
  };
  EXPECT_EQ(code_of(OriginFault::kRefuse), Code::kUnavailable);
  EXPECT_EQ(code_of(OriginFault::kServerError), Code::kUnavailable);
  EXPECT_EQ(code_of(OriginFault::kThrottle), Code::kThrottled);
  EXPECT_EQ(code_of(OriginFault::kWrongLength), Code::kUnavailable);
  EXPECT_FALSE(Get().error) << "each was for one request";
}

TEST_F(FakeOriginTest, ASilentOriginAnswersNeverButEndsAtItsTimeoutTheDeadlineOrACancel) {
  origin_.Put("b", "k", 100);
  origin_.FailNext(OriginFault::kSilent, 3);
  const Outcome timeout = Get();
  EXPECT_EQ(timeout.error->code(), Code::kDeadlineExceeded);
  EXPECT_GE(timeout.took, Duration(seconds(20)));

  const Outcome deadline =
      Get(std::nullopt, std::nullopt, {.request_id = {}, .deadline = In(seconds(3)), .cancel = {}});
  EXPECT_EQ(deadline.error->code(), Code::kDeadlineExceeded);
  EXPECT_EQ(deadline.took, Duration(seconds(3)));

  CancelSource cancel;
  world_.main().PostAfter(seconds(2), [&] { cancel.Cancel(); });
  const Outcome cancelled = Get(std::nullopt, std::nullopt, {.request_id = {}, .cancel = cancel.token()});
  EXPECT_EQ(cancelled.error->code(), Code::kCancelled);
  EXPECT_EQ(cancelled.took, Duration(seconds(2)));
}

TEST_F(FakeOriginTest, ABodyThatIsCutHasOnlyRightBytesAndAnError) {
  origin_.Put("b", "k", 500'000);
  for (std::uint64_t begin = 1; begin <= 20; ++begin) {
    origin_.FailNext(OriginFault::kCut);
    const Outcome outcome = Get(ByteRange{begin, 400'000});
    ASSERT_TRUE(outcome.body_error);
    EXPECT_EQ(outcome.body_error->code(), Code::kUnavailable);
    EXPECT_LT(outcome.bytes.size(), 400'000 - begin);
    EXPECT_EQ(CheckObjectBytes({.key = "b/k", .offset = begin}, outcome.bytes), "");
  }
  EXPECT_EQ(origin_.open_bodies(), 0u);
  EXPECT_EQ(origin_.counters().bodies_dropped, 20u);
}

TEST_F(FakeOriginTest, ABodyThatStallsEndsAtItsTimeout) {
  origin_.Put("b", "k", 500'000);
  origin_.FailNext(OriginFault::kStall);
  const Outcome outcome = Get();
  ASSERT_TRUE(outcome.body_error);
  EXPECT_EQ(outcome.body_error->code(), Code::kDeadlineExceeded);
  EXPECT_GE(outcome.took, Duration(seconds(20)));
}

TEST_F(FakeOriginTest, AWeakOrMissingETagGivesNothingToTellVersionsApart) {
  origin_.Put("b", "k", 100);
  origin_.FailNext(OriginFault::kWeakETag);
  const Outcome weak = Get();
  EXPECT_FALSE(weak.meta.version.cacheable());
  EXPECT_TRUE(weak.meta.etag.value.starts_with("W/\""));
  EXPECT_EQ(FakeOrigin::VersionNumber(weak.meta.etag), 1u) << "the test can tell all the same";
  origin_.FailNext(OriginFault::kNoETag);
  EXPECT_TRUE(Get().meta.etag.empty());
  origin_.FailNext(OriginFault::kNoETag);
  EXPECT_EQ(Get(std::nullopt, FakeOrigin::MakeVersion("b", "k", 1)).error->code(), Code::kPreconditionFailed);
}

TEST_F(FakeOriginTest, FaultsComeAtTheRateThatWasSet) {
  origin_.Put("b", "k", 1);
  origin_.SetFaultRate(OriginFault::kThrottle, 0.25);
  int throttled = 0;
  for (int i = 0; i < 400; ++i) throttled += Get().error ? 1 : 0;
  EXPECT_GT(throttled, 60);
  EXPECT_LT(throttled, 140);
  origin_.SetNoFaults();
  EXPECT_FALSE(Get().error);
}

TEST_F(FakeOriginTest, RequestsAreWrittenDown) {
  origin_.Put("b", "k", 100);
  Get(ByteRange{10, 30});
  const auto requests = origin_.Requests();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].object, "b/k");
  EXPECT_EQ(requests[0].range, (ByteRange{10, 30}));
  EXPECT_EQ(requests[0].version, 1u);
  EXPECT_EQ(requests[0].body_bytes, 20u);
  EXPECT_TRUE(requests[0].body_complete);
  EXPECT_EQ(origin_.counters().body_bytes, 20u);
  origin_.ForgetRequests();
  EXPECT_TRUE(origin_.Requests().empty());
  EXPECT_EQ(origin_.counters().gets, 0u);
}

Task<std::optional<Code>> HeadCode(FakeOrigin& origin, std::string key) {
  const auto meta =
      co_await origin.Head({.bucket = BucketName("b"), .key = ObjectKey(std::move(key)), .version_id = {}}, {});
  if (!meta) co_return meta.error().code();
  co_return std::nullopt;
}

TEST_F(FakeOriginTest, HeadFindsWhatIsThere) {
  origin_.Put("b", "k", 100, {{"Content-Type", "text/plain"}});
  EXPECT_EQ(world_.Run(HeadCode(origin_, "k")), std::nullopt);
  EXPECT_EQ(world_.Run(HeadCode(origin_, "other")), Code::kNotFound);
  EXPECT_EQ(origin_.counters().heads, 2u);
}

Task<std::string> ListText(FakeOrigin& origin, origin::ForwardRequest request) {
  const auto answer = co_await origin.Forward(std::move(request), {});
  co_return answer ? answer->body : answer.error().ToString();
}

TEST_F(FakeOriginTest, ListNamesTheObjects) {
  origin_.Put("b", "k", 100);
  const std::string listing = world_.Run(ListText(origin_, {.operation = "ListObjectsV2", .bucket = BucketName("b")}));
  EXPECT_NE(listing.find("<Key>k</Key>"), std::string::npos) << listing;
  origin_.FailNext(OriginFault::kServerError);
  const std::string failed = world_.Run(ListText(origin_, {.operation = "ListObjectsV2", .bucket = BucketName("b")}));
  EXPECT_TRUE(failed.starts_with("unavailable")) << failed;
  EXPECT_EQ(origin_.counters().forwards, 2u);
}

TEST_F(FakeOriginTest, HangUpEndsWhatWaitsAndRefusesUntilRestart) {
  origin_.Put("b", "k", 500'000);
  origin_.FailNext(OriginFault::kSilent);
  world_.main().PostAfter(seconds(1), [&] { origin_.HangUp(); });
  const Outcome silent = Get();
  EXPECT_EQ(silent.error->code(), Code::kUnavailable);
  EXPECT_EQ(silent.took, Duration(seconds(1)));
  EXPECT_EQ(Get().error->code(), Code::kUnavailable);
  origin_.Restart();
  EXPECT_FALSE(Get().error);

  origin_.FailNext(OriginFault::kStall);
  world_.main().PostAfter(seconds(1), [&] {
    origin_.HangUp();
    origin_.Restart();
  });
  EXPECT_EQ(Get().body_error->code(), Code::kUnavailable) << "a body of before does not come back";
}

TEST_F(FakeOriginTest, TheSameSeedGivesTheSameRun) {
  const auto run = [](std::uint64_t seed) {
    SimWorld world(seed);
    FakeOrigin origin(world.clock(), seed);
    origin.Put("b", "k", 300'000);
    for (std::size_t i = 0; i < kOriginFaults; ++i) origin.SetFaultRate(static_cast<OriginFault>(i), 0.05);
    for (int i = 0; i < 20; ++i) world.Run(Fetch(origin, Request(), {}));
    return world.Trace();
  };
  for (const std::uint64_t seed : TestSeeds(5)) EXPECT_EQ(run(seed), run(seed));
  EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace hearth::sim
