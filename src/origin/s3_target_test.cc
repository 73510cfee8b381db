#include "origin/s3_target.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

S3Target Locate(std::string_view endpoint, S3Style style, std::string bucket, std::string key) {
  return S3Endpoint::Create(endpoint, style)
      .value()
      .Locate(BucketName(std::move(bucket)), ObjectKey(std::move(key)), "eu-west-1")
      .value();
}

TEST(S3Target, AwsIsTheEndpointOfTheRegion) {
  const S3Target target = Locate("", S3Style::kPath, "bucket", "a/b");
  EXPECT_EQ(target.url, "https://s3.eu-west-1.amazonaws.com/bucket/a/b");
  EXPECT_EQ(target.host, "s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(target.path, "/bucket/a/b");
}

TEST(S3Target, TheServiceIsTheEndpointItself) {
  const S3Target target = S3Endpoint::Create("http://h:9000/base/", S3Style::kVirtual)->LocateService("r").value();
  EXPECT_EQ(target.url, "http://h:9000/base/");
  EXPECT_EQ(target.path, "/base/");
  EXPECT_EQ(S3Endpoint::Create("", S3Style::kPath)->LocateService("eu-west-1")->url,
            "https://s3.eu-west-1.amazonaws.com/");
}

TEST(S3Target, VirtualStylePutsTheBucketBeforeTheHost) {
  const S3Target target = Locate("http://localhost:9000", S3Style::kVirtual, "bucket", "k");
  EXPECT_EQ(target.url, "http://bucket.localhost:9000/k");
  EXPECT_EQ(target.host, "bucket.localhost:9000");
  EXPECT_EQ(target.path, "/k");
}

TEST(S3Target, ABucketThatIsNoHostNameFallsBackToPathStyle) {
  EXPECT_EQ(Locate("https://h", S3Style::kVirtual, "with.dots", "k").url, "https://h/with.dots/k");
  EXPECT_EQ(Locate("http://h", S3Style::kVirtual, "with.dots", "k").url, "http://with.dots.h/k");
  EXPECT_EQ(Locate("http://h", S3Style::kVirtual, "Upper_Case", "k").url, "http://h/Upper_Case/k");
}

TEST(S3Target, KeysAreEncodedOnceAndNeverNormalized) {
  EXPECT_EQ(Locate("http://h", S3Style::kPath, "b", "/a//b/../c/./ +=:(*,@%~\xc3\xa9").path,
            "/b//a//b/../c/./%20%2B%3D%3A%28%2A%2C%40%25~%C3%A9");
  EXPECT_EQ(Locate("http://h", S3Style::kPath, "b", std::string("\0?#", 3)).path, "/b/%00%3F%23");
}

TEST(S3Target, AnEmptyKeyIsTheBucket) {
  EXPECT_EQ(Locate("http://h", S3Style::kPath, "bucket", "").path, "/bucket");
  EXPECT_EQ(Locate("http://h", S3Style::kVirtual, "bucket", "").path, "/");
}

TEST(S3Target, EndpointsKeepTheirBaseAndLoseTheDefaultPort) {
  EXPECT_EQ(Locate("https://h:443/base/", S3Style::kPath, "b", "k").url, "https://h/base/b/k");
  EXPECT_EQ(Locate("http://[::1]:80", S3Style::kPath, "b", "k").url, "http://[::1]/b/k");
  EXPECT_EQ(Locate("http://h:443", S3Style::kPath, "b", "k").host, "h:443");
}

TEST(S3Target, BucketsThatCouldLeadElsewhereAreRefused) {
  const S3Endpoint endpoint = S3Endpoint::Create("http://h", S3Style::kVirtual).value();
  for (const char* bucket : {"", ".", "..", "a/b", "evil.example.com/", "a@b", "a b", "a%2fb", "a\nb"}) {
    const auto target = endpoint.Locate(BucketName(bucket), ObjectKey("k"), "r");
    ASSERT_FALSE(target.has_value()) << bucket;
    EXPECT_EQ(target.error().code(), Code::kInvalidArgument);
    EXPECT_EQ(target.error().remote()->code, "InvalidBucketName");
  }
}

TEST(S3Target, BadEndpointsSayWhatIsWrong) {
  for (const char* url :
       {"localhost:9000", "ftp://h", "http://", "http://user:pass@h", "http://h/?a=b", "http://h x"}) {
    const auto endpoint = S3Endpoint::Create(url, S3Style::kPath);
    ASSERT_FALSE(endpoint.has_value()) << url;
    EXPECT_EQ(endpoint.error().code(), Code::kInvalidArgument);
  }
}

TEST(S3Target, RegionNamesAreFitForAHostName) {
  EXPECT_TRUE(IsRegionName("eu-west-1"));
  for (const char* bad : {"", "a.b", "a/b", "x@y", "0123456789012345678901234567890123"})
    EXPECT_FALSE(IsRegionName(bad)) << bad;
}

}  // namespace
}  // namespace hearth::origin
