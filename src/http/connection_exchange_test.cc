// Answers that a coroutine gives: heads, pieces of bodies, cuts, request bodies.
#include <gmock/gmock.h>

#include <future>

#include "base/bytes.h"
#include "base/signal.h"
#include "base/task.h"
#include "http/test_server.h"

namespace hearth::http::testing {
namespace {

BufferSlice SliceOf(std::string_view text) {
  auto buffer = std::make_shared<Buffer>(text.size(), MemoryBudget::Grant());
  std::memcpy(buffer->Unwritten().data(), text.data(), text.size());
  buffer->Commit(text.size());
  const std::span<const std::byte> bytes(buffer->data(), text.size());
  return {std::move(buffer), bytes};
}

Task<void> SendPieces(Exchange& exchange, std::shared_ptr<io::File> file) {
  EXPECT_FALSE(exchange.head_sent());
  ResponseHead head;
  head.Add("X-Cache", "miss");
  EXPECT_TRUE(co_await exchange.SendHead(std::move(head), 3_MiB + 5));
  EXPECT_TRUE(exchange.head_sent());
  BufferSlice first = SliceOf("begin");
  EXPECT_TRUE(co_await exchange.SendBytes(std::move(first)));
  co_await SleepFor(std::chrono::milliseconds(1));
  io::FileSlice slice{std::move(file), {0, 2_MiB}};
  EXPECT_TRUE(co_await exchange.SendSlice(std::move(slice)));
  BufferSlice last = SliceOf(TestFiles::Content(2_MiB, 3_MiB));
  EXPECT_TRUE(co_await exchange.SendBytes(std::move(last)));
}

TEST(Exchange, ATaskSendsPiecesOfEveryKind) {
  TestFiles files;
  const auto file = files.Make("f", 2_MiB);
  TestServer server([&](Exchange& exchange) { exchange.Start(SendPieces(exchange, file)); });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  client.Get("/");
  for (int i = 0; i < 2; ++i) {
    const Answer answer = client.Read();
    EXPECT_EQ(answer.Header("X-Cache"), "miss");
    EXPECT_TRUE(answer.body == "begin" + TestFiles::Content(0, 3_MiB));
  }
  client.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read(true).Header("Content-Length"), std::to_string(3_MiB + 5));
  EXPECT_TRUE(client.Read().complete);
}

Task<void> ReplyLater(Exchange& exchange) {
  co_await SleepFor(std::chrono::milliseconds(1));
  exchange.Reply({}, "later");
}

TEST(Exchange, ATaskMayReplyAtOnceToo) {
  TestServer server([](Exchange& exchange) { exchange.Start(ReplyLater(exchange)); });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  client.Get("/");
  EXPECT_EQ(client.Read().body, "later");
  EXPECT_EQ(client.Read().body, "later");
}

Task<void> EndAtOnce() { co_return; }

TEST(Exchange, ATaskThatAnswersNothingAnswers500) {
  TestServer server([](Exchange& exchange) { exchange.Start(EndAtOnce()); });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  EXPECT_EQ(client.Read().status, 500);
}

Task<void> SendTooLittle(Exchange& exchange, bool abort) {
  EXPECT_TRUE(co_await exchange.SendHead({}, 1000));
  BufferSlice part = SliceOf("only this");
  EXPECT_TRUE(co_await exchange.SendBytes(std::move(part)));
  if (!abort) co_return;
  exchange.Abort();
  BufferSlice more = SliceOf("more");
  const Status late = co_await exchange.SendBytes(std::move(more));
  EXPECT_EQ(late.error().code(), Code::kCancelled);
}

TEST(Exchange, AnAnswerThatEndsEarlyIsCutAndNeverEndsCleanly) {
  for (const bool abort : {false, true}) {
    std::promise<Exchange::Outcome> outcome;
    TestServer server([&](Exchange& exchange) {
      exchange.OnDone([&](const Exchange::Outcome& seen) { outcome.set_value(seen); });
      exchange.Start(SendTooLittle(exchange, abort));
    });
    server.Started();
    RawClient client(server.address());
    client.Get("/");
    const Answer answer = client.Read();
    EXPECT_FALSE(answer.complete);
    client.ReadToEnd();
    EXPECT_TRUE(client.was_reset());
    const auto seen = outcome.get_future().get();
    EXPECT_TRUE(seen.aborted);
    EXPECT_EQ(seen.body_bytes, 9u);
  }
}

Task<void> SendTooMuch(Exchange& exchange, std::promise<Code>& result) {
  EXPECT_TRUE(co_await exchange.SendHead({}, 3));
  BufferSlice bytes = SliceOf("four");
  const Status sent = co_await exchange.SendBytes(std::move(bytes));
  result.set_value(sent ? Code::kNotFound : sent.error().code());
}

TEST(Exchange, MoreBodyThanPromisedIsCut) {
  std::promise<Code> result;
  TestServer server([&](Exchange& exchange) { exchange.Start(SendTooMuch(exchange, result)); });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  EXPECT_FALSE(client.Read().complete);
  EXPECT_EQ(result.get_future().get(), Code::kInternal);
}

Task<void> WaitForCancel(Exchange& exchange, Signal& never, std::promise<Signal::Woke>& woke,
                         std::promise<void>& ready) {
  CancelToken cancel = exchange.context().cancel;
  ready.set_value();
  woke.set_value(co_await never.Wait(never.generation(), TimePoint::max(), std::move(cancel)));
}

TEST(Exchange, AClientThatResetsCancelsTheTask) {
  Signal never;
  std::promise<Signal::Woke> woke;
  std::promise<void> ready;
  std::promise<Exchange::Outcome> outcome;
  TestServer server([&](Exchange& exchange) {
    exchange.OnDone([&](const Exchange::Outcome& seen) { outcome.set_value(seen); });
    exchange.Start(WaitForCancel(exchange, never, woke, ready));
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  ready.get_future().wait();
  client.Reset();
  EXPECT_EQ(woke.get_future().get(), Signal::Woke::kCancelled);
  EXPECT_TRUE(outcome.get_future().get().aborted);
}

Task<void> WaitForSignal(Exchange& exchange, Signal& go, std::uint64_t seen) {
  co_await go.Wait(seen);
  exchange.Reply({}, "in the end");
}

TEST(Exchange, AClientThatOnlyShutItsSendingSideIsNotCancelled) {
  Signal go;
  std::promise<void> started;
  TestServer server([&](Exchange& exchange) {
    exchange.Start(WaitForSignal(exchange, go, go.generation()));
    started.set_value();
  });
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  client.ShutdownSend();
  started.get_future().wait();
  go.NotifyAll();
  EXPECT_EQ(client.Read().body, "in the end");
  EXPECT_TRUE(client.AtEnd());
}

Task<void> SendForever(Exchange& exchange, std::promise<Code>& result) {
  Status sent = co_await exchange.SendHead({}, 1_GiB);
  while (sent) {
    BufferSlice bytes = SliceOf(std::string(256_KiB, 'x'));
    sent = co_await exchange.SendBytes(std::move(bytes));
  }
  result.set_value(sent.error().code());
}

TEST(Exchange, ASendWaitsForASlowClientAndEndsWhenItLeaves) {
  std::promise<Code> result;
  TestServer server([&](Exchange& exchange) { exchange.Start(SendForever(exchange, result)); });
  server.Started();
  RawClient client(server.address(), 4096);
  client.Get("/");
  auto code = result.get_future();
  EXPECT_EQ(code.wait_for(std::chrono::milliseconds(50)), std::future_status::timeout);
  client.Reset();
  EXPECT_EQ(code.get(), Code::kCancelled);
}

TEST(Exchange, StopCutsATaskThatSends) {
  std::promise<Code> result;
  auto code = result.get_future();
  std::promise<void> started;
  {
    TestServer server([&](Exchange& exchange) {
      exchange.Start(SendForever(exchange, result));
      started.set_value();
    });
    server.Started();
    RawClient client(server.address(), 4096);
    client.Get("/");
    started.get_future().wait();
    server.server().Stop();
  }
  EXPECT_EQ(code.get(), Code::kCancelled);
}

Task<void> EchoBody(Exchange& exchange, std::size_t bytes_max) {
  auto body = co_await exchange.ReadBody(bytes_max);
  if (!body) {
    exchange.Reply({.status = 400, .headers = ""}, CodeName(body.error().code()));
    co_return;
  }
  auto again = co_await exchange.ReadBody(bytes_max);
  exchange.Reply({}, *body + (again ? *again : "!"));
}

TEST(Exchange, ReadsABodyWithALength) {
  TestServer server([](Exchange& exchange) { exchange.Start(EchoBody(exchange, 100'000)); });
  server.Started();
  RawClient client(server.address());
  const std::string body = TestFiles::Content(0, 90'000);
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 90000\r\n\r\n" + body +
              "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.Read().body == body);
  EXPECT_EQ(client.Read().body, "");
}

TEST(Exchange, ReadsAChunkedBodyThatComesByteByByteAfterAnotherRequest) {
  TestServer server([](Exchange& exchange) { exchange.Start(EchoBody(exchange, 100)); });
  server.Started();
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string rest = "4\r\nWiki\r\n5;x\r\npedia\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (const char c : rest) client.Send(std::string_view(&c, 1));
  EXPECT_EQ(client.Read().body, "");
  EXPECT_EQ(client.Read().body, "Wikipedia");
  EXPECT_EQ(client.Read().status, 200);
}

TEST(Exchange, SaysContinueToWhoWaitsForIt) {
  TestServer server([](Exchange& exchange) { exchange.Start(EchoBody(exchange, 100)); });
  server.Started();
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.Read().status, 100);
  client.Send("body");
  EXPECT_EQ(client.Read().body, "body");
}

TEST(Exchange, ABodyThatIsTooLongOrBrokenIsAnErrorAndTheEnd) {
  TestServer server([](Exchange& exchange) { exchange.Start(EchoBody(exchange, 8)); });
  server.Started();
  for (const char* request :
       {"Content-Length: 9\r\n\r\n123456789", "Transfer-Encoding: chunked\r\n\r\n9\r\n123456789\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nnonsense\r\n"}) {
    RawClient client(server.address());
    client.Send("POST / HTTP/1.1\r\nHost: h\r\n" + std::string(request));
    const Answer answer = client.Read();
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_EQ(answer.body, "invalid_argument");
    EXPECT_EQ(answer.Header("Connection"), "close");
    EXPECT_TRUE(client.AtEnd());
    EXPECT_FALSE(client.was_reset());
  }
}

TEST(Exchange, ABodyThatNobodyReadsEndsTheConnectionAfterTheAnswer) {
  TestServer server([](Exchange& exchange) { exchange.Reply({.status = 501, .headers = ""}, "no"); });
  server.Started();
  RawClient client(server.address());
  client.Send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n" + std::string(500'000, 'x'));
  const Answer answer = client.Read();
  EXPECT_EQ(answer.status, 501);
  EXPECT_EQ(answer.Header("Connection"), "close");
}

Task<void> ReadBodyCode(Exchange& exchange, std::promise<Code>& code) {
  const auto body = co_await exchange.ReadBody(100);
  code.set_value(body ? Code::kNotFound : body.error().code());
}

TEST(Exchange, ABodyThatBreaksOffIsCancelled) {
  std::promise<Code> code;
  TestServer server([&](Exchange& exchange) { exchange.Start(ReadBodyCode(exchange, code)); });
  server.Started();
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhalf");
  client.ShutdownSend();
  EXPECT_EQ(code.get_future().get(), Code::kCancelled);
}

}  // namespace
}  // namespace hearth::http::testing
