// What a client sees of a server that answers: requests, bodies, connections. What it may not do:
// connection_test.cc. Coroutines: connection_exchange_test.cc. Accepting and stopping: worker_test.cc.
#include "http/server.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>

#include "base/bytes.h"
#include "http/date.h"
#include "http/test_server.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

void ReplyText(Exchange& exchange, std::string_view text) {
  ResponseHead head;
  head.Add("Content-Type", "text/plain");
  exchange.Reply(head, text);
}

void Echo(Exchange& exchange) { ReplyText(exchange, exchange.request().target); }

TEST(Server, AnswersARequest) {
  TestServer server(Echo);
  server.Started();
  RawClient client(server.address());
  client.Get("/b/k?x");
  const Answer answer = client.Read();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "/b/k?x");
  EXPECT_THAT(answer.head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(answer.Header("Server"), "Hearth");
  EXPECT_EQ(answer.Header("Content-Type"), "text/plain");
  EXPECT_EQ(answer.Header("Content-Length"), "6");
  EXPECT_EQ(answer.Header("Connection"), "");
  EXPECT_THAT(answer.Header("x-amz-request-id"), MatchesRegex("[0-9A-F]{16}"));
  const auto date = ParseHttpDate(answer.Header("Date"));
  ASSERT_TRUE(date.has_value());
  EXPECT_LT(std::chrono::abs(SystemClock().Wall() - *date), std::chrono::seconds(5));
}

TEST(Server, KeepsTheConnectionAndNumbersItsRequests) {
  TestServer server(Echo);
  server.Started();
  RawClient client(server.address());
  client.Get("/1");
  const Answer first = client.Read();
  client.Get("/2");
  const Answer second = client.Read();
  EXPECT_EQ(first.body, "/1");
  EXPECT_EQ(second.body, "/2");
  EXPECT_NE(first.Header("x-amz-request-id"), second.Header("x-amz-request-id"));
  EXPECT_EQ(server.server().connections(), 1u);
}

TEST(Server, TheHandlerSeesTheIdThatTheClientGets) {
  TestServer server([](Exchange& exchange) { ReplyText(exchange, exchange.context().request_id); });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  const Answer answer = client.Read();
  EXPECT_EQ(answer.body, answer.Header("x-amz-request-id"));
}

TEST(Server, AnswersPipelinedRequestsInTheirOrder) {
  TestServer server(Echo);
  server.Started();
  RawClient client(server.address());
  std::string all;
  for (int i = 0; i < 1000; ++i) all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  client.Send(all);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.Read().body, "/" + std::to_string(i));
}

TEST(Server, ARequestMayComeByteByByte) {
  TestServer server(Echo);
  server.Started();
  RawClient client(server.address());
  const std::string request = "GET /slow HTTP/1.1\r\nHost: h\r\nX-A: b\r\n\r\n";
  for (int round = 0; round < 2; ++round) {
    for (const char c : request) client.Send(std::string_view(&c, 1));
    EXPECT_EQ(client.Read().body, "/slow");
  }
}

TEST(Server, ClosesWhenTheClientAsksForIt) {
  TestServer server(Echo);
  server.Started();
  RawClient client(server.address());
  client.Get("/", "Connection: close\r\n");
  EXPECT_EQ(client.Read().Header("Connection"), "close");
  EXPECT_TRUE(client.AtEnd());
  EXPECT_FALSE(client.was_reset());
}

