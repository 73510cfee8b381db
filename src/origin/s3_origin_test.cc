#include "origin/s3_origin.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>

#include "http/date.h"
#include "support/sim_executor.h"

namespace hearth::origin {
namespace {

class TextBody final : public http::ClientBody {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  Task<Result<std::size_t>> Read(std::span<std::byte> to) override {
    const std::size_t bytes = std::min(to.size(), text_.size() - at_);
    std::memcpy(to.data(), text_.data() + at_, bytes);
    at_ += bytes;
    co_return bytes;
  }
  void EndBy(TimePoint) override {}

 private:
  const std::string text_;
  std::size_t at_ = 0;
};

struct Scripted {
  int status = 200;
  http::HeaderList headers = {};
  std::string body = {};
  std::optional<std::uint64_t> length = {};  // absent: the body's
};

// Answers requests in turn, and remembers them.
class ScriptedClient final : public http::Client {
 public:
  void Add(Scripted answer) { answers_.push_back(std::move(answer)); }
  void AddError(Error error) { answers_.push_back(std::move(error)); }
  const std::vector<http::ClientRequest>& requests() const { return requests_; }

  Task<Result<http::ClientAnswer>> Send(http::ClientRequest request, RequestContext) override {
    requests_.push_back(std::move(request));
    if (answers_.empty()) co_return Fail(Code::kInternal, "an unexpected request");
    auto next = std::move(answers_.front());
    answers_.pop_front();
    if (auto* error = std::get_if<Error>(&next)) co_return Fail(std::move(*error));
    auto& scripted = std::get<Scripted>(next);
    http::ClientAnswer answer;
    answer.status = scripted.status;
    answer.headers = std::move(scripted.headers);
    answer.content_length = scripted.length.value_or(scripted.body.size());
    answer.body = std::make_unique<TextBody>(std::move(scripted.body));
    co_return answer;
  }

 private:
  std::deque<std::variant<Scripted, Error>> answers_;
  std::vector<http::ClientRequest> requests_;
};

class FixedClock final : public Clock {
 public:
  TimePoint Now() const override { return {}; }
  WallTime Wall() const override { return http::ParseHttpDate("Fri, 24 May 2013 00:00:00 GMT").value(); }
};

constexpr const char* kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

class S3OriginTest : public testing::Test {
 protected:
  S3OriginTest() {
    UseOptions({.endpoint = "http://localhost:9000",
                .credentials = MakeStaticCredentials(Credentials{"AKIAIOSFODNN7EXAMPLE", kSecret, ""})});
  }
  void UseOptions(S3Options options) { origin_ = MakeS3Origin(std::move(options), client_, clock_).value(); }

  Result<GetAnswer> Get(GetRequest request) { return world_.Run(origin_->Get(std::move(request), {})); }
  Result<GetAnswer> Get(std::string key) { return Get(Request(std::move(key))); }
  Result<ObjectMeta> Head(std::string key) {
    return world_.Run(origin_->Head({BucketName("bucket"), ObjectKey(std::move(key)), ""}, {}));
  }
  static GetRequest Request(std::string key) {
    return {.bucket = BucketName("bucket"),
            .key = ObjectKey(std::move(key)),
            .range = {},
            .if_match = {},
            .version_id = {}};
  }
  std::string Read(GetAnswer& answer) {
    std::byte buffer[1000];
    const std::size_t n = world_.Run(answer.body->Read(buffer)).value();
    return {reinterpret_cast<const char*>(buffer), n};
  }
  std::string Sent(std::size_t index, std::string_view header) {
    const std::string* value = http::FindHeader(client_.requests().at(index).headers, header);
    return value == nullptr ? "(none)" : *value;
  }

