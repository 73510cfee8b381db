#include "http/percent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Percent, DecodesOpaqueBytesIncludingZero) {
  EXPECT_EQ(PercentDecode("a%00b%FF%c3%a4"), std::string("a\0b\xff\xc3\xa4", 6));
}

TEST(Percent, AnIncompleteOrWrongEscapeIsRefused) {
  EXPECT_EQ(PercentDecode("%"), std::nullopt);
  EXPECT_EQ(PercentDecode("a%4"), std::nullopt);
  EXPECT_EQ(PercentDecode("%G0"), std::nullopt);
  EXPECT_EQ(PercentDecode("%0g"), std::nullopt);
}

TEST(Percent, PlusIsItselfInAPathAndASpaceInAQuery) {
  EXPECT_EQ(PercentDecode("a+b"), "a+b");
  EXPECT_THAT(*ParseQuery("prefix=a+b%2B"), ElementsAre(Pair("prefix", "a b+")));
}

TEST(Percent, EncodesAllButUnreservedBytes) {
  EXPECT_EQ(PercentEncode("AZaz09-._~", Slash::kEncode), "AZaz09-._~");
  EXPECT_EQ(PercentEncode(std::string_view("\0 /+=%\xff", 7), Slash::kEncode), "%00%20%2F%2B%3D%25%FF");
  EXPECT_EQ(PercentEncode("a/b c", Slash::kKeep), "a/b%20c");
}

TEST(Percent, EveryByteSurvivesARoundTrip) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  EXPECT_EQ(PercentDecode(PercentEncode(all, Slash::kEncode)), all);
  EXPECT_EQ(PercentDecode(PercentEncode(all, Slash::kKeep)), all);
}

TEST(Percent, AQueryKeepsItsOrderAndItsBareNames) {
  const auto query = ParseQuery("b=2&uploads&&a=%3D%26&b=3&=x");
  ASSERT_TRUE(query.has_value());
  EXPECT_THAT(*query, ElementsAre(Pair("b", "2"), Pair("uploads", ""), Pair("a", "=&"), Pair("b", "3"), Pair("", "x")));
  EXPECT_EQ(*FindQuery(*query, "b"), "2");
  EXPECT_EQ(FindQuery(*query, "c"), nullptr);
}

TEST(Percent, AQueryWithAWrongEscapeIsRefused) {
  EXPECT_EQ(ParseQuery("a=1&b=%zz"), std::nullopt);
  EXPECT_EQ(ParseQuery("%=1"), std::nullopt);
}

}  // namespace
}  // namespace hearth::http
