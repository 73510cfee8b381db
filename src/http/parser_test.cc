#include "http/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using testing::ElementsAre;
using testing::Pair;
using State = RequestParser::State;

constexpr std::size_t kMax = 16 * 1024;

struct Parsed {
  std::string text;
  Request request;
  State state = State::kNeedMore;
  int status = 0;
  std::size_t head_bytes = 0;
};

// The text lives in the result, so that the views stay valid.
std::unique_ptr<Parsed> Parse(std::string text) {
  auto parsed = std::make_unique<Parsed>();
  parsed->text = std::move(text);
  RequestParser parser(kMax);
  parser.Reset();
  parsed->state = parser.Parse(parsed->text, parsed->request);
  parsed->status = parsed->state == State::kBad ? parser.error().status : 0;
  parsed->head_bytes = parser.head_bytes();
  return parsed;
}

int StatusOf(const std::string& text) {
  const auto parsed = Parse(text);
  EXPECT_NE(parsed->state, State::kNeedMore) << text;
  return parsed->status;
}

std::string WithLines(const std::string& lines) { return "GET / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n"; }

TEST(RequestParser, ReadsAWholeRequest) {
  const auto parsed = Parse(
      "GET /b/k%20x?versionId=1&a HTTP/1.1\r\nHost: Example.com:8080\r\nRange:  bytes=0-1\t\r\nX-Empty:\r\n\r\nnext");
  ASSERT_EQ(parsed->state, State::kComplete);
  const Request& request = parsed->request;
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.target, "/b/k%20x?versionId=1&a");
  EXPECT_EQ(request.path, "/b/k%20x");
  EXPECT_EQ(request.query, "versionId=1&a");
  EXPECT_EQ(request.host, "Example.com");
  EXPECT_THAT(request.headers,
              ElementsAre(Pair("Host", "Example.com:8080"), Pair("Range", "bytes=0-1"), Pair("X-Empty", "")));
  EXPECT_EQ(request.Header("rAnGe"), "bytes=0-1");
  EXPECT_EQ(request.Header("if-match"), std::nullopt);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_EQ(parsed->head_bytes, parsed->text.size() - 4);
}

TEST(RequestParser, SplitAnywhereItSaysTheSame) {
  const std::string text = "\r\nPUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n";
  RequestParser parser(kMax);
  Request request;
  parser.Reset();
  for (std::size_t size = 0; size < text.size(); ++size) {
    ASSERT_EQ(parser.Parse(std::string_view(text).substr(0, size), request), State::kNeedMore) << size;
  }
  ASSERT_EQ(parser.Parse(text, request), State::kComplete);
  EXPECT_EQ(request.content_length, 12u);
  EXPECT_TRUE(request.expect_continue);
  EXPECT_EQ(parser.head_bytes(), text.size());
}

TEST(RequestParser, TheNextRequestOwesNothingToTheOneBefore) {
  RequestParser parser(kMax);
  Request request;
  const std::string first = "PUT /a?q HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nConnection: close\r\n\r\n";
  const std::string second = "GET /b HTTP/1.1\r\nHost: i\r\n\r\n";
  parser.Reset();
  ASSERT_EQ(parser.Parse(first, request), State::kComplete);
  parser.Reset();
  ASSERT_EQ(parser.Parse(second, request), State::kComplete);
  EXPECT_EQ(request.content_length, 0u);
  EXPECT_EQ(request.query, "");
  EXPECT_TRUE(request.keep_alive);
  EXPECT_EQ(request.headers.size(), 1u);
}

