#include "http/range.h"

#include <gtest/gtest.h>

namespace hearth::http {
namespace {

constexpr std::uint64_t kMax = ~std::uint64_t{0};

TEST(Range, ReadsTheThreeForms) {
  EXPECT_EQ(ParseRange("bytes=0-99"), RangeSpec(ClosedRange{0, 99}));
  EXPECT_EQ(ParseRange("bytes=7-7"), RangeSpec(ClosedRange{7, 7}));
  EXPECT_EQ(ParseRange("bytes=5-"), RangeSpec(OpenRange{5}));
  EXPECT_EQ(ParseRange("bytes=-500"), RangeSpec(SuffixRange{500}));
  EXPECT_EQ(ParseRange("Bytes=1-2"), RangeSpec(ClosedRange{1, 2}));
}

TEST(Range, WhatAwsIgnoresMeansTheWholeObject) {
  for (const char* text : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1-2,4-5", "bytes=2-1", "items=0-1",
                           "bytes 0-1", "bytes= 0-1", "bytes=0-1 ", "bytes=+1-2", "bytes=--1", "bytes=1-2-3"}) {
    EXPECT_EQ(ParseRange(text), RangeSpec(WholeObject{})) << text;
  }
}

TEST(Range, HugeNumbersSaturate) {
  EXPECT_EQ(ParseRange("bytes=0-99999999999999999999999"), RangeSpec(ClosedRange{0, kMax}));
  EXPECT_EQ(ParseRange("bytes=18446744073709551615-"), RangeSpec(OpenRange{kMax}));
  EXPECT_EQ(ParseRange("bytes=18446744073709551616-"), RangeSpec(OpenRange{kMax}));
  EXPECT_EQ(ResolveRange(ClosedRange{0, kMax}, 10), (ByteRange{0, 10}));
  EXPECT_EQ(ResolveRange(OpenRange{kMax}, 10), std::nullopt);
}

TEST(Range, IsCutAtTheEndOfTheObject) {
  EXPECT_EQ(ResolveRange(ClosedRange{0, 99}, 1000), (ByteRange{0, 100}));
  EXPECT_EQ(ResolveRange(ClosedRange{990, 2000}, 1000), (ByteRange{990, 1000}));
  EXPECT_EQ(ResolveRange(OpenRange{999}, 1000), (ByteRange{999, 1000}));
  EXPECT_EQ(ResolveRange(SuffixRange{10}, 1000), (ByteRange{990, 1000}));
  EXPECT_EQ(ResolveRange(SuffixRange{5000}, 1000), (ByteRange{0, 1000}));
}

TEST(Range, BeyondTheEndIsUnsatisfiable) {
  EXPECT_EQ(ResolveRange(ClosedRange{1000, 1001}, 1000), std::nullopt);
  EXPECT_EQ(ResolveRange(OpenRange{1000}, 1000), std::nullopt);
  EXPECT_EQ(ResolveRange(SuffixRange{0}, 1000), std::nullopt);
}

TEST(Range, NoPartOfAnEmptyObjectCanBeHad) {
  EXPECT_EQ(ResolveRange(ClosedRange{0, 0}, 0), std::nullopt);
  EXPECT_EQ(ResolveRange(OpenRange{0}, 0), std::nullopt);
  EXPECT_EQ(ResolveRange(SuffixRange{1}, 0), std::nullopt);
  EXPECT_EQ(ResolveRange(WholeObject{}, 0), (ByteRange{0, 0}));
}

TEST(Range, IsWrittenClosed) {
  EXPECT_EQ(ContentRange({0, 100}, 1000), "bytes 0-99/1000");
  EXPECT_EQ(UnsatisfiedContentRange(1000), "bytes */1000");
}

}  // namespace
}  // namespace hearth::http
