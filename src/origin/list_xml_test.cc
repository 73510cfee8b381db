#include "origin/list_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Query = std::vector<std::pair<std::string, std::string>>;

ListQuery Parse(ListForm form, const Query& query) {
  const auto parsed = ParseListQuery(form, query);
  EXPECT_TRUE(parsed.has_value());
  return parsed.value_or(ListQuery{});
}

TEST(ListXml, ParametersAreReadByTheFormThatTheyBelongTo) {
  const Query all{{"prefix", "p"},          {"delimiter", "/"},          {"marker", "m"},
                  {"start-after", "s"},     {"key-marker", "k"},         {"max-keys", "7"},
                  {"encoding-type", "url"}, {"continuation-token", "t"}, {"fetch-owner", "true"},
                  {"x-id", "ListObjects"}};
  const ListQuery v1 = Parse(ListForm::kV1, all);
  EXPECT_EQ(v1.prefix, "p");
  EXPECT_EQ(v1.delimiter, "/");
  EXPECT_EQ(v1.after, "m");
  EXPECT_FALSE(v1.token);
  EXPECT_EQ(v1.keys_max, 7U);
  EXPECT_TRUE(v1.encode_url);
  const ListQuery v2 = Parse(ListForm::kV2, all);
  EXPECT_EQ(v2.after, "s");
  EXPECT_EQ(v2.token, "t");
  EXPECT_TRUE(v2.fetch_owner);
  EXPECT_EQ(Parse(ListForm::kVersions, all).after, "k");
}

TEST(ListXml, APageHasAThousandKeysAtMostAndByDefault) {
  EXPECT_EQ(Parse(ListForm::kV2, {}).keys_max, 1000U);
  EXPECT_EQ(Parse(ListForm::kV2, {{"max-keys", "2147483647"}}).keys_max, 1000U);
  EXPECT_EQ(Parse(ListForm::kV2, {{"max-keys", "0"}}).keys_max, 0U);
}

TEST(ListXml, ParametersThatMakeNoSenseAre400AsS3SaysIt) {
  for (const Query& query : {Query{{"max-keys", "x"}}, Query{{"max-keys", "-1"}}, Query{{"max-keys", "99999999999"}},
                             Query{{"encoding-type", "base64"}}, Query{{"list-type", "3"}}}) {
    const auto parsed = ParseListQuery(ListForm::kV2, query);
    ASSERT_FALSE(parsed.has_value()) << query.front().first;
    EXPECT_EQ(parsed.error().remote()->status, 400);
    EXPECT_EQ(parsed.error().remote()->code, "InvalidArgument");
  }
}

ObjectListing Sample() {
  return {.objects = {{"a<b>&\"c\"", 5, "\"e1\"", "2026-01-02T03:04:05.000Z"}, {"new\nline \xff+", 6, "\"e2\"", "t"}},
          .prefixes = {"dir one/", "\x01/"},
          .truncated = true,
          .next = "next & more"};
}

TEST(ListXml, WhatIsWrittenWithUrlEncodingIsReadByteByByte) {
  for (const ListForm form : {ListForm::kV1, ListForm::kV2}) {
    const std::string xml = WriteListing(BucketName("b"), {.form = form, .encode_url = true}, Sample());
    const auto read = ParseListing(xml);
    ASSERT_TRUE(read.has_value()) << xml;
    ASSERT_EQ(read->objects.size(), 2U);
    EXPECT_EQ(read->objects[0].key, Sample().objects[0].key);
    EXPECT_EQ(read->objects[1].key, Sample().objects[1].key);
    EXPECT_EQ(read->objects[0].etag, "\"e1\"");
    EXPECT_EQ(read->objects[0].size, 5U);
    EXPECT_EQ(read->objects[0].last_modified, "2026-01-02T03:04:05.000Z");
    EXPECT_THAT(read->prefixes, ElementsAre("dir one/", "\x01/"));
    EXPECT_TRUE(read->truncated);
    EXPECT_EQ(read->next, "next & more");
  }
}

