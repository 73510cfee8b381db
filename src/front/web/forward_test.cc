#include "front/web/forward.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "front/web/world_for_test.h"

namespace hearth::front {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

// Says what the test wants it to say.
class ScriptedOrigin final : public origin::Origin {
 public:
  explicit ScriptedOrigin(std::string name) : name_(std::move(name)) {}
  const OriginName& name() const override { return name_; }
  Task<Result<origin::GetAnswer>> Get(origin::GetRequest, RequestContext) override {
    co_return Fail(Code::kInternal, "not asked for");
  }
  Task<Result<origin::ObjectMeta>> Head(origin::HeadRequest, RequestContext) override {
    co_return Fail(Code::kInternal, "not asked for");
  }
  Task<Result<origin::ForwardAnswer>> Forward(origin::ForwardRequest request, RequestContext) override {
    asked.push_back(std::move(request));
    if (on_forward) on_forward();
    if (error) co_return Fail(*error);
    if (answers.size() > 1) {
      origin::ForwardAnswer next = std::move(answers.front());
      answers.erase(answers.begin());
      co_return next;
    }
    co_return answers.front();
  }

  void HasBuckets(std::vector<std::string> names, std::string next = {}) {
    origin::BucketListing listing{.owner_id = name_.value, .next = std::move(next)};
    for (std::string& name : names) listing.buckets.push_back({std::move(name), "2026-01-02T03:04:05.000Z"});
    answers.push_back({.status = 200, .headers = {}, .body = origin::WriteBuckets(listing)});
  }

  std::function<void()> on_forward;
  std::vector<origin::ForwardRequest> asked;
  std::vector<origin::ForwardAnswer> answers;
  std::optional<Error> error;

 private:
  const OriginName name_;
};

class ForwarderTest : public testing::Test {
 protected:
  ForwarderTest() {
    for (const char* name : {"one", "two"}) {
      auto made = std::make_unique<ScriptedOrigin>(name);
      origins_.push_back(made.get());
      entries_.push_back({OriginName(name), read::OriginType::kS3, {"*"}, std::move(made)});
    }
  }
  ScriptedOrigin& one() { return *origins_[0]; }
  ScriptedOrigin& two() { return *origins_[1]; }

  struct Said {
    int status = 0;
    std::string body;
  };
  Said Buckets(http::QueryList query = {}) {
    FakeExchange exchange(world_.loop, "GET", "/");
    Forwarder::BucketsQuestion question{
        .origins = {&entries_[0], &entries_[1]},
        .shows = [](const auto&, const BucketName& bucket) { return !bucket.value.starts_with("secret"); },
        .query = std::move(query)};
    world_.loop.Post([&] { world_.forwarder.AnswerBuckets(exchange, std::move(question), series_); });
    world_.world.RunUntilIdle();
    EXPECT_TRUE(exchange.answered());
    return {exchange.status, exchange.body};
  }
  static std::vector<std::string> NamesIn(const std::string& xml) {
    std::vector<std::string> names;
    const auto listing = origin::ParseBuckets(xml);
    EXPECT_TRUE(listing.has_value()) << xml;
    for (const auto& bucket : listing.value_or(origin::BucketListing{}).buckets) names.push_back(bucket.name);
    return names;
  }

