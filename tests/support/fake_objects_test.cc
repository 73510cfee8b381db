#include "support/fake_objects.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::sim {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Query = std::vector<std::pair<std::string, std::string>>;

class FakeObjectsTest : public testing::Test {
 protected:
  std::string List(Query query) const {
    return objects_.Forward({.operation = "ListObjectsV2", .bucket = BucketName("b"), .query = std::move(query)}).body;
  }
  // Texts of all elements `name`, in order.
  static std::vector<std::string> Elements(const std::string& xml, const std::string& name) {
    std::vector<std::string> found;
    const std::string open = "<" + name + ">";
    for (std::size_t at = xml.find(open); at != std::string::npos; at = xml.find(open, at)) {
      at += open.size();
      found.push_back(xml.substr(at, xml.find('<', at) - at));
    }
    return found;
  }

  FakeObjects objects_;
};

TEST_F(FakeObjectsTest, VersionsCountUpAlsoAcrossADelete) {
  EXPECT_EQ(objects_.Put("b", "k", {.size = 10}), 1u);
  EXPECT_EQ(objects_.Put("b", "k", {.size = 20}), 2u);
  EXPECT_EQ(objects_.Resolve("b", "k", "")->size, 20u);
  objects_.Delete("b", "k");
  EXPECT_EQ(objects_.Resolve("b", "k", "").error().remote()->code, "NoSuchKey");
  EXPECT_EQ(objects_.Resolve("b", "k", "v1")->size, 10u);
  EXPECT_EQ(objects_.Put("b", "k", {.size = 30}), 3u);
  EXPECT_EQ(objects_.Resolve("b", "k", "")->number, 3u);
}

TEST_F(FakeObjectsTest, WhatIsMissingHasS3sNames) {
  EXPECT_EQ(objects_.Resolve("b", "k", "").error().remote()->code, "NoSuchBucket");
  objects_.Put("b", "k", {});
  EXPECT_EQ(objects_.Resolve("b", "other", "").error().remote()->code, "NoSuchKey");
  EXPECT_EQ(objects_.Resolve("b", "k", "v2").error().remote()->code, "NoSuchVersion");
  EXPECT_EQ(objects_.Resolve("c", "k", "").error().remote()->code, "NoSuchBucket");
  EXPECT_EQ(objects_.Forward({.operation = "ListObjectsV2", .bucket = BucketName("c")}).status, 404);
}

TEST_F(FakeObjectsTest, AListingHoldsTheKeysOfTheBucketThatBeginWithThePrefix) {
  for (const char* key : {"a/1", "a/2", "b", "c&d"}) objects_.Put("b", key, {.size = 7});
  objects_.Put("other", "x", {});
  objects_.Put("b", "gone", {});
  objects_.Delete("b", "gone");
  EXPECT_THAT(Elements(List({}), "Key"), ElementsAre("a/1", "a/2", "b", "c&amp;d"));
  EXPECT_THAT(Elements(List({{"prefix", "a/"}}), "Key"), ElementsAre("a/1", "a/2"));
  EXPECT_THAT(Elements(List({{"start-after", "a/2"}}), "Key"), ElementsAre("b", "c&amp;d"));
  EXPECT_THAT(List({}), HasSubstr("<Size>7</Size>"));
}

TEST_F(FakeObjectsTest, PagesTogetherHoldEveryKeyAndGroupOnce) {
  for (const char* key : {"a/1", "a/2", "b", "c/1", "c/2", "d"}) objects_.Put("b", key, {});
  for (const char* size : {"1", "2", "3", "10"}) {
    std::vector<std::string> seen;
    std::string token;
    while (true) {
      const std::string page = List({{"delimiter", "/"}, {"max-keys", size}, {"continuation-token", token}});
      for (const std::string& group : Elements(page, "CommonPrefixes><Prefix")) seen.push_back(group);
      for (const std::string& key : Elements(page, "Key")) seen.push_back(key);
      if (Elements(page, "IsTruncated") == std::vector<std::string>{"false"}) break;
      token = Elements(page, "NextContinuationToken").at(0);
    }
    EXPECT_THAT(seen, testing::UnorderedElementsAre("a/", "b", "c/", "d")) << size << " a page";
  }
}

TEST_F(FakeObjectsTest, BucketsAreThereOnceAndOtherOperationsAreNot) {
  for (const char* bucket : {"b", "a", "b"}) objects_.Put(bucket, "k", {});
  objects_.Put("b", "l", {});
  EXPECT_THAT(Elements(objects_.Forward({.operation = "ListBuckets"}).body, "Name"), ElementsAre("a", "b"));
  EXPECT_EQ(objects_.Forward({.operation = "HeadBucket", .bucket = BucketName("b")}).status, 200);
  EXPECT_EQ(objects_.Forward({.operation = "HeadBucket", .bucket = BucketName("c")}).status, 404);
  EXPECT_EQ(objects_.Forward({.operation = "GetBucketAcl", .bucket = BucketName("b")}).status, 501);
}

TEST(HttpDate, IsAnImfFixdate) {
  EXPECT_EQ(HttpDate(WallTime(std::chrono::seconds(784'111'777))), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace hearth::sim