TEST(ListXml, WithoutItXmlHoldsWhatItCan) {
  const std::string xml = WriteListing(BucketName("b"), {}, Sample());
  EXPECT_THAT(xml, HasSubstr("<Key>a&lt;b&gt;&amp;&quot;c&quot;</Key>"));
  EXPECT_THAT(xml, HasSubstr("<Key>new&#10;line \xef\xbf\xbd+</Key>"));
  EXPECT_THAT(xml, HasSubstr("<Prefix>\xef\xbf\xbd/</Prefix>"));
  EXPECT_TRUE(ParseListing(xml).has_value()) << "one odd key does not break the page";
}

TEST(ListXml, EachFormHasItsOwnElements) {
  const ListQuery v2{.after = "s", .token = "t"};
  const std::string second = WriteListing(BucketName("b"), v2, Sample());
  EXPECT_THAT(second, HasSubstr("<StartAfter>s</StartAfter><KeyCount>4</KeyCount>"));
  EXPECT_THAT(second, HasSubstr("<ContinuationToken>t</ContinuationToken>"));
  EXPECT_THAT(second, HasSubstr("<NextContinuationToken>next &amp; more</NextContinuationToken>"));
  EXPECT_THAT(second, Not(HasSubstr("<Owner>")));
  ListQuery owned = v2;
  owned.fetch_owner = true;
  EXPECT_THAT(WriteListing(BucketName("b"), owned, Sample()), HasSubstr("<Owner><ID>"));
  const std::string first = WriteListing(BucketName("b"), {.form = ListForm::kV1, .after = "m"}, Sample());
  EXPECT_THAT(first, HasSubstr("<Marker>m</Marker><NextMarker>next &amp; more</NextMarker>"));
  EXPECT_THAT(first, HasSubstr("<Owner>"));
  EXPECT_THAT(first, Not(HasSubstr("KeyCount")));
  const std::string versions = WriteListing(BucketName("b"), {.form = ListForm::kVersions}, Sample());
  EXPECT_THAT(versions, HasSubstr("<ListVersionsResult"));
  EXPECT_THAT(versions, HasSubstr("<VersionId>null</VersionId><IsLatest>true</IsLatest>"));
}

TEST(ListXml, AnEmptyPageSaysThatItIsTheLast) {
  const std::string xml = WriteListing(BucketName("b"), {}, {});
  EXPECT_THAT(xml, HasSubstr("<KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>"));
  EXPECT_THAT(xml, Not(HasSubstr("Next")));
}

TEST(ListXml, BucketsComeBackToo) {
  const BucketListing listing{
      .buckets = {{"a", "2026-01-02T03:04:05.000Z", "eu-west-1"}, {"b&c", ""}}, .owner_id = "me", .next = "more"};
  const auto read = ParseBuckets(WriteBuckets(listing));
  ASSERT_TRUE(read.has_value());
  ASSERT_EQ(read->buckets.size(), 2U);
  EXPECT_EQ(read->buckets[0].created, "2026-01-02T03:04:05.000Z");
  EXPECT_EQ(read->buckets[0].region, "eu-west-1");
  EXPECT_EQ(read->buckets[1].name, "b&c");
  EXPECT_EQ(read->owner_id, "me");
  EXPECT_EQ(read->next, "more");
}

TEST(ListXml, WhatIsNoListIsAnError) {
  for (const char* xml : {"", "<", "<Error><Code>x</Code></Error>", "garbage", "<ListBucketResult>"}) {
    EXPECT_EQ(ParseBuckets(xml).error().code(), Code::kUnavailable) << xml;
    EXPECT_EQ(ParseListing(xml).error().code(), Code::kUnavailable) << xml;
  }
}

TEST(ListXml, ErrorsAreEscapedAndTimesAreIso) {
  EXPECT_THAT(WriteError("NoSuchKey", "a<b"),
              HasSubstr("<Error><Code>NoSuchKey</Code><Message>a&lt;b</Message></Error>"));
  EXPECT_EQ(FormatIsoTime(WallTime(std::chrono::milliseconds(784'111'777'999))), "1994-11-06T08:49:37.000Z");
}

}  // namespace
}  // namespace hearth::origin
