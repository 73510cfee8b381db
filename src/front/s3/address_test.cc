#include "front/s3/address.h"

#include <gtest/gtest.h>

namespace hearth::front {
namespace {

const std::vector<std::string> kHosts = {"cache.example.com"};

Address Parse(std::string_view host, std::string_view path) {
  const Result<Address> address = ParseAddress(host, path, kHosts);
  EXPECT_TRUE(address.has_value()) << path;
  return address.value_or(Address{});
}

TEST(Address, PathStyleTakesTheFirstComponentAsTheBucketAndTheRestAsOpaqueKey) {
  const Address address = Parse("127.0.0.1", "/b/a//c/%2e%2e/d%00%ff+");
  EXPECT_EQ(address.bucket.value, "b");
  EXPECT_EQ(address.key.value, std::string("a//c/../d\0\xff+", 12));
  EXPECT_EQ(address.scope, Scope::kObject);
}

TEST(Address, AnEncodedSlashIsPartOfTheKey) { EXPECT_EQ(Parse("h", "/b/x%2Fy").key.value, "x/y"); }

TEST(Address, ABucketAloneWithOrWithoutSlashIsTheBucket) {
  EXPECT_EQ(Parse("h", "/b").scope, Scope::kBucket);
  EXPECT_EQ(Parse("h", "/b/").scope, Scope::kBucket);
  EXPECT_EQ(Parse("h", "/").scope, Scope::kService);
}

TEST(Address, AHostOfOursCarriesTheBucket) {
  EXPECT_EQ(Parse("b.cache.example.com", "/k").bucket.value, "b");
  EXPECT_EQ(Parse("my.dotted.Cache.Example.com", "/k").bucket.value, "my.dotted");
  EXPECT_EQ(Parse("b.localhost", "/a/k").key.value, "a/k");
  EXPECT_EQ(Parse("b.localhost", "/").scope, Scope::kBucket);
}

TEST(Address, AnyOtherHostMeansPathStyle) {
  EXPECT_EQ(Parse("cache.example.com", "/b/k").bucket.value, "b");
  EXPECT_EQ(Parse("bcache.example.com", "/b/k").bucket.value, "b");
  EXPECT_EQ(Parse("s3.amazonaws.com", "/b/k").bucket.value, "b");
}

TEST(Address, ReservedBucketsAndBrokenEncodingAreRefused) {
  EXPECT_FALSE(ParseAddress("h", "/_x/k", kHosts).has_value());
  EXPECT_FALSE(ParseAddress("_x.localhost", "/k", kHosts).has_value());
  EXPECT_FALSE(ParseAddress("h", "/b/%zz", kHosts).has_value());
  EXPECT_FALSE(ParseAddress("h", "/b%/k", kHosts).has_value());
}

}  // namespace
}  // namespace hearth::front