  sim::SimWorld world_{1};
  FixedClock clock_;
  ScriptedClient client_;
  std::unique_ptr<Origin> origin_;
};

TEST_F(S3OriginTest, AWholeGetAsksForChecksumsAndSigns) {
  client_.Add({.headers = {{"ETag", "\"e\""}}, .body = "hello"});
  auto answer = Get("dir/a +b");
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(Read(*answer), "hello");
  const http::ClientRequest& sent = client_.requests().at(0);
  EXPECT_EQ(sent.method, "GET");
  EXPECT_EQ(sent.url, "http://localhost:9000/bucket/dir/a%20%2Bb");
  EXPECT_EQ(Sent(0, "Host"), "localhost:9000");
  EXPECT_EQ(Sent(0, "x-amz-checksum-mode"), "ENABLED");
  EXPECT_EQ(Sent(0, "Accept-Encoding"), "identity");
  EXPECT_EQ(Sent(0, "x-amz-date"), "20130524T000000Z");
  EXPECT_TRUE(
      Sent(0, "Authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"));
  EXPECT_NE(Sent(0, "Authorization").find("SignedHeaders=host;x-amz-checksum-mode;x-amz-content-sha256;x-amz-date,"),
            std::string::npos);
}

TEST_F(S3OriginTest, ARangeCarriesItsConditionAndVersionId) {
  client_.Add({.status = 206, .headers = {{"Content-Range", "bytes 5-9/20"}, {"ETag", "\"e\""}}, .body = "fghij"});
  GetRequest request = Request("k");
  request.range = ByteRange{5, 10};
  request.if_match = Version{VersionKind::kETag, "\"e\""};
  request.version_id = "a/b=";
  auto answer = Get(std::move(request));
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(answer->range, (ByteRange{5, 10}));
  EXPECT_EQ(client_.requests().at(0).url, "http://localhost:9000/bucket/k?versionId=a%2Fb%3D");
  EXPECT_EQ(Sent(0, "Range"), "bytes=5-9");
  EXPECT_EQ(Sent(0, "If-Match"), "\"e\"");
  EXPECT_EQ(Sent(0, "x-amz-checksum-mode"), "(none)");
}

TEST_F(S3OriginTest, APartIsAskedForByItsNumberWithoutARange) {
  client_.Add({.status = 206, .headers = {{"ETag", "\"e\""}, {"Content-Range", "bytes 5-9/10"}}, .body = "56789"});
  GetRequest request = Request("k");
  request.part_number = 2;
  auto answer = Get(std::move(request));
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(client_.requests().at(0).url, "http://localhost:9000/bucket/k?partNumber=2");
  EXPECT_EQ(Sent(0, "Range"), "(none)");
  EXPECT_EQ(answer->range, (ByteRange{5, 10}));
  EXPECT_EQ(Read(*answer), "56789");
}

TEST_F(S3OriginTest, AnIgnoredRangeIsSliced) {
  client_.Add({.headers = {{"ETag", "\"e\""}}, .body = "0123456789"});
  GetRequest request = Request("k");
  request.range = ByteRange{4, 6};
  auto answer = Get(std::move(request));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(Read(*answer), "45");
  EXPECT_EQ(Read(*answer), "");
}

TEST_F(S3OriginTest, AShortBodyIsAnError) {
  client_.Add({.headers = {{"ETag", "\"e\""}}, .body = "01234", .length = 10});
  auto answer = Get("k");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(Read(*answer), "01234");
  std::byte buffer[10];
  EXPECT_EQ(world_.Run(answer->body->Read(buffer)).error().code(), Code::kUnavailable);
}

TEST_F(S3OriginTest, ErrorsKeepStatusCodeAndMessage) {
  client_.Add({.status = 404, .body = "<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"});
  auto answer = Get("k");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kNotFound);
  EXPECT_EQ(answer.error().remote()->code, "NoSuchKey");
  EXPECT_EQ(answer.error().message(), "origin s3: GET: 404 NoSuchKey: gone");
}

TEST_F(S3OriginTest, ErrorsOfTheClientNameTheOrigin) {
  client_.AddError(Error(Code::kDeadlineExceeded, "no answer in time"));
  auto answer = Get("k");
  EXPECT_EQ(answer.error().code(), Code::kDeadlineExceeded);
  EXPECT_EQ(answer.error().message(), "origin s3: GET: no answer in time");
}

TEST_F(S3OriginTest, ARedirectIsNotFollowed) {
  client_.Add({.status = 302, .headers = {{"Location", "http://elsewhere/"}}});
  EXPECT_EQ(Get("k").error().code(), Code::kUnavailable);
  EXPECT_EQ(client_.requests().size(), 1u);
}

TEST_F(S3OriginTest, TheRegionOfABucketIsLearnedFromTheHeaderAndKept) {
  client_.Add({.status = 301,
               .headers = {{"x-amz-bucket-region", "eu-west-1"}},
               .body = "<Error><Code>PermanentRedirect</Code></Error>"});
  client_.Add({.headers = {{"ETag", "\"e\""}}, .body = "1"});
  client_.Add({.headers = {{"ETag", "\"e\""}}, .body = "2"});
  ASSERT_TRUE(Get("k").has_value());
  ASSERT_TRUE(Get("k").has_value());
  EXPECT_NE(Sent(0, "Authorization").find("/us-east-1/"), std::string::npos);
  EXPECT_NE(Sent(1, "Authorization").find("/eu-west-1/"), std::string::npos);
  EXPECT_NE(Sent(2, "Authorization").find("/eu-west-1/"), std::string::npos);
}

TEST_F(S3OriginTest, TheRegionOfABucketIsLearnedFromTheError) {
  client_.Add(
      {.status = 400, .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-north-1</Region></Error>"});
  client_.Add({.headers = {{"ETag", "\"e\""}}, .body = "1"});
  ASSERT_TRUE(Get("k").has_value());
  EXPECT_NE(Sent(1, "Authorization").find("/eu-north-1/"), std::string::npos);
}

TEST_F(S3OriginTest, AwsIsAskedAtTheEndpointOfTheLearnedRegion) {
  UseOptions({});
  client_.Add({.status = 301, .headers = {{"x-amz-bucket-region", "eu-west-1"}}});
  client_.Add({.headers = {{"ETag", "\"e\""}}, .length = 9});
  ASSERT_TRUE(Head("k").has_value());
  EXPECT_EQ(client_.requests().at(0).url, "https://s3.us-east-1.amazonaws.com/bucket/k");
  EXPECT_EQ(client_.requests().at(1).url, "https://s3.eu-west-1.amazonaws.com/bucket/k");
}

TEST_F(S3OriginTest, ARegionIsLearnedOncePerRequest) {
  client_.Add({.status = 301, .headers = {{"x-amz-bucket-region", "eu-west-1"}}});
  client_.Add({.status = 301, .headers = {{"x-amz-bucket-region", "eu-west-2"}}});
  EXPECT_EQ(Get("k").error().code(), Code::kUnavailable);
  EXPECT_EQ(client_.requests().size(), 2u);
}

TEST_F(S3OriginTest, ARegionThatIsNoneIsNotUsed) {
  UseOptions({});
  client_.Add({.status = 301, .headers = {{"x-amz-bucket-region", "evil.example.com/"}}});
  EXPECT_EQ(Get("k").error().code(), Code::kUnavailable);
  EXPECT_EQ(client_.requests().size(), 1u);
}

TEST_F(S3OriginTest, WithoutCredentialsNothingIsSigned) {
  UseOptions({.endpoint = "http://h", .credentials = MakeStaticCredentials(std::nullopt)});
  client_.Add({.headers = {{"ETag", "\"e\""}}, .body = "1"});
  ASSERT_TRUE(Get("k").has_value());
  EXPECT_EQ(Sent(0, "Authorization"), "(none)");
  EXPECT_EQ(Sent(0, "x-amz-date"), "(none)");
}

TEST_F(S3OriginTest, ThrottlingIsToldApartFromFailure) {
  client_.Add({.status = 503, .body = "<Error><Code>SlowDown</Code></Error>"});
  client_.Add({.status = 503, .body = "<html>gateway</html>"});
  EXPECT_EQ(Get("k").error().code(), Code::kThrottled);
  EXPECT_EQ(Get("k").error().code(), Code::kUnavailable);
}

TEST_F(S3OriginTest, AListGoesThroughBothWays) {
  client_.Add({.headers = {{"Content-Type", "application/xml"},
                           {"Server", "x"},
                           {"x-amz-request-id", "1"},
                           {"X-Amz-Bucket-Region", "r"}},
               .body = "<ListBucketResult/>"});
  client_.Add({.status = 404,
               .headers = {{"Content-Type", "application/xml"}},
               .body = "<Error><Code>NoSuchBucket</Code></Error>"});
  const ForwardRequest request{.operation = "ListObjectsV2",
                               .bucket = BucketName("bucket"),
                               .query = {{"prefix", "a/ b"}, {"list-type", "2"}, {"delimiter", "/"}}};
  auto list = world_.Run(origin_->Forward(request, {}));
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->status, 200);
  EXPECT_EQ(list->body, "<ListBucketResult/>");
  EXPECT_EQ(list->headers, (Headers{{"Content-Type", "application/xml"}, {"X-Amz-Bucket-Region", "r"}}));
  EXPECT_EQ(client_.requests().at(0).url, "http://localhost:9000/bucket?delimiter=%2F&list-type=2&prefix=a%2F%20b");
  list = world_.Run(origin_->Forward(request, {}));
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->status, 404);
  EXPECT_EQ(list->body, "<Error><Code>NoSuchBucket</Code></Error>");
}

TEST_F(S3OriginTest, ASubresourceGoesThroughWithItsHeadersSigned) {
  client_.Add({.status = 200, .body = "<GetObjectAttributesResponse/>"});
  auto answer = world_.Run(origin_->Forward({.operation = "GetObjectAttributes",
                                             .bucket = BucketName("bucket"),
                                             .key = ObjectKey("a b"),
                                             .query = {{"attributes", ""}},
                                             .headers = {{"x-amz-object-attributes", "ETag,ObjectSize"}}},
                                            {}));
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->body, "<GetObjectAttributesResponse/>");
  EXPECT_EQ(client_.requests().at(0).url, "http://localhost:9000/bucket/a%20b?attributes=");
  EXPECT_EQ(Sent(0, "x-amz-object-attributes"), "ETag,ObjectSize");
  EXPECT_NE(Sent(0, "Authorization").find("x-amz-object-attributes"), std::string::npos) << Sent(0, "Authorization");
}

