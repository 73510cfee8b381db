#include "http/blocking_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/test_server.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;

CallRequest To(const std::string& address, std::string target) {
  return {.url = "http://" + address + std::move(target)};
}

void Answer200(Exchange& exchange, std::string_view body) {
  ResponseHead head;
  head.Add("X-Said", "yes");
  exchange.Reply(head, body);
}

TEST(BlockingCall, ReturnsStatusHeadersAndBody) {
  TestServer server([](Exchange& exchange) { Answer200(exchange, exchange.request().target); });
  server.Started();
  const auto answer = BlockingCall(To(server.address(), "/a%2Fb/../c?x=%00"));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(*FindHeader(answer->headers, "x-said"), "yes");
  EXPECT_EQ(answer->body, "/a%2Fb/../c?x=%00") << "the target goes out as it is";
  EXPECT_EQ(answer->content_length, answer->body.size());
}

TEST(BlockingCall, SpeaksOverAUnixSocket) {
  TestServer server([](Exchange& exchange) { Answer200(exchange, exchange.peer().unix_socket ? "unix" : "tcp"); });
  const TestFiles files;
  const std::string path = files.path() + "/http.sock";
  ASSERT_TRUE(server.server().ListenUnix(path));
  server.Started();
  CallRequest request{.url = "http://localhost/", .unix_socket = path};
  const auto answer = BlockingCall(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "unix");
}

TEST(BlockingCall, AHeadAnswerHasALengthAndNoBody) {
  TestServer server([](Exchange& exchange) { Answer200(exchange, "twelve bytes"); });
  server.Started();
  CallRequest request = To(server.address(), "/");
  request.method = "HEAD";
  const auto answer = BlockingCall(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->content_length, 12U);
  EXPECT_EQ(answer->body, "");
}

TEST(BlockingCall, HandsTheBodyOfASuccessToItsReader) {
  TestServer server([](Exchange& exchange) { Answer200(exchange, std::string(1 << 20, 'x')); });
  server.Started();
  CallRequest request = To(server.address(), "/");
  std::size_t bytes = 0;
  request.on_body = [&](const CallAnswer& head, std::span<const std::byte> piece) -> Status {
    EXPECT_EQ(head.content_length, 1U << 20);
    bytes += piece.size();
    return {};
  };
  const auto answer = BlockingCall(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(bytes, 1U << 20);
  EXPECT_EQ(answer->body, "");
}

TEST(BlockingCall, GathersTheBodyOfAnErrorEvenWithAReader) {
  TestServer server([](Exchange& exchange) {
    ResponseHead head;
    head.status = 404;
    exchange.Reply(head, "why");
  });
  server.Started();
  CallRequest request = To(server.address(), "/");
  request.on_body = [](const CallAnswer&, std::span<const std::byte>) -> Status {
    return Fail(Code::kInternal, "not for me");
  };
  const auto answer = BlockingCall(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "why");
}

TEST(BlockingCall, WhatTheReaderSaysStopsTheTransfer) {
  TestServer server([](Exchange& exchange) { Answer200(exchange, std::string(1 << 20, 'x')); });
  server.Started();
  CallRequest request = To(server.address(), "/");
  request.on_body = [](const CallAnswer&, std::span<const std::byte>) -> Status {
    return Fail(Code::kNoSpace, "full");
  };
  const auto answer = BlockingCall(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kNoSpace);
  EXPECT_EQ(answer.error().message(), "full");
}

TEST(BlockingCall, NobodyThereIsUnavailable) {
  std::string address;
  {
    TestServer server([](Exchange& exchange) { Answer200(exchange, ""); });
    server.Started();
    address = server.address();
  }
  const auto answer = BlockingCall(To(address, "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
  CallRequest request{.url = "http://localhost/", .unix_socket = "/does/not/exist.sock"};
  EXPECT_EQ(BlockingCall(request).error().code(), Code::kUnavailable);
}

TEST(BlockingCall, ABodyThatEndsEarlyIsUnavailable) {
  TestServer server([](Exchange& exchange) {
    exchange.Start([](Exchange& e) -> Task<void> {
      ResponseHead head;
      co_await e.SendHead(std::move(head), 1000);
    }(exchange));
  });
  server.Started();
  const auto answer = BlockingCall(To(server.address(), "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
}

TEST(BlockingCall, ACancelledCallEnds) {
  TestServer server([](Exchange& exchange) { Answer200(exchange, ""); });
  server.Started();
  const std::atomic<bool> cancelled = true;
  CallRequest request = To(server.address(), "/");
  request.cancelled = &cancelled;
  const auto answer = BlockingCall(request);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kCancelled);
}

TEST(BlockingCall, APostSendsItsBodyAndHeaders) {
  TestServer server([](Exchange& exchange) {
    exchange.Start([](Exchange& e) -> Task<void> {
      const auto body = co_await e.ReadBody(1000);
      ResponseHead head;
      e.Reply(head, std::string(e.request().method) + " " + body.value_or("none") + " " +
                        std::string(e.request().Header("x-kind").value_or("none")));
    }(exchange));
  });
  server.Started();
  CallRequest request = To(server.address(), "/");
  request.method = "POST";
  request.body = std::string("a\0b", 3);
  request.headers.emplace_back("X-Kind", "test");
  const auto answer = BlockingCall(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, std::string("POST a\0b test", 13));
}

TEST(BlockingCall, NothingButHttpIsSpoken) { EXPECT_FALSE(BlockingCall({.url = "file:///etc/hostname"})); }

}  // namespace
}  // namespace hearth::http::testing