TEST(RequestParser, OneEmptyLineBeforeARequestIsIgnoredAndTwoAreNot) {
  EXPECT_EQ(Parse("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")->state, State::kComplete);
  EXPECT_EQ(StatusOf("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST(RequestParser, ConnectionSaysWhetherItStaysOpen) {
  EXPECT_TRUE(Parse(WithLines(""))->request.keep_alive);
  EXPECT_FALSE(Parse(WithLines("Connection: close\r\n"))->request.keep_alive);
  EXPECT_FALSE(Parse(WithLines("Connection: keep-alive\r\nconnection: x , CLOSE\r\n"))->request.keep_alive);
  EXPECT_FALSE(Parse("GET / HTTP/1.0\r\n\r\n")->request.keep_alive);
  EXPECT_TRUE(Parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")->request.keep_alive);
}

TEST(RequestParser, RequestLinesThatAreNoneAre400) {
  for (const char* line : {"GET / HTTP/1.1 ",
                           "GET  / HTTP/1.1",
                           "GET /",
                           "GET / ",
                           "GET / HTTP/1.1x",
                           "GET / http/1.1",
                           "GET / HTTP/11",
                           "GET / HTTP/1.x",
                           " GET / HTTP/1.1",
                           "G ET / HTTP/1.1",
                           "G(T / HTTP/1.1",
                           "GET\t/ HTTP/1.1",
                           " / HTTP/1.1",
                           "GET",
                           "GET x HTTP/1.1",
                           "GET /a#b HTTP/1.1",
                           "GET /\x01 HTTP/1.1",
                           "GET /\x7f HTTP/1.1",
                           "GET /\xc3\xa4 HTTP/1.1",
                           "GET /% HTTP/1.1",
                           "GET /%4 HTTP/1.1",
                           "GET /%zz HTTP/1.1",
                           "GET * HTTP/1.1",
                           "CONNECT h:80 HTTP/1.1",
                           "GET ftp://h/ HTTP/1.1",
                           "GET http:///x HTTP/1.1",
                           "GET http://u@h/x HTTP/1.1"}) {
    EXPECT_EQ(StatusOf(std::string(line) + "\r\nHost: h\r\n\r\n"), 400) << line;
  }
  EXPECT_EQ(StatusOf(std::string("GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n", 30)), 400);
}

TEST(RequestParser, AnotherMajorVersionIs505) {
  EXPECT_EQ(StatusOf("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505);
  EXPECT_EQ(StatusOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505);
}

TEST(RequestParser, WhatCannotBecomeAMethodIsRefusedAtItsFirstByte) {
  EXPECT_EQ(StatusOf("\x16"), 400);  // TLS
  EXPECT_EQ(StatusOf(std::string(1, '\0')), 400);
  EXPECT_EQ(StatusOf("\r\n "), 400);
  EXPECT_EQ(Parse("\r")->state, State::kNeedMore);
  EXPECT_EQ(Parse("\r\n")->state, State::kNeedMore);
}

TEST(RequestParser, LinesMustEndWithCrLf) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\nHost: h\n\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\n"), 400);
  EXPECT_EQ(StatusOf("\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: h\r\n\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\r\nHost: h\r\n\r\n"), 400);
}

TEST(RequestParser, HeaderLinesThatAreNoneAre400) {
  for (const char* line : {"X : y", " X: y", "\tX: y", "X", ": y", "X\ty: z", "X(: y", "X: a\x01", "X: a\x7f",
                           "X\xff: y", "X: y\r\n folded", "X: y\r\n\tfolded"}) {
    EXPECT_EQ(StatusOf(WithLines(std::string(line) + "\r\n")), 400) << line;
  }
  EXPECT_EQ(StatusOf(WithLines(std::string("X: a\0b\r\n", 8))), 400);
  EXPECT_EQ(StatusOf(WithLines("X: a\tb \xc3\xa4\r\n")), 0);
}

TEST(RequestParser, ThereIsExactlyOneHost) {
  EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf(WithLines("Host: h\r\n")), 400);
  EXPECT_EQ(StatusOf("GET / HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n"), 400);
  for (const char* host : {"", "a b", "a,b c", "a/b", "u@h", "h:", "h:x", "h:65536", "[::1", "[x]", "::1", "[::1]x"}) {
    const int expected = std::string_view(host) == "h:" ? 0 : 400;
    EXPECT_EQ(StatusOf("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), expected) << host;
  }
}

TEST(RequestParser, TheHostComesWithoutPortAndBrackets) {
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n")->request.host, "::1");
  EXPECT_EQ(Parse("GET / HTTP/1.1\r\nHost: 10.0.0.1:8080\r\n\r\n")->request.host, "10.0.0.1");
  EXPECT_EQ(Parse("GET / HTTP/1.0\r\n\r\n")->request.host, "");
}

TEST(RequestParser, AnAbsoluteTargetMustAgreeWithTheHost) {
  const auto parsed = Parse("GET HTTP://Example.com:80/b/k?q HTTP/1.1\r\nHost: example.COM\r\n\r\n");
  ASSERT_EQ(parsed->state, State::kComplete);
  EXPECT_EQ(parsed->request.path, "/b/k");
  EXPECT_EQ(parsed->request.query, "q");
  EXPECT_EQ(parsed->request.host, "Example.com");
  EXPECT_EQ(Parse("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n")->request.path, "/");
  const auto query_only = Parse("GET http://h?q HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(query_only->request.path, "/");
  EXPECT_EQ(query_only->request.query, "q");
  EXPECT_EQ(Parse("GET http://h:8080/ HTTP/1.0\r\n\r\n")->request.host, "h");
  EXPECT_EQ(StatusOf("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET http://a:81/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  EXPECT_EQ(StatusOf("GET https://a:443/ HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
}

TEST(RequestParser, OptionsMayAskForTheServerItself) {
  const auto parsed = Parse("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(parsed->state, State::kComplete);
  EXPECT_EQ(parsed->request.target, "*");
  EXPECT_EQ(parsed->request.path, "/");
}

TEST(RequestParser, TheLengthOfABodyIsSaidOnce) {
  const auto post = [](const std::string& lines) { return "POST / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n"; };
  EXPECT_EQ(Parse(post("Content-Length: 007\r\n"))->request.content_length, 7u);
  EXPECT_TRUE(Parse(post("Transfer-Encoding: Chunked\r\n"))->request.chunked);
  for (const char* lines :
       {"Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n",
        "Content-Length: -5\r\n", "Content-Length: 0x5\r\n", "Content-Length:\r\n", "Content-Length: 5 5\r\n",
        "Content-Length: 18446744073709551616\r\n", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, gzip\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding:\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_EQ(StatusOf(post(lines)), 400) << lines;
  }
  EXPECT_EQ(StatusOf(post("Transfer-Encoding: gzip, chunked\r\n")), 501);
  EXPECT_EQ(StatusOf("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
}

TEST(RequestParser, AGetHasNoBody) {
  EXPECT_EQ(StatusOf(WithLines("Content-Length: 0\r\n")), 0);
  EXPECT_EQ(StatusOf(WithLines("Content-Length: 1\r\n")), 400);
  EXPECT_EQ(StatusOf(WithLines("Transfer-Encoding: chunked\r\n")), 400);
  EXPECT_EQ(StatusOf("HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n"), 400);
}

TEST(RequestParser, AnUnknownExpectationIs417) {
  EXPECT_EQ(StatusOf(WithLines("Expect: 100-Continue\r\n")), 0);
  EXPECT_EQ(StatusOf(WithLines("Expect: 200-ok\r\n")), 417);
}

TEST(RequestParser, TooLargeAHeadIs431AlsoBeforeItEnds) {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  const std::string fits = start + std::string(kMax - start.size() - 4, 'x') + "\r\n\r\n";
  ASSERT_EQ(fits.size(), kMax);
  EXPECT_EQ(StatusOf(fits), 0);
  EXPECT_EQ(StatusOf(start + std::string(kMax - start.size() - 3, 'x') + "\r\n\r\n"), 431);
  EXPECT_EQ(StatusOf(start + std::string(kMax - start.size() + 1, 'x')), 431);
  EXPECT_EQ(Parse(start + std::string(kMax - start.size(), 'x'))->state, State::kNeedMore);
}

TEST(RequestParser, TooManyHeaderLinesAre431) {
  std::string lines;
  for (int i = 0; i < 127; ++i) lines += "X: y\r\n";
  EXPECT_EQ(StatusOf(WithLines(lines)), 0);
  EXPECT_EQ(StatusOf(WithLines(lines + "X: y\r\n")), 431);
}

}  // namespace
}  // namespace hearth::http
