#include "base/hash.h"

#include <array>
#include <numeric>
#include <string>
#include <unordered_set>
#include <vector>

#include <gtest/gtest.h>

namespace hearth {
namespace {

std::span<const std::byte> Bytes(const std::vector<std::uint8_t>& bytes) { return std::as_bytes(std::span(bytes)); }

ObjectId Weights() { return {OriginName("s3"), BucketName("models"), ObjectKey("llama/weights.bin")}; }

// Expected values: the xxHash library's Python binding over the bytes that hash.h describes.
TEST(HashParts, OfNothingIsXxh3OfNothing) {
  EXPECT_EQ(HashParts64({}), 0x2d06800538d394c2u);
  EXPECT_EQ(HashParts128({}).ToHex(), "99aa06d3014798d86001c324468d497f");
}

TEST(HashParts, IsXxh3OverLengthAndBytesOfEachPart) {
  EXPECT_EQ(HashParts64({""}), 0xc77b3abb6f87acd9u);
  EXPECT_EQ(HashParts64({"abc"}), 0x7ef7c2a83cf8364eu);
  EXPECT_EQ(HashParts128({"abc"}).ToHex(), "45bcdc88efffd44520b986a5e7fe1438");
  std::string big(1000, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 7 & 255);
  EXPECT_EQ(HashParts64({big, "tail"}), 0x3e53440d504a6459u);
  EXPECT_EQ(HashParts128({big, "tail"}).ToHex(), "afcabccd33a7a11c3e53440d504a6459");
}

TEST(HashParts, AreTheSameFunctionOnBothSidesOfTheLongestShortName) {
  std::string bytes(5000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 & 255);
  const std::string_view all = bytes;
  EXPECT_EQ(HashParts64({all.substr(0, 2040)}), 0x6830a9ee9668999fu);
  EXPECT_EQ(HashParts64({all.substr(0, 2041)}), 0x925be21d955c6063u);
  EXPECT_EQ(HashParts64({all}), 0x247c99a609d7342cu);
  EXPECT_EQ(HashParts128({all.substr(0, 2040)}).ToHex(), "edf1c96e00795db36830a9ee9668999f");
  EXPECT_EQ(HashParts128({all.substr(0, 2041)}).ToHex(), "a0ff52690eebf475925be21d955c6063");
  EXPECT_EQ(HashParts128({all}).ToHex(), "5b7e303c2e34ef78247c99a609d7342c");
}

TEST(HashParts, DependOnWhereOnePartEnds) {
  EXPECT_EQ(HashParts64({"ab", "c"}), 0x642d4debfebf33aeu);
  EXPECT_EQ(HashParts64({"a", "bc"}), 0xf42ee0df2a023ef1u);
  EXPECT_EQ(HashParts128({"ab", "c"}).ToHex(), "f2eda2708bcfd51cc05c0ee4c9f60440");
  EXPECT_EQ(HashParts128({"a", "bc"}).ToHex(), "f310f4d71be93bc46456c91685adede6");
}

TEST(Hash128, IsWrittenInThirtyTwoHexDigits) {
  EXPECT_EQ((Hash128{0x0123456789abcdef, 0xfedcba9876543210}).ToHex(), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ((Hash128{0, 1}).ToHex(), "00000000000000000000000000000001");
}

TEST(HashObject, CoversOriginBucketAndKey) {
  EXPECT_EQ(HashObject(Weights()), 0xc1889dc383c25415u);
  EXPECT_EQ(std::hash<ObjectId>()(Weights()), HashObject(Weights()));
}

TEST(HashBlock, NamesTheSameFileOnEveryRelease) {
  const Version version{VersionKind::kETag, "\"abc\""};
  EXPECT_EQ(HashBlock(Weights(), version, BlockIndex{0}).ToHex(), "304fc65dd9097d610feac147462a275d");
  EXPECT_EQ(HashBlock(Weights(), version, BlockIndex{1}).ToHex(), "1abe15c9d5d6aed4ad3a7362f173c340");
  EXPECT_EQ(HashBlock(Weights(), version, BlockIndex{1ull << 40}).ToHex(), "47c08dc2375178e2771cd9cfcc2a1e50");
}

TEST(HashBlock, ChangesWithEveryPartOfTheIdentity) {
  const Version version{VersionKind::kETag, "\"abc\""};
  const Version other_version{VersionKind::kETag, "\"abd\""};
  const Version other_kind{VersionKind::kGeneration, "\"abc\""};
  ObjectId other_origin = Weights();
  other_origin.origin.value = "gs";
  ObjectId moved_slash{OriginName("s3"), BucketName("models/llama"), ObjectKey("weights.bin")};
  const std::unordered_set<Hash128> hashes = {
      HashBlock(Weights(), version, BlockIndex{0}),       HashBlock(Weights(), version, BlockIndex{1}),
      HashBlock(Weights(), other_version, BlockIndex{0}), HashBlock(Weights(), other_kind, BlockIndex{0}),
      HashBlock(other_origin, version, BlockIndex{0}),    HashBlock(moved_slash, version, BlockIndex{0})};
  EXPECT_EQ(hashes.size(), 6u);
}

TEST(BlockHasher, AgreesWithHashBlock) {
  const Version version{VersionKind::kStat, "1-2-3-4-5"};
  const BlockHasher hasher(Weights(), version);
  for (std::uint64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(hasher.Of(BlockIndex{i}), HashBlock(Weights(), version, BlockIndex{i}));
  }
}

TEST(Crc32c, AgreesWithTheExamplesOfRfc3720) {
  std::vector<std::uint8_t> ascending(32);
  std::iota(ascending.begin(), ascending.end(), std::uint8_t{0});
  const std::vector<std::uint8_t> descending(ascending.rbegin(), ascending.rend());
  std::vector<std::uint8_t> read_command(48, 0);
  read_command[0] = 0x01;
  read_command[1] = 0xc0;
  read_command[16] = 0x14;
  read_command[22] = 0x04;
  read_command[27] = 0x14;
  read_command[31] = 0x18;
  read_command[32] = 0x28;
  read_command[40] = 0x02;
  EXPECT_EQ(Crc32c(Bytes(std::vector<std::uint8_t>(32, 0))), 0x8a9136aau);
  EXPECT_EQ(Crc32c(Bytes(std::vector<std::uint8_t>(32, 0xff))), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(Bytes(ascending)), 0x46dd794eu);
  EXPECT_EQ(Crc32c(Bytes(descending)), 0x113fdb5cu);
  EXPECT_EQ(Crc32c(Bytes(read_command)), 0xd9963a56u);
}

TEST(Crc32c, OfNothingIsTheSeed) {
  EXPECT_EQ(Crc32c({}), 0u);
  EXPECT_EQ(Crc32c({}, 0x12345678u), 0x12345678u);
}

TEST(Crc32c, InPiecesIsTheSameAsOfTheWhole) {
  std::vector<std::uint8_t> data(70'000);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>((i * i + 31 * i) >> 3);
  const auto whole = Bytes(data);
  const std::uint32_t expected = Crc32c(whole);
  for (const std::size_t cut :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{4096}, std::size_t{69'999}, data.size()}) {
    EXPECT_EQ(Crc32c(whole.subspan(cut), Crc32c(whole.first(cut))), expected) << cut;
  }
}

TEST(Crc32c, SeesEveryFlippedBit) {
  std::vector<std::uint8_t> data(64, 0x5a);
  const std::uint32_t whole = Crc32c(Bytes(data));
  for (std::size_t bit = 0; bit < data.size() * 8; ++bit) {
    data[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_NE(Crc32c(Bytes(data)), whole) << bit;
    data[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  }
}

}  // namespace
}  // namespace hearth
