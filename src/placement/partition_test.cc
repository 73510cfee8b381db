#include "placement/partition.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace hearth::placement {
namespace {

ObjectId Object(std::string origin, std::string bucket, std::string key) {
  return {OriginName(std::move(origin)), BucketName(std::move(bucket)), ObjectKey(std::move(key))};
}

// As the format's page says it, in the plainest words.
std::uint32_t Expected(const ObjectId& object, std::uint64_t block) {
  std::string bytes;
  const auto append_word = [&bytes](std::uint64_t word) {
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(word >> (8 * i));
  };
  for (const std::string& part : {object.origin.value, object.bucket.value, object.key.value}) {
    append_word(part.size());
    bytes += part;
  }
  append_word(block);
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()) >> 46);
}

TEST(Partition, FollowsTheFormatForKeysOfEveryLength) {
  for (std::size_t length = 0; length <= 1024; ++length) {
    const ObjectId object = Object("s3", "bucket", std::string(length, 'k'));
    ASSERT_EQ(PartitionOf(object, BlockIndex{length}).value, Expected(object, length)) << length;
  }
}

TEST(Partition, KeysAreOpaqueBytes) {
  const ObjectId object = Object("s3", "b", std::string("\0\xff../\n", 6));
  EXPECT_EQ(PartitionOf(object, BlockIndex{~std::uint64_t{0}}).value, Expected(object, ~std::uint64_t{0}));
}

TEST(Partition, DependsOnWhereANameEnds) {
  EXPECT_NE(PartitionOf(Object("s3", "ab", "c"), BlockIndex{0}), PartitionOf(Object("s3", "a", "bc"), BlockIndex{0}));
  EXPECT_NE(PartitionOf(Object("s3", "a", "b"), BlockIndex{0}), PartitionOf(Object("s3", "a", "b"), BlockIndex{1}));
}

TEST(Partition, BlocksOfOneObjectSpreadEvenly) {
  constexpr std::size_t kSlots = 64;
  constexpr std::uint64_t kBlocks = 64000;
  std::vector<int> counts(kSlots);
  for (std::uint64_t i = 0; i < kBlocks; ++i) {
    ++counts[PartitionOf(Object("s3", "b", "k"), BlockIndex{i}).value / (kPartitions / kSlots)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 1000, 160);  // five standard deviations
}

}  // namespace
}  // namespace hearth::placement