  FrontWorld world_;
  RequestMetrics metrics_{world_.metrics, "s3"};
  const RequestMetrics::Series& series_ = metrics_.Of("ListBuckets", kCacheNone);
  std::vector<read::OriginEntry> entries_;
  std::vector<ScriptedOrigin*> origins_;
};

TEST(ForwardedRequest, OnlyHeadersThatBelongToItGoOn) {
  sim::SimWorld world(1);
  FakeExchange exchange(world.main(), "GET", "/b/k?attributes");
  exchange.Header("X-Amz-Object-Attributes", "ETag").Header("Authorization", "AWS4 ...").Header("x-amz-date", "now");
  exchange.Header("x-amz-request-payer", "requester").Header("Cookie", "c").Header("x-amz-security-token", "s");
  EXPECT_THAT(ForwardedRequestHeaders(exchange.request()),
              ElementsAre(Pair("x-amz-object-attributes", "ETag"), Pair("x-amz-request-payer", "requester")));
}

TEST(ForwardedRequest, TheSignatureOfAPresignedUrlStaysHere) {
  EXPECT_THAT(WithoutSignature({{"X-Amz-Signature", "s"},
                                {"prefix", "x-amz-"},
                                {"x-amz-credential", "c"},
                                {"AWSAccessKeyId", "a"},
                                {"Signature", "s"},
                                {"Expires", "1"},
                                {"list-type", "2"}}),
              ElementsAre(Pair("prefix", "x-amz-"), Pair("list-type", "2")));
}

TEST_F(ForwarderTest, AnAnswerComesBackAsTheOriginGaveIt) {
  one().answers.push_back({.status = 418, .headers = {{"x-amz-a", "b"}}, .body = "<odd/>"});
  FakeExchange exchange(world_.loop, "GET", "/b?acl");
  world_.loop.Post([&] {
    world_.forwarder.Answer(exchange, entries_[0], {.operation = "GetBucketAcl", .bucket = BucketName("b")}, series_);
  });
  world_.world.RunUntilIdle();
  EXPECT_EQ(exchange.status, 418);
  EXPECT_EQ(exchange.body, "<odd/>");
  EXPECT_EQ(exchange.AnswerHeader("x-amz-a"), "b");
  EXPECT_EQ(one().asked.size(), 1U) << "one request, one for one";
  EXPECT_EQ(world_.memory.used(), 0U);
}

TEST_F(ForwarderTest, AnAnswerTakesNoMoreThanItWasGranted) {
  one().answers.push_back({.status = 200, .headers = {}, .body = "<a/>"});
  for (const char* operation : {"GetBucketAcl", "ListObjectsV2"}) {
    FakeExchange exchange(world_.loop, "GET", "/b");
    std::uint64_t granted = 0;
    one().on_forward = [&] { granted = world_.memory.used(); };
    world_.loop.Post([&] {
      world_.forwarder.Answer(exchange, entries_[0], {.operation = operation, .bucket = BucketName("b")}, series_);
    });
    world_.world.RunUntilIdle();
    EXPECT_EQ(granted, one().asked.back().bytes_max) << "before the origin is asked";
    EXPECT_LE(granted, world_.memory.capacity());
  }
  EXPECT_LT(one().asked[0].bytes_max, one().asked[1].bytes_max);
}

TEST_F(ForwarderTest, BucketsOfAllOriginsAreOneSortedListThatTheCallerMaySee) {
  one().HasBuckets({"d", "b", "secret-1"});
  two().HasBuckets({"c", "a", "b"});
  const Said exchange = Buckets();
  EXPECT_EQ(exchange.status, 200);
  EXPECT_THAT(NamesIn(exchange.body), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(exchange.body, HasSubstr("<ID>one</ID>"));
}

TEST_F(ForwarderTest, AnOriginsPagesAreReadToTheirEndWhichMustCome) {
  one().HasBuckets({"a"}, "t1");
  one().HasBuckets({"b"});
  two().HasBuckets({});
  EXPECT_THAT(NamesIn(Buckets().body), ElementsAre("a", "b"));
  EXPECT_THAT(one().asked.at(1).query, ElementsAre(Pair("continuation-token", "t1")));
  one().answers.clear();
  one().HasBuckets({"a"}, "again");
  EXPECT_EQ(Buckets().status, 503);
}

TEST_F(ForwarderTest, PagesAreCutHere) {
  one().HasBuckets({"a", "b", "ca", "cb"});
  two().HasBuckets({});
  const Said first = Buckets({{"max-buckets", "2"}});
  EXPECT_THAT(NamesIn(first.body), ElementsAre("a", "b"));
  EXPECT_THAT(first.body, HasSubstr("<ContinuationToken>b</ContinuationToken>"));
  EXPECT_THAT(NamesIn(Buckets({{"max-buckets", "2"}, {"continuation-token", "b"}}).body), ElementsAre("ca", "cb"));
  EXPECT_THAT(NamesIn(Buckets({{"prefix", "c"}}).body), ElementsAre("ca", "cb"));
  EXPECT_EQ(Buckets({{"max-buckets", "0"}}).status, 400);
}

TEST_F(ForwarderTest, AnOriginThatRefusesIsLeftOutUnlessAllDo) {
  one().answers.push_back({.status = 403, .headers = {}, .body = origin::WriteError("AccessDenied", "no")});
  two().HasBuckets({"a"});
  EXPECT_THAT(NamesIn(Buckets().body), ElementsAre("a"));
  two().answers = {{.status = 501, .headers = {}, .body = ""}};
  const Said refused = Buckets();
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("AccessDenied"));
}

TEST_F(ForwarderTest, AnOriginThatCannotBeAskedIsAnErrorAndNoShorterList) {
  one().HasBuckets({"a"});
  two().error = Error(Code::kUnavailable, "refused");
  EXPECT_EQ(Buckets().status, 503);
  two().error.reset();
  two().answers.push_back({.status = 200, .headers = {}, .body = "<html/>"});
  EXPECT_EQ(Buckets().status, 503);
}

}  // namespace
}  // namespace hearth::front