TEST_F(S3OriginTest, TheServiceIsAskedForItsBucketsAndAHeadHasNoBody) {
  client_.Add({.body = "<ListAllMyBucketsResult/>"});
  client_.Add({.status = 404});
  auto buckets = world_.Run(origin_->Forward({.operation = "ListBuckets"}, {}));
  ASSERT_TRUE(buckets.has_value()) << buckets.error().ToString();
  EXPECT_EQ(client_.requests().at(0).url, "http://localhost:9000/");
  auto head =
      world_.Run(origin_->Forward({.operation = "HeadBucket", .method = "HEAD", .bucket = BucketName("bucket")}, {}));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 404);
  EXPECT_EQ(client_.requests().at(1).method, "HEAD");
}

TEST_F(S3OriginTest, ARedirectIsNotPassedOn) {
  client_.Add({.status = 307, .headers = {{"Location", "http://elsewhere/"}}});
  const auto answer = world_.Run(origin_->Forward({.operation = "ListObjects", .bucket = BucketName("bucket")}, {}));
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
}

TEST_F(S3OriginTest, AnAnswerLongerThanItMayBeIsNotTaken) {
  ForwardRequest request{.operation = "GetBucketAcl", .bucket = BucketName("bucket"), .bytes_max = 9};
  client_.Add({.body = "<longer/>!"});
  EXPECT_EQ(world_.Run(origin_->Forward(request, {})).error().code(), Code::kUnavailable);
  client_.Add({.body = "<fitting>"});
  EXPECT_TRUE(world_.Run(origin_->Forward(request, {})));
}

