#include "origin/s3_answer.h"

#include <gtest/gtest.h>

#include <limits>

namespace hearth::origin {
namespace {

http::ClientAnswer Answer(int status, http::HeaderList headers, std::optional<std::uint64_t> length) {
  http::ClientAnswer answer;
  answer.status = status;
  answer.headers = std::move(headers);
  answer.content_length = length;
  return answer;
}

GetRequest Whole() {
  return {.bucket = BucketName("b"), .key = ObjectKey("k"), .range = {}, .if_match = {}, .version_id = {}};
}
GetRequest Range(std::uint64_t begin, std::uint64_t end) {
  GetRequest request = Whole();
  request.range = ByteRange{begin, end};
  return request;
}
GetRequest IfMatch(GetRequest request, std::string etag) {
  request.if_match = Version{VersionKind::kETag, std::move(etag)};
  return request;
}

Code ReadCode(const GetRequest& request, const http::ClientAnswer& answer) {
  const auto get = ReadGetAnswer(request, answer);
  EXPECT_FALSE(get.has_value());
  return get.has_value() ? Code::kInternal : get.error().code();
}

TEST(S3Answer, AWholeObjectHasItsMetadata) {
  const auto get = ReadGetAnswer(Whole(), Answer(200,
                                                 {{"x-amz-id-2", "no"},
                                                  {"Last-Modified", "Fri, 24 May 2013 00:00:00 GMT"},
                                                  {"ETag", "\"e\""},
                                                  {"x-amz-version-id", "v1"},
                                                  {"Content-Type", "text/plain"},
                                                  {"X-Amz-Meta-Colour", "blue"},
                                                  {"x-amz-checksum-crc32c", "AAAAAA=="},
                                                  {"x-amz-server-side-encryption-aws-kms-key-id", "id"},
                                                  {"Content-Length", "10"},
                                                  {"Date", "now"},
                                                  {"Connection", "keep-alive"},
                                                  {"Accept-Ranges", "bytes"},
                                                  {"Cache-Control", "no-cache"}},
                                                 10));
  ASSERT_TRUE(get.has_value());
  EXPECT_EQ(get->range, (ByteRange{0, 10}));
  EXPECT_EQ(get->skip, 0u);
  EXPECT_EQ(get->meta.size, 10u);
  EXPECT_EQ(get->meta.version, (Version{VersionKind::kETag, "\"e\""}));
  EXPECT_EQ(get->meta.etag, ETag("\"e\""));
  EXPECT_EQ(get->meta.last_modified, "Fri, 24 May 2013 00:00:00 GMT");
  EXPECT_EQ(get->meta.version_id, "v1");
  EXPECT_FALSE(get->meta.uncacheable);
  EXPECT_EQ(get->meta.headers, (Headers{{"Content-Type", "text/plain"},
                                        {"X-Amz-Meta-Colour", "blue"},
                                        {"x-amz-checksum-crc32c", "AAAAAA=="},
                                        {"x-amz-server-side-encryption-aws-kms-key-id", "id"},
                                        {"Cache-Control", "no-cache"}}));
}

TEST(S3Answer, APartHasTheWholeSizeAndNoChecksum) {
  const auto get = ReadGetAnswer(
      Range(10, 20),
      Answer(206, {{"Content-Range", "bytes 10-19/1000"}, {"ETag", "\"e\""}, {"x-amz-checksum-sha256", "x"}}, 10));
  ASSERT_TRUE(get.has_value());
  EXPECT_EQ(get->range, (ByteRange{10, 20}));
  EXPECT_EQ(get->meta.size, 1000u);
  EXPECT_TRUE(get->meta.headers.empty());
}

TEST(S3Answer, APartOfAnUploadLiesWhereTheServerSays) {
  GetRequest request = Whole();
  request.part_number = 2;
  const auto get = ReadGetAnswer(request, Answer(206, {{"ETag", "\"e\""}, {"Content-Range", "bytes 5-9/12"}}, 5));
  ASSERT_TRUE(get.has_value());
  EXPECT_EQ(get->range, (ByteRange{5, 10}));
  EXPECT_EQ(get->meta.size, 12u);
  EXPECT_EQ(ReadCode(request, Answer(206, {{"Content-Range", "bytes 5-9/12"}}, 6)), Code::kUnavailable);
  EXPECT_EQ(ReadCode(request, Answer(200, {{"ETag", "\"e\""}}, 12)), Code::kUnavailable) << "all of it is not part 2";
}

TEST(S3Answer, ARangePastTheEndIsClipped) {
  const auto get = ReadGetAnswer(Range(990, 2000), Answer(206, {{"Content-Range", "bytes 990-999/1000"}}, 10));
  ASSERT_TRUE(get.has_value());
  EXPECT_EQ(get->range, (ByteRange{990, 1000}));
}

TEST(S3Answer, ARangeThatDoesNotFitIsALie) {
  for (const char* content_range :
       {"bytes 10-18/1000", "bytes 11-20/1000", "bytes 0-9/1000", "bytes 10-19/15", "bytes 10-19/*", "bytes */1000",
        "items 10-19/1000", "bytes 10-19/1000 ", "bytes 19-10/1000", "bytes 10-/1000",
        "bytes 10-19/99999999999999999999999", "", "bytes=10-19/1000"}) {
    EXPECT_EQ(ReadCode(Range(10, 20), Answer(206, {{"Content-Range", content_range}}, 10)), Code::kUnavailable)
        << content_range;
  }
  EXPECT_EQ(ReadCode(Range(10, 20), Answer(206, {}, 10)), Code::kUnavailable);
  EXPECT_EQ(ReadCode(Range(10, 20), Answer(206, {{"Content-Range", "bytes 10-19/1000"}}, 9)), Code::kUnavailable);
  EXPECT_EQ(ReadCode(Whole(), Answer(206, {{"Content-Range", "bytes 0-9/10"}}, 10)), Code::kUnavailable);
}

TEST(S3Answer, AWholeObjectForARangeIsSliced) {
  const auto get = ReadGetAnswer(Range(10, 20), Answer(200, {{"ETag", "\"e\""}}, 15));
  ASSERT_TRUE(get.has_value());
  EXPECT_EQ(get->range, (ByteRange{10, 15}));
  EXPECT_EQ(get->skip, 10u);
  EXPECT_EQ(get->meta.size, 15u);
}

TEST(S3Answer, AWholeObjectForARangePastItsEndIs416) {
  const auto get = ReadGetAnswer(Range(15, 20), Answer(200, {{"ETag", "\"e\""}}, 15));
  ASSERT_FALSE(get.has_value());
  EXPECT_EQ(get.error().code(), Code::kInvalidArgument);
  ASSERT_NE(get.error().remote(), nullptr);
  EXPECT_EQ(get.error().remote()->status, 416);
}

TEST(S3Answer, AWholeObjectForARangeFarInsideIsNoUse) {
  EXPECT_EQ(ReadCode(Range(kSkipBytesMax + 1, kSkipBytesMax + 2), Answer(200, {}, kSkipBytesMax * 2)),
            Code::kUnavailable);
}

TEST(S3Answer, NoLengthIsNoUse) {
  EXPECT_EQ(ReadCode(Whole(), Answer(200, {{"ETag", "\"e\""}}, std::nullopt)), Code::kUnavailable);
  EXPECT_EQ(ReadHeadAnswer({}, Answer(200, {}, std::nullopt)).error().code(), Code::kUnavailable);
}

TEST(S3Answer, AWeakOrMissingETagIsNoVersion) {
  for (const char* etag : {"W/\"e\"", "e", "\"\"", ""}) {
    const auto meta = ReadHeadAnswer({}, Answer(200, {{"ETag", etag}}, 1));
    ASSERT_TRUE(meta.has_value());
    EXPECT_EQ(meta->version, Version{}) << etag;
    EXPECT_TRUE(meta->uncacheable) << etag;
    EXPECT_EQ(meta->etag.value, etag);
  }
  EXPECT_TRUE(ReadHeadAnswer({}, Answer(200, {}, 1))->uncacheable);
}

TEST(S3Answer, AnotherVersionIsAFailedPreconditionEvenWith200) {
  EXPECT_TRUE(ReadGetAnswer(IfMatch(Whole(), "\"e\""), Answer(200, {{"ETag", "\"e\""}}, 1)).has_value());
  EXPECT_EQ(ReadCode(IfMatch(Whole(), "\"e\""), Answer(200, {{"ETag", "\"f\""}}, 1)), Code::kPreconditionFailed);
  EXPECT_EQ(ReadCode(IfMatch(Whole(), "\"e\""), Answer(200, {{"ETag", "W/\"e\""}}, 1)), Code::kPreconditionFailed);
  EXPECT_EQ(ReadCode(IfMatch(Whole(), "\"e\""), Answer(200, {}, 1)), Code::kPreconditionFailed);
  EXPECT_EQ(
      ReadCode(IfMatch(Range(0, 1), "\"e\""), Answer(206, {{"Content-Range", "bytes 0-0/9"}, {"ETag", "\"f\""}}, 1)),
      Code::kPreconditionFailed);
}

TEST(S3Answer, ADateThatIsNoneIsNotShown) {
  EXPECT_EQ(ReadHeadAnswer({}, Answer(200, {{"Last-Modified", "yesterday"}}, 1))->last_modified, "");
}

TEST(S3Answer, StatusAndCodeDecideTheError) {
  const auto code = [](int status, std::string s3_code = "") {
    return ReadErrorAnswer(status, {s3_code, "", ""}).code();
  };
  EXPECT_EQ(code(404), Code::kNotFound);
  EXPECT_EQ(code(403), Code::kPermissionDenied);
  EXPECT_EQ(code(401), Code::kUnauthenticated);
  EXPECT_EQ(code(400, "ExpiredToken"), Code::kUnauthenticated);
  EXPECT_EQ(code(400), Code::kInvalidArgument);
  EXPECT_EQ(code(405), Code::kInvalidArgument);
  EXPECT_EQ(code(412), Code::kPreconditionFailed);
  EXPECT_EQ(code(416), Code::kInvalidArgument);
  EXPECT_EQ(code(429), Code::kThrottled);
  EXPECT_EQ(code(503, "SlowDown"), Code::kThrottled);
  EXPECT_EQ(code(503), Code::kUnavailable);
  EXPECT_EQ(code(500), Code::kUnavailable);
  EXPECT_EQ(code(301), Code::kUnavailable);
  EXPECT_EQ(code(304), Code::kUnavailable);
  EXPECT_EQ(code(204), Code::kUnavailable);
}

TEST(S3Answer, AnErrorKeepsTheOriginsOwnWords) {
  const Error error = ReadErrorAnswer(404, {"NoSuchKey", "The specified key does not exist.", ""});
  ASSERT_NE(error.remote(), nullptr);
  EXPECT_EQ(error.remote()->status, 404);
  EXPECT_EQ(error.remote()->code, "NoSuchKey");
  EXPECT_EQ(error.remote()->message, "The specified key does not exist.");
  EXPECT_EQ(error.message(), "404 NoSuchKey: The specified key does not exist.");
}

TEST(S3Answer, RangesAreClosedInTheHeader) {
  EXPECT_EQ(RangeHeader({0, 1}), "bytes=0-0");
  EXPECT_EQ(RangeHeader({5, 10}), "bytes=5-9");
  EXPECT_EQ(RangeHeader({5, std::numeric_limits<std::uint64_t>::max()}), "bytes=5-");
}

TEST(ReadAnswer, AnotherVersionThanWasNamedIsALie) {
  HeadRequest head{.bucket = BucketName("b"), .key = ObjectKey("k"), .version_id = "V1"};
  EXPECT_TRUE(ReadHeadAnswer(head, Answer(200, {{"ETag", "\"a\""}, {"x-amz-version-id", "V1"}}, 1)));
  EXPECT_EQ(ReadHeadAnswer(head, Answer(200, {{"ETag", "\"a\""}, {"x-amz-version-id", "V2"}}, 1)).error().code(),
            Code::kUnavailable);
  const auto silent = ReadHeadAnswer(head, Answer(200, {{"ETag", "\"a\""}}, 1));
  ASSERT_TRUE(silent);
  EXPECT_TRUE(silent->uncacheable) << "it may not have looked at the id";
}

TEST(ReadAnswer, AnObjectLargerThanAnyIsALie) {
  EXPECT_TRUE(ReadHeadAnswer({}, Answer(200, {{"ETag", "\"a\""}}, kObjectBytesMax)));
  EXPECT_EQ(ReadHeadAnswer({}, Answer(200, {{"ETag", "\"a\""}}, std::uint64_t{1} << 62)).error().code(),
            Code::kUnavailable);
}

}  // namespace
}  // namespace hearth::origin
