#include "origin/origin_url.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

std::string ProblemOf(std::string_view url) {
  const auto spec = ParseOriginUrl(url);
  EXPECT_FALSE(spec.has_value()) << url;
  return spec.has_value() ? "" : spec.error().message();
}

TEST(OriginUrl, TheBareCloudsNeedNothingElse) {
  EXPECT_EQ(ParseOriginUrl("s3").value(), (OriginSpec{.name = "s3"}));
  EXPECT_EQ(ParseOriginUrl("gs").value(), (OriginSpec{.type = OriginType::kGs, .name = "gs"}));
}

TEST(OriginUrl, AnEndpointFollowsTheKind) {
  EXPECT_EQ(ParseOriginUrl("s3+http://localhost:9000").value(),
            (OriginSpec{.name = "s3", .endpoint = "http://localhost:9000"}));
  EXPECT_EQ(ParseOriginUrl("s3+https://minio.example.com/").value().endpoint, "https://minio.example.com");
  EXPECT_EQ(ParseOriginUrl("gs+http://[::1]:4443").value().endpoint, "http://[::1]:4443");
  EXPECT_EQ(ParseOriginUrl("https://host/base/of/it").value(),
            (OriginSpec{.type = OriginType::kHttp, .name = "http", .endpoint = "https://host/base/of/it"}));
}

TEST(OriginUrl, AFileOriginIsAnAbsoluteDirectory) {
  EXPECT_EQ(ParseOriginUrl("file:///srv/my%20data/?name=local").value(),
            (OriginSpec{.type = OriginType::kFile, .name = "local", .directory = "/srv/my data"}));
  EXPECT_EQ(ParseOriginUrl("file:///").value().directory, "/");
}

TEST(OriginUrl, ParametersSayTheRest) {
  EXPECT_EQ(ParseOriginUrl("s3+http://h:1?name=lake&region=eu-west-1&buckets=a*,b&style=virtual&credentials=profile:x")
                .value(),
            (OriginSpec{.name = "lake",
                        .endpoint = "http://h:1",
                        .region = "eu-west-1",
                        .buckets = {"a*", "b"},
                        .style = S3Style::kVirtual,
                        .credentials = {CredentialsChoice::Kind::kProfile, "x"}}));
}

TEST(OriginUrl, EverythingThatIsWrongIsSaidAtOnce) {
  const std::string problem =
      ProblemOf("s3?name=a/b&region=x.y&buckets=a,,b&style=dns&credentials=maybe&regoin=r&name=c");
  for (const char* part :
       {"name \"a/b\"", "region \"x.y\"", "empty pattern", "style \"dns\"", "credentials \"maybe\"",
        "parameter \"regoin\": type s3 has name, region, buckets, style, credentials", "name comes twice"}) {
    EXPECT_NE(problem.find(part), std::string::npos) << part << " in " << problem;
  }
}

TEST(OriginUrl, UnknownKindsNameTheKnownOnes) {
  for (const char* url :
       {"", "S3", "ftp://host", "s3://bucket", "gs://b", "localhost:9000", "/srv/data", "file", "http"}) {
    EXPECT_NE(ProblemOf(url).find("allowed are s3, gs,"), std::string::npos) << url;
  }
}

TEST(OriginUrl, PlacesThatMakeNoSenseAreRefused) {
  EXPECT_NE(ProblemOf("file://relative/dir").find("absolute"), std::string::npos);
  EXPECT_NE(ProblemOf("file:///a%zz").find("hex"), std::string::npos);
  EXPECT_NE(ProblemOf("s3+http://h/path").find("without a path"), std::string::npos);
  EXPECT_NE(ProblemOf("s3+http://").find("host[:port]"), std::string::npos);
}

TEST(OriginUrl, ParametersOfOtherTypesAreRefusedByName) {
  EXPECT_NE(ProblemOf("file:///d?region=r").find("type file has name, buckets"), std::string::npos);
  EXPECT_NE(ProblemOf("http://h?buckets=b").find("type http has name"), std::string::npos);
  EXPECT_NE(ProblemOf("gs?style=path").find("type gs has name, buckets, credentials"), std::string::npos);
}

TEST(OriginUrl, APasswordInItIsRefusedAndNotRepeated) {
  const std::string problem = ProblemOf("s3+http://me:hunter2@host");
  EXPECT_EQ(problem.find("hunter2"), std::string::npos) << problem;
  EXPECT_NE(problem.find("no user or password"), std::string::npos) << problem;
}

}  // namespace
}  // namespace hearth::origin
