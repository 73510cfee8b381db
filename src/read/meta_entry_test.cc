#include "read/meta_entry.h"

#include <gtest/gtest.h>

#include "golden/golden.h"

namespace hearth::read {
namespace {

origin::ObjectMeta FullMeta() {
  return {.version = {VersionKind::kETag, "\"e\""},
          .size = 12345,
          .etag = ETag("\"e\""),
          .last_modified = "Fri, 24 May 2013 00:00:00 GMT",
          .version_id = "v1",
          .headers = {{"Content-Type", "text/plain"}, {"X-Amz-Checksum-CRC32C", "AAAAAA=="}, {"x-amz-meta-n", ""}}};
}

MetaRecord FullRecord() {
  return {.key = {{OriginName("s3"), BucketName("b"), ObjectKey(std::string("k\0\xff", 3))}, "label:v1"},
          .meta = FullMeta(),
          .fetched = WallTime(std::chrono::microseconds(1'767'225'600'000'001))};
}

void ExpectSame(const MetaRecord& a, const MetaRecord& b) {
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.fetched, b.fetched);
  ASSERT_EQ(a.meta.has_value(), b.meta.has_value());
  if (!a.meta) return;
  EXPECT_EQ(a.meta->version, b.meta->version);
  EXPECT_EQ(a.meta->size, b.meta->size);
  EXPECT_EQ(a.meta->etag, b.meta->etag);
  EXPECT_EQ(a.meta->last_modified, b.meta->last_modified);
  EXPECT_EQ(a.meta->version_id, b.meta->version_id);
  EXPECT_EQ(a.meta->headers, b.meta->headers);
}

MetaEntry Entry(origin::ObjectMeta meta) {
  return {{{OriginName("s3"), BucketName("b"), ObjectKey("k")}, ""}, std::move(meta), WallTime{}, TimePoint{}};
}

TEST(MetaEntry, AWholeObjectShowsChecksumsAndAPartDoesNot) {
  const MetaEntry entry = Entry(FullMeta());
  EXPECT_EQ(
      entry.whole_headers,
      "ETag: \"e\"\r\nLast-Modified: Fri, 24 May 2013 00:00:00 GMT\r\nx-amz-version-id: v1\r\n"
      "Content-Type: text/plain\r\nX-Amz-Checksum-CRC32C: AAAAAA==\r\nx-amz-meta-n: \r\nAccept-Ranges: bytes\r\n");
  EXPECT_EQ(entry.range_headers.find("hecksum"), std::string::npos);
  EXPECT_NE(entry.range_headers.find("x-amz-meta-n: \r\n"), std::string::npos);
}

TEST(MetaEntry, AnOriginCannotMakeHeadersByLineBreaks) {
  origin::ObjectMeta meta = FullMeta();
  meta.headers = {{"x-amz-meta-n", "1\r\nSet-Cookie: a=b"}, {"x-amz-meta-nul", std::string("a\0b", 3)}};
  const MetaEntry entry = Entry(std::move(meta));
  EXPECT_EQ(entry.whole_headers.find("Set-Cookie"), std::string::npos);
  EXPECT_EQ(entry.whole_headers.find("x-amz-meta-nul"), std::string::npos);
}

TEST(MetaEntry, ALargerDescriptionTakesMoreMemory) {
  origin::ObjectMeta meta = FullMeta();
  const std::size_t before = Entry(meta).memory_bytes();
  meta.headers.emplace_back("x-amz-meta-long", std::string(1000, 'a'));
  // The header itself, and the two texts that are made of it.
  EXPECT_GE(Entry(std::move(meta)).memory_bytes(), before + 3000);
}

TEST(MetaRecord, WhatIsWrittenIsReadAgain) {
  const MetaRecord record = FullRecord();
  const Result<MetaRecord> read = DecodeMetaRecord(EncodeMetaRecord(record));
  ASSERT_TRUE(read) << read.error().ToString();
  ExpectSame(*read, record);
  const MetaRecord gone{.key = record.key, .meta = std::nullopt, .fetched = record.fetched};
  const Result<MetaRecord> read_gone = DecodeMetaRecord(EncodeMetaRecord(gone));
  ASSERT_TRUE(read_gone);
  ExpectSame(*read_gone, gone);
}

TEST(MetaRecord, NoPrefixAndNoExtensionIsARecord) {
  std::vector<std::byte> bytes = EncodeMetaRecord(FullRecord());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(DecodeMetaRecord(std::span(bytes).first(length))) << length;
  }
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(DecodeMetaRecord(bytes));
}

TEST(MetaRecord, AnUnknownVersionOrKindIsNone) {
  std::vector<std::byte> bytes = EncodeMetaRecord(FullRecord());
  std::vector<std::byte> other = bytes;
  other[0] = std::byte{2};
  EXPECT_EQ(DecodeMetaRecord(other).error().code(), Code::kCorruption);
  other = bytes;
  other[1] = std::byte{3};
  EXPECT_EQ(DecodeMetaRecord(other).error().code(), Code::kCorruption);
}

// docs/formats/metadata.md: what was written once is read for ever.
TEST(MetaRecord, TheFormatIsTheGoldenFiles) {
  ExpectGolden("metadata_record_v1.bin", EncodeMetaRecord(FullRecord()));
  const Result<MetaRecord> read = DecodeMetaRecord(ReadGolden("metadata_record_v1.bin"));
  ASSERT_TRUE(read);
  ExpectSame(*read, FullRecord());
}

}  // namespace
}  // namespace hearth::read
