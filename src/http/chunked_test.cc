#include "http/chunked.h"

#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using State = ChunkedDecoder::State;

TEST(ChunkedDecoder, ReadsChunksAndLeavesWhatFollows) {
  ChunkedDecoder decoder(100);
  std::string body;
  const std::string input = "4\r\nWiki\r\nA;name=\"v\"\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET";
  const auto step = decoder.Feed(input, body);
  EXPECT_EQ(step.state, State::kComplete);
  EXPECT_EQ(step.consumed, input.size() - 3);
  EXPECT_EQ(body, "Wiki0123456789");
}

TEST(ChunkedDecoder, ByteByByteItSaysTheSame) {
  ChunkedDecoder decoder(100);
  std::string body;
  const std::string input = "00a\r\n0123456789\r\n1\r\nx\r\n000\r\n\r\n";
  for (std::size_t i = 0; i < input.size(); ++i) {
    const auto step = decoder.Feed(std::string_view(input).substr(i, 1), body);
    ASSERT_EQ(step.state, i + 1 < input.size() ? State::kNeedMore : State::kComplete) << i;
  }
  EXPECT_EQ(body, "0123456789x");
}

TEST(ChunkedDecoder, WhatIsNoChunkIsRefused) {
  for (const char* input :
       {"\r\n", "x\r\n", "4\n", "4 \r\n", "-4\r\n", "0x4\r\n", ";a\r\n", "4\r\nWikiX", "4\r\nWiki\r4", "4\r\nWiki\n",
        "0\r\n\rX", "0\r\n X: y\r\n", "4;a\x01\r\n", "4\rX", "1000000000000000\r\n", "0\r\nA: b\n"}) {
    ChunkedDecoder decoder(~std::uint64_t{0});
    std::string body;
    EXPECT_EQ(decoder.Feed(input, body).state, State::kBad) << input;
  }
}

TEST(ChunkedDecoder, StopsBeforeABodyThatIsTooLong) {
  ChunkedDecoder decoder(8);
  std::string body;
  EXPECT_EQ(decoder.Feed("8\r\n12345678\r\n", body).state, State::kNeedMore);
  EXPECT_EQ(decoder.Feed("1\r\n", body).state, State::kTooLong);
  EXPECT_EQ(body, "12345678");
}

TEST(ChunkedDecoder, EndlessExtensionsAndTrailersAreRefused) {
  std::string body;
  ChunkedDecoder extension(8);
  EXPECT_EQ(extension.Feed("1;" + std::string(5000, 'a'), body).state, State::kBad);
  ChunkedDecoder trailers(8);
  std::string many = "0\r\n";
  for (int i = 0; i < 2000; ++i) many += "A: bcd\r\n";
  EXPECT_EQ(trailers.Feed(many, body).state, State::kBad);
}

}  // namespace
}  // namespace hearth::http
