#include "load/response_head.h"

#include <gtest/gtest.h>

namespace hearth::load {
namespace {

TEST(ResponseHead, TellsStatusLengthRangeAndCache) {
  const std::string_view text =
      "HTTP/1.1 206 Partial Content\r\ncontent-length: 4096\r\nContent-Range: bytes 8192-12287/16777216\r\n"
      "X-Cache: hit\r\nETag: \"a:b\"\r\n\r\nbody";
  const auto head = ParseResponseHead(text);
  ASSERT_TRUE(head && *head);
  EXPECT_EQ((*head)->status, 206);
  EXPECT_EQ((*head)->content_length, 4096u);
  EXPECT_EQ((*head)->content_range, (ByteRange{8192, 12288}));
  EXPECT_EQ((*head)->x_cache, "hit");
  EXPECT_EQ(text.substr((*head)->size), "body");
}

TEST(ResponseHead, EveryBeginningOfAHeadIsIncomplete) {
  const std::string_view text = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto head = ParseResponseHead(text.substr(0, size));
    ASSERT_TRUE(head) << size;
    EXPECT_FALSE(*head) << size;
  }
}

TEST(ResponseHead, WhatCannotBeCountedIsRefused) {
  EXPECT_FALSE(ParseResponseHead("HTTP/1.0 200 OK\r\n\r\n"));
  EXPECT_FALSE(ParseResponseHead("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
  EXPECT_FALSE(ParseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"));
  EXPECT_FALSE(ParseResponseHead("HTTP/1.1 206 OK\r\nContent-Range: bytes */5\r\n\r\n"));
  EXPECT_FALSE(ParseResponseHead("HTTP/1.1 206 OK\r\nContent-Range: bytes 5-4/9\r\n\r\n"));
  EXPECT_FALSE(ParseResponseHead("HTTP/1.1 200 OK\r\nno colon\r\n\r\n"));
  EXPECT_FALSE(ParseResponseHead(std::string(20000, 'x')));
}

}  // namespace
}  // namespace hearth::load
