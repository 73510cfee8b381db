#include "front/web/s3_error.h"

#include <gtest/gtest.h>

#include "front/web/exchange_for_test.h"
#include "support/sim_executor.h"

namespace hearth::front {
namespace {

TEST(S3Error, KeepsTheOriginsOwnStatusCodeAndWords) {
  const S3Error error = ToS3Error(Error(Code::kUnavailable, "ours", {507, "StorageFull", "theirs"}));
  EXPECT_EQ(error.status, 507);
  EXPECT_EQ(error.code, "StorageFull");
  EXPECT_EQ(error.message, "theirs");
}

TEST(S3Error, NamesAnOriginsStatusWithoutCodeByItself) {
  EXPECT_EQ(ToS3Error(Error(Code::kNotFound, "x", {404, "", ""})).code, "NoSuchKey");
  EXPECT_EQ(ToS3Error(Error(Code::kPermissionDenied, "x", {403, "", ""})).code, "AccessDenied");
  EXPECT_EQ(ToS3Error(Error(Code::kUnavailable, "x", {500, "", ""})).code, "InternalError");
}

TEST(S3Error, MapsCodesWhereNoOriginAnswered) {
  EXPECT_EQ(ToS3Error(Error(Code::kNotFound, "m")).status, 404);
  EXPECT_EQ(ToS3Error(Error(Code::kPreconditionFailed, "m")).status, 412);
  EXPECT_EQ(ToS3Error(Error(Code::kThrottled, "m")).code, "SlowDown");
  EXPECT_EQ(ToS3Error(Error(Code::kUnavailable, "m")).status, 503);
  EXPECT_EQ(ToS3Error(Error(Code::kDeadlineExceeded, "m")).status, 503);
  EXPECT_EQ(ToS3Error(Error(Code::kInternal, "m")).status, 500);
}

TEST(S3Error, AStatusThatIsNoErrorIsNotPassedOn) {
  EXPECT_EQ(ToS3Error(Error(Code::kUnavailable, "redirected", {302, "Found", ""})).status, 503);
}

TEST(S3Error, TheDocumentNamesResourceAndRequestAndEscapesWhatItShows) {
  sim::SimWorld world(1);
  FakeExchange exchange(world.main(), "GET", "/b/<k>&\"");
  ReplyError(exchange, {503, "SlowDown", "a < b\x01"});
  EXPECT_EQ(exchange.status, 503);
  EXPECT_EQ(exchange.AnswerHeader("Retry-After"), "1");
  EXPECT_NE(exchange.body.find("<Resource>/b/&lt;k&gt;&amp;&quot;</Resource>"), std::string::npos) << exchange.body;
  EXPECT_NE(exchange.body.find("<Message>a &lt; b?</Message>"), std::string::npos) << exchange.body;
  EXPECT_NE(exchange.body.find("<RequestId>0123456789ABCDEF</RequestId>"), std::string::npos);
}

}  // namespace
}  // namespace hearth::front
