#include "cache/index_records.h"

#include <cstring>

#include <gtest/gtest.h>

#include "golden/golden.h"

namespace hearth::cache {
namespace {

BlockRecord SomeBlock(std::uint64_t n) {
  return {.hash = {.high = 0x1111111111111111u * n, .low = 0xfedcba9876543210u + n},
          .offset = n << 32,
          .allocated = 16'781'312 + n,
          .present = 63,
          .total = 64,
          .last_used = 200'000'000};
}

std::vector<IndexRecord> OneOfEach() {
  return {
      SomeBlock(1), BlockGone{{.high = 3, .low = 4}},
      BlocksUsed{{{.hash = {.high = 5, .low = 6}, .last_used = 7}, {.hash = {.high = 8, .low = 9}, .last_used = 10}}},
      BlockBatch{{SomeBlock(2), SomeBlock(3), SomeBlock(4)}}, StoppedInOrder{}};
}

Code CodeOf(const Result<IndexRecord>& result) { return result ? Code::kInternal : result.error().code(); }

TEST(IndexRecords, EachComesBackAsItWas) {
  for (const IndexRecord& record : OneOfEach()) {
    const auto decoded = DecodeIndexRecord(EncodeIndexRecord(record));
    ASSERT_TRUE(decoded) << decoded.error().ToString();
    EXPECT_EQ(*decoded, record);
  }
}

TEST(IndexRecords, EmptyAndFullListsComeBackToo) {
  BlockBatch full;
  for (std::size_t i = 0; i < BlockBatch::kBatchMax; ++i) full.blocks.push_back(SomeBlock(i));
  for (const IndexRecord& record : {IndexRecord(BlocksUsed{}), IndexRecord(BlockBatch{}), IndexRecord(full)}) {
    const auto decoded = DecodeIndexRecord(EncodeIndexRecord(record));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(*decoded, record);
  }
}

TEST(IndexRecords, AnyOtherLengthIsCorrupt) {
  for (const IndexRecord& record : OneOfEach()) {
    auto bytes = EncodeIndexRecord(record);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(CodeOf(DecodeIndexRecord(std::span(bytes).first(size))), Code::kCorruption) << size;
    }
    bytes.push_back(std::byte{0});
    EXPECT_EQ(CodeOf(DecodeIndexRecord(bytes)), Code::kCorruption);
  }
}

TEST(IndexRecords, ACountIsNeverTrusted) {
  for (std::uint32_t type = 1; type <= 5; ++type) {
    for (const std::uint32_t count : {0u, 2u, 4097u, 0x10000000u, 0xffffffffu}) {
      const std::uint32_t words[3] = {type, count, 0};
      EXPECT_EQ(CodeOf(DecodeIndexRecord(std::as_bytes(std::span(words)))), Code::kCorruption) << type << " " << count;
    }
  }
}

TEST(IndexRecords, ABatchOverItsLimitIsCorrupt) {
  BlockBatch full;
  full.blocks.resize(BlockBatch::kBatchMax, SomeBlock(1));
  auto bytes = EncodeIndexRecord(full);
  const auto entry = EncodeIndexRecord(SomeBlock(1));
  bytes.insert(bytes.end(), entry.begin() + 8, entry.end());
  const std::uint32_t count = BlockBatch::kBatchMax + 1;
  std::memcpy(bytes.data() + 4, &count, sizeof count);
  EXPECT_EQ(CodeOf(DecodeIndexRecord(bytes)), Code::kCorruption);
}

TEST(IndexRecords, AnUnknownTypeIsCorrupt) {
  auto bytes = EncodeIndexRecord(BlocksUsed{});
  for (const unsigned type : {0u, 6u, 255u}) {
    bytes[0] = static_cast<std::byte>(type);
    EXPECT_EQ(CodeOf(DecodeIndexRecord(bytes)), Code::kCorruption) << type;
  }
}

TEST(IndexRecords, MorePresentThanThereIsIsCorrupt) {
  BlockRecord record = SomeBlock(1);
  record.present = record.total + 1;
  EXPECT_EQ(CodeOf(DecodeIndexRecord(EncodeIndexRecord(record))), Code::kCorruption);
  EXPECT_EQ(CodeOf(DecodeIndexRecord(EncodeIndexRecord(BlockBatch{{SomeBlock(2), record}}))), Code::kCorruption);
}

TEST(IndexRecords, ABlockInACheckpointTakes44Bytes) {
  EXPECT_EQ(EncodeIndexRecord(BlockBatch{{SomeBlock(1), SomeBlock(2)}}).size(), 8u + 2 * 44);
}

TEST(IndexRecords, TheBytesAreThoseOfTheGoldenFiles) {
  const char* const names[] = {"index_block_v1.bin", "index_gone_v1.bin", "index_used_v1.bin", "index_batch_v1.bin",
                               "index_stopped_v1.bin"};
  const std::vector<IndexRecord> records = OneOfEach();
  for (std::size_t i = 0; i < records.size(); ++i) {
    ExpectGolden(names[i], EncodeIndexRecord(records[i]));
    const auto decoded = DecodeIndexRecord(ReadGolden(names[i]));
    ASSERT_TRUE(decoded) << names[i] << ": " << decoded.error().ToString();
    EXPECT_EQ(*decoded, records[i]);
  }
}

}  // namespace
}  // namespace hearth::cache
