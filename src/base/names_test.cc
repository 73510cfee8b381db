#include "base/names.h"

#include <string>
#include <type_traits>

#include <gtest/gtest.h>

namespace hearth {
namespace {

// One kind of name cannot stand for another.
static_assert(!std::is_convertible_v<BucketName, ObjectKey>);
static_assert(!std::is_constructible_v<ObjectKey, BucketName>);
static_assert(!std::is_convertible_v<std::string, ObjectKey>);

TEST(ETag, IsStrongWhenQuotedAndNotEmpty) {
  EXPECT_TRUE(IsStrong(ETag("\"abc\"")));
  EXPECT_TRUE(IsStrong(ETag("\"d41d8cd98f00b204e9800998ecf8427e-12\"")));
}

TEST(ETag, IsNotStrongWhenWeakBareOrEmpty) {
  EXPECT_FALSE(IsStrong(ETag("W/\"abc\"")));
  EXPECT_FALSE(IsStrong(ETag("abc")));
  EXPECT_FALSE(IsStrong(ETag("\"\"")));
  EXPECT_FALSE(IsStrong(ETag("\"")));
  EXPECT_FALSE(IsStrong(ETag("")));
  EXPECT_FALSE(IsStrong(ETag("\"abc")));
  EXPECT_FALSE(IsStrong(ETag("abc\"")));
}

TEST(ObjectId, UrlHasTheBytesAsTheyAre) {
  const std::string key("a b/../%41\0\xff?x=1#y", 18);
  const ObjectId object{OriginName("s3"), BucketName("b"), ObjectKey(key)};
  EXPECT_EQ(object.Url(), "s3://b/" + key);
}

TEST(ObjectId, IsTheSameOnlyWhenAllPartsAre) {
  const ObjectId object{OriginName("s3"), BucketName("b"), ObjectKey("k")};
  EXPECT_EQ(object, (ObjectId{OriginName("s3"), BucketName("b"), ObjectKey("k")}));
  EXPECT_NE(object, (ObjectId{OriginName("gs"), BucketName("b"), ObjectKey("k")}));
  EXPECT_NE(object, (ObjectId{OriginName("s3"), BucketName("c"), ObjectKey("k")}));
  EXPECT_NE(object, (ObjectId{OriginName("s3"), BucketName("b"), ObjectKey("K")}));
}

TEST(Version, SaysItsKindInFront) {
  EXPECT_EQ((Version{VersionKind::kETag, "\"a\""}.ToString()), "etag:\"a\"");
  EXPECT_EQ((Version{VersionKind::kGeneration, "17"}.ToString()), "generation:17");
  EXPECT_EQ((Version{VersionKind::kStat, "1-2-3-4-5"}.ToString()), "stat:1-2-3-4-5");
  EXPECT_EQ(Version{}.ToString(), "none:");
}

TEST(Version, OfNoKindIsNeverCached) {
  EXPECT_FALSE(Version{}.cacheable());
  EXPECT_TRUE((Version{VersionKind::kETag, "\"a\""}.cacheable()));
}

TEST(Version, OfAnotherKindIsAnother) {
  EXPECT_NE((Version{VersionKind::kETag, "17"}), (Version{VersionKind::kGeneration, "17"}));
}

}  // namespace
}  // namespace hearth
