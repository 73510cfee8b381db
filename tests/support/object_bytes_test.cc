#include "support/object_bytes.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace hearth::sim {
namespace {

std::string Hex(std::span<const std::byte> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[std::to_integer<unsigned>(byte) >> 4];
    text += kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

std::string FromHex(const std::string& hex) {
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2) text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return text;
}

TEST(ObjectBytes, AreThoseOfTheGoldenFile) {
  std::ifstream file(HEARTH_GOLDEN_DIR "/object_bytes.json");
  const auto golden = nlohmann::json::parse(file);
  ASSERT_GE(golden.at("vectors").size(), 8u);
  for (const auto& vector : golden.at("vectors")) {
    const std::string key = FromHex(vector.at("key_hex"));
    const ObjectBytes object(key, vector.at("version").get<std::uint64_t>());
    const std::string expected = vector.at("bytes_hex");
    EXPECT_EQ(Hex(object.Make(vector.at("offset").get<std::uint64_t>(), expected.size() / 2)), expected) << vector;
  }
}

TEST(ObjectBytes, AnyPieceIsAPieceOfTheWhole) {
  const auto whole = ObjectBytes("b/key", 3).Make(0, 100);
  for (std::size_t begin = 0; begin < 40; ++begin) {
    for (std::size_t length = 0; length < 40; ++length) {
      std::vector<std::byte> piece(length);
      FillObjectBytes("b/key", 3, begin, piece);
      ASSERT_TRUE(std::ranges::equal(piece, std::span(whole).subspan(begin, length))) << begin << " " << length;
      ASSERT_FALSE(ObjectBytes("b/key", 3).FirstWrong(begin, piece));
    }
    EXPECT_EQ(ObjectByte("b/key", 3, begin), whole[begin]);
  }
}

TEST(ObjectBytes, EveryWrongByteIsFoundWhereItIs) {
  const ObjectBytes object("b/key", 1);
  for (std::uint64_t offset : {0u, 3u, 8u}) {
    for (std::size_t wrong = 0; wrong < 40; ++wrong) {
      auto bytes = object.Make(offset, 40);
      bytes[wrong] ^= std::byte{0x10};
      EXPECT_EQ(object.FirstWrong(offset, bytes), wrong);
    }
  }
}

TEST(ObjectBytes, AWrongByteTellsWhoseItIs) {
  const ExpectedBytes expected{.key = "b/k", .version = 4, .offset = 1000, .newest = 5};
  auto bytes = ObjectBytes("b/k", 4).Make(1000, 4096);
  EXPECT_EQ(CheckObjectBytes(expected, bytes), "");

  FillObjectBytes("b/k", 3, 1234, std::span(bytes).subspan(234));
  EXPECT_EQ(CheckObjectBytes(expected, bytes), "byte 1234 of key b/k is of version 3, expected 4");

  std::fill(bytes.begin() + 234, bytes.end(), std::byte{0});
  EXPECT_EQ(CheckObjectBytes(expected, bytes), "byte 1234 of key b/k is zero, expected 4");

  FillObjectBytes("b/other", 4, 1234, std::span(bytes).subspan(234));
  EXPECT_EQ(CheckObjectBytes(expected, bytes), "byte 1234 of key b/k is of no version up to 5, expected 4");
}

TEST(ObjectBytes, FindTheVersionTheyAreOf) {
  EXPECT_EQ(FindObjectVersion("b/k", 9, 77, ObjectBytes("b/k", 6).Make(77, 100)), 6u);
  EXPECT_EQ(FindObjectVersion("b/k", 5, 77, ObjectBytes("b/k", 6).Make(77, 100)), std::nullopt);
}

TEST(ObjectBytes, LookRandom) {
  const auto bytes = ObjectBytes("b/k", 1).Make(0, 1 << 16);
  std::array<int, 256> seen{};
  for (const std::byte byte : bytes) ++seen[std::to_integer<std::size_t>(byte)];
  EXPECT_GT(*std::ranges::min_element(seen), 150);
  EXPECT_LT(*std::ranges::max_element(seen), 370);
}

}  // namespace
}  // namespace hearth::sim
