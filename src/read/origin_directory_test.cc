#include "read/origin_directory.h"

#include <gtest/gtest.h>

namespace hearth::read {
namespace {

OriginEntry Entry(std::string name, OriginType type, std::vector<std::string> buckets) {
  return {OriginName(std::move(name)), type, std::move(buckets), nullptr};
}

OriginDirectory Directory(std::vector<OriginEntry> entries) { return OriginDirectory(std::move(entries)); }

template <typename... Entries>
OriginDirectory Of(Entries... entries) {
  std::vector<OriginEntry> list;
  (list.push_back(std::move(entries)), ...);
  return Directory(std::move(list));
}

std::string NameFor(const OriginDirectory& directory, std::string_view url) {
  const auto located = directory.Locate(url);
  return located ? located->entry->name.value : std::string(CodeName(located.error().code()));
}

TEST(OriginDirectory, ABucketBelongsToTheFirstOriginThatMatches) {
  const OriginDirectory directory = Of(Entry("a", OriginType::kS3, {"logs-*"}), Entry("b", OriginType::kFile, {"*"}));
  EXPECT_EQ(directory.ForBucket(BucketName("logs-1"))->name.value, "a");
  EXPECT_EQ(directory.ForBucket(BucketName("other"))->name.value, "b");
  EXPECT_EQ(Of(Entry("a", OriginType::kS3, {"x"})).ForBucket(BucketName("y")), nullptr);
}

TEST(OriginDirectory, ACanonicalUrlNamesItsOrigin) {
  const OriginDirectory directory = Of(Entry("a", OriginType::kS3, {"*"}), Entry("b", OriginType::kFile, {"models"}));
  const auto located = directory.Locate("b://models/dir//k?x=%20");
  ASSERT_TRUE(located);
  EXPECT_EQ(located->entry->name.value, "b");
  EXPECT_EQ(located->object.Url(), "b://models/dir//k?x=%20") << "keys are opaque";
  EXPECT_EQ(NameFor(directory, "b://other/k"), "permission_denied") << "outside of that origin's buckets";
  EXPECT_EQ(NameFor(directory, "c://models/k"), "permission_denied");
}

TEST(OriginDirectory, APrefixMayBeEmptyAndSoMayTheBucket) {
  const OriginDirectory directory = Of(Entry("a", OriginType::kS3, {"x"}), Entry("b", OriginType::kFile, {"*"}));
  EXPECT_EQ(directory.LocatePrefix("b://models")->object.bucket.value, "models");
  EXPECT_EQ(directory.LocatePrefix("b://models/")->object.key.value, "");
  EXPECT_EQ(directory.LocatePrefix("b://models/d/")->object.Url(), "b://models/d/");
  EXPECT_EQ(directory.LocatePrefix("b://")->entry->name.value, "b");
  EXPECT_EQ(directory.LocatePrefix("s3://")->entry->name.value, "a");
  EXPECT_EQ(directory.LocatePrefix("gs://").error().code(), Code::kPermissionDenied);
  EXPECT_EQ(directory.LocatePrefix("a://other/").error().code(), Code::kPermissionDenied);
  EXPECT_EQ(directory.LocatePrefix("b:///k").error().code(), Code::kInvalidArgument);
  for (const char* url : {"b://", "b://models", "b://models/"}) {
    EXPECT_EQ(directory.Locate(url).error().code(), Code::kInvalidArgument) << url;
  }
}

TEST(OriginDirectory, S3AndGsStandForTheFirstOriginOfTheirTypeThatMatches) {
  const OriginDirectory directory =
      Of(Entry("files", OriginType::kFile, {"*"}), Entry("minio", OriginType::kS3, {"logs"}),
         Entry("aws", OriginType::kS3, {"*"}), Entry("google", OriginType::kGs, {"*"}));
  EXPECT_EQ(NameFor(directory, "s3://logs/k"), "minio");
  EXPECT_EQ(NameFor(directory, "s3://other/k"), "aws");
  EXPECT_EQ(NameFor(directory, "gs://other/k"), "google");
  EXPECT_EQ(directory.Locate("s3://logs/k")->object.origin.value, "minio");
}

TEST(OriginDirectory, AnOriginThatIsCalledS3IsMeantAlone) {
  const OriginDirectory directory = Of(Entry("s3", OriginType::kS3, {"mine"}), Entry("other", OriginType::kS3, {"*"}));
  EXPECT_EQ(NameFor(directory, "s3://mine/k"), "s3");
  EXPECT_EQ(NameFor(directory, "s3://theirs/k"), "permission_denied");
}

TEST(OriginDirectory, WhatIsNoObjectUrlIsRefused) {
  const OriginDirectory directory = Of(Entry("s3", OriginType::kS3, {"*"}));
  for (const char* url : {"", "s3", "s3:/b/k", "://b/k", "s3://", "s3://b", "s3://b/", "s3:///k"}) {
    EXPECT_EQ(NameFor(directory, url), "invalid_argument") << url;
  }
}

}  // namespace
}  // namespace hearth::read