TEST(Server, SpeaksToHttp10) {
  TestServer server(Echo);
  server.Started();
  RawClient plain(server.address());
  plain.Send("GET /x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(plain.Read().Header("Connection"), "close");
  EXPECT_TRUE(plain.AtEnd());
  RawClient keeping(server.address());
  keeping.Send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(keeping.Read().Header("Connection"), "keep-alive");
  keeping.Send("GET /y HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(keeping.Read().body, "/y");
}

TEST(Server, AClientThatHasShutItsSendingSideGetsAllItsAnswers) {
  TestServer server(Echo);
  server.Started();
  RawClient client(server.address());
  client.Send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  client.ShutdownSend();
  EXPECT_EQ(client.Read().body, "/1");
  EXPECT_EQ(client.Read().body, "/2");
  EXPECT_TRUE(client.AtEnd());
}

TEST(Server, HeadCountsTheBodyAndLeavesItOut) {
  TestServer server([](Exchange& exchange) {
    if (exchange.request().path == "/head") {
      exchange.ReplyHead({.status = 200, .headers = ""}, 5'000'000'000);
    } else {
      ReplyText(exchange, "twelve bytes");
    }
  });
  server.Started();
  RawClient client(server.address());
  client.Send(
      "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nHEAD /head HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read(true).Header("Content-Length"), "12");
  EXPECT_EQ(client.Read(true).Header("Content-Length"), "5000000000");
  EXPECT_EQ(client.Read().body, "twelve bytes");
}

TEST(Server, AnAnswerThatHasNoBodyHasNoLength) {
  TestServer server([](Exchange& exchange) {
    if (exchange.request().path == "/304")
      exchange.ReplyHead({.status = 304, .headers = ""}, std::nullopt);
    else
      exchange.Reply({.status = 204, .headers = ""}, "ignored");
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/304");
  client.Get("/204");
  const Answer not_modified = client.Read();
  EXPECT_EQ(not_modified.status, 304);
  EXPECT_EQ(not_modified.Header("Content-Length"), "");
  const Answer no_content = client.Read();
  EXPECT_EQ(no_content.status, 204);
  EXPECT_EQ(no_content.Header("Content-Length"), "");
  client.Send("");
}

TEST(Server, ALargeReplyArrivesWhole) {
  const std::string text = TestFiles::Content(0, 3_MiB);
  TestServer server([&](Exchange& exchange) { ReplyText(exchange, text); });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  client.Get("/");
  EXPECT_EQ(client.Read().body, text);
  EXPECT_EQ(client.Read().body, text);
}

TEST(Server, SmallSlicesComeInOnePieceWithTheHead) {
  TestFiles files;
  const auto file = files.Make("f", 64_KiB);
  TestServer server([&](Exchange& exchange) {
    const io::FileSlice slices[] = {{file, {10, 4106}}, {file, {60'000, 60'100}}, {file, {7, 7}}};
    EXPECT_TRUE(exchange.ReplySlices({}, slices));
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  EXPECT_EQ(client.Read().body, TestFiles::Content(10, 4106) + TestFiles::Content(60'000, 60'100));
  client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read(true).Header("Content-Length"), "4196");
}

TEST(Server, LargeSlicesArriveWholeAndInOrder) {
  TestFiles files;
  const auto first = files.Make("a", 5_MiB + 3);
  const auto second = files.Make("b", 4_MiB);
  TestServer server([&](Exchange& exchange) {
    const io::FileSlice slices[] = {{first, {1, 5_MiB + 3}}, {second, {1_MiB + 1, 4_MiB}}, {first, {0, 1}}};
    EXPECT_TRUE(exchange.ReplySlices({}, slices));
  });
  server.Started();
  const std::string expected =
      TestFiles::Content(1, 5_MiB + 3) + TestFiles::Content(1_MiB + 1, 4_MiB) + TestFiles::Content(0, 1);
  RawClient client(server.address());
  client.Get("/");
  client.Get("/");
  EXPECT_TRUE(client.Read().body == expected);
  EXPECT_TRUE(client.Read().body == expected);
}

TEST(Server, AFileThatIsShorterThanItsSliceCutsTheConnection) {
  TestFiles files;
  const auto file = files.Make("f", 100'000);
  std::promise<Exchange::Outcome> outcome;
  TestServer server([&](Exchange& exchange) {
    exchange.OnDone([&](const Exchange::Outcome& seen) { outcome.set_value(seen); });
    const io::FileSlice slices[] = {{file, {0, 200'000}}};
    EXPECT_TRUE(exchange.ReplySlices({}, slices));
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  EXPECT_FALSE(client.Read().complete);
  EXPECT_TRUE(outcome.get_future().get().aborted);
}

class MemoryFile final : public io::File {
 public:
  explicit MemoryFile(std::string text) : text_(std::move(text)) {}
  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> to) const override {
    const std::size_t n = std::min(to.size(), text_.size() - static_cast<std::size_t>(offset));
    std::memcpy(to.data(), text_.data() + offset, n);
    return n;
  }
  Status WriteAt(std::uint64_t, std::span<const std::byte>) override { return {}; }
  Status Sync() override { return {}; }
  Status Truncate(std::uint64_t) override { return {}; }
  Result<io::FileInfo> Info() const override { return io::FileInfo{}; }
  bool IsResident(ByteRange) const override { return true; }
  bool TryReadNow(std::uint64_t, std::span<std::byte>) const override { return false; }

 private:
  std::string text_;
};

TEST(Server, SmallSlicesThatAreNotInMemoryAreLeftToTheHandler) {
  const auto file = std::make_shared<MemoryFile>(std::string(5000, 'x'));
  TestServer server([&](Exchange& exchange) {
    const io::FileSlice slices[] = {{file, {0, 5000}}};
    EXPECT_FALSE(exchange.ReplySlices({}, slices));
    exchange.Reply({.status = 503, .headers = ""}, "elsewhere");
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  const auto answer = client.Read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "elsewhere");
}

TEST(Server, AFileWithoutADescriptorIsCopied) {
  const std::string text = TestFiles::Content(0, 3_MiB);
  const auto file = std::make_shared<MemoryFile>(text);
  TestServer server([&](Exchange& exchange) {
    const io::FileSlice slices[] = {{file, {100, 3_MiB}}, {file, {0, 50}}};
    EXPECT_TRUE(exchange.ReplySlices({}, slices));
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  EXPECT_TRUE(client.Read().body == text.substr(100) + text.substr(0, 50));
}

TEST(Server, TellsWhatBecameOfAnAnswer) {
  std::promise<Exchange::Outcome> outcome;
  TestServer server([&](Exchange& exchange) {
    exchange.OnDone([&](const Exchange::Outcome& seen) { outcome.set_value(seen); });
    exchange.Reply({.status = 404, .headers = ""}, "nothing here");
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  client.Read();
  const auto seen = outcome.get_future().get();
  EXPECT_EQ(seen.status, 404);
  EXPECT_EQ(seen.body_bytes, 12u);
  EXPECT_FALSE(seen.aborted);
  EXPECT_LE(seen.first_byte, seen.total);
}

TEST(Server, AnAnswerThatTheKernelHasIsDeliveredAfterTheEnd) {
  std::promise<void> complete;
  const std::string text = TestFiles::Content(0, 200'000);  // less than a socket's buffers
  auto server = std::make_unique<TestServer>([&](Exchange& exchange) {
    exchange.OnDone([&](const Exchange::Outcome&) { complete.set_value(); });
    exchange.Reply({}, text);
  });
  server->Started();
  RawClient client(server->address());
  client.Get("/");
  complete.get_future().get();
  server.reset();
  EXPECT_TRUE(client.Read().body == text) << "a reset would have taken it along";
}

TEST(Server, AHandlerThatForgetsToAnswerAnswers500) {
  TestServer server([](Exchange&) {});
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  const Answer answer = client.Read();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("<Code>InternalError</Code>"));
  EXPECT_TRUE(client.AtEnd());
}

TEST(Server, KnowsThatTheClientIsOnThisHost) {
  TestServer server([](Exchange& exchange) {
    const Peer& peer = exchange.peer();
    ReplyText(exchange, peer.address + (peer.own_host ? " own" : "") + (peer.port != 0 ? " port" : ""));
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  EXPECT_EQ(client.Read().body, "127.0.0.1 own port");
}

TEST(Server, AUnixSocketTellsWhoIsThere) {
  TestFiles files;
  const std::string path = files.path() + "/s.http";
  TestServer server([](Exchange& exchange) {
    const Peer& peer = exchange.peer();
    ReplyText(exchange, (peer.unix_socket && peer.own_host ? "unix " : "other ") + std::to_string(peer.uid));
  });
  ASSERT_TRUE(server.server().ListenUnix(path));
  server.Started();
  RawClient client = RawClient::OnUnix(path);
  client.Get("/");
  EXPECT_EQ(client.Read().body, "unix " + std::to_string(::geteuid()));
  server.server().Stop();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Server, ServesOnSeveralLoops) {
  TestServer server(Echo, {}, 3);
  server.Started();
  for (int i = 0; i < 50; ++i) {
    RawClient client(server.address());
    client.Get("/" + std::to_string(i));
    ASSERT_EQ(client.Read().body, "/" + std::to_string(i));
  }
}

}  // namespace
}  // namespace hearth::http::testing