TEST_F(S3OriginTest, RequestsThatMakeNoSenseAreNotSent) {
  GetRequest empty_range = Request("k");
  empty_range.range = ByteRange{5, 5};
  EXPECT_EQ(Get(std::move(empty_range)).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Get("").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Head("").error().code(), Code::kInvalidArgument);
  GetRequest other_kind = Request("k");
  other_kind.if_match = Version{VersionKind::kStat, "1-2-3"};
  EXPECT_EQ(Get(std::move(other_kind)).error().code(), Code::kPreconditionFailed);
  EXPECT_TRUE(client_.requests().empty());
}

TEST_F(S3OriginTest, NoErrorHoldsTheSecret) {
  for (const int status : {301, 400, 403, 404, 500}) {
    client_.Add({.status = status, .body = "garbage"});
    EXPECT_EQ(Get("k").error().ToString().find(kSecret), std::string::npos);
  }
}

TEST(MakeS3Origin, BadOptionsNameTheOrigin) {
  ScriptedClient client;
  FixedClock clock;
  EXPECT_NE(
      MakeS3Origin({.name = OriginName("lake"), .endpoint = "nonsense"}, client, clock).error().message().find("lake"),
      std::string::npos);
  EXPECT_NE(MakeS3Origin({.region = "a.b"}, client, clock).error().message().find("region"), std::string::npos);
}

}  // namespace
}  // namespace hearth::origin
