// What one client may not do: malformed requests, limits, deadlines.
#include <gmock/gmock.h>

#include <future>

#include "base/bytes.h"
#include "base/task.h"
#include "http/test_server.h"

namespace hearth::http::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

void Ok(Exchange& exchange) { exchange.Reply({}, "ok"); }

TEST(Connection, AMalformedRequestIs400InXmlAndAClose) {
  TestServer server([](Exchange&) { ADD_FAILURE() << "must not reach the handler"; });
  server.Started();
  for (const char* request : {"GET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
                              "\x16\x03\x01", "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"}) {
    RawClient client(server.address());
    client.Send(request);
    const Answer answer = client.Read();
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_EQ(answer.Header("Content-Type"), "application/xml");
    EXPECT_EQ(answer.Header("Connection"), "close");
    EXPECT_THAT(answer.body, HasSubstr("<Code>InvalidRequest</Code>"));
    EXPECT_THAT(answer.body, HasSubstr("<RequestId>" + answer.Header("x-amz-request-id") + "</RequestId>"));
    EXPECT_TRUE(client.AtEnd());
    EXPECT_FALSE(client.was_reset());
  }
}

TEST(Connection, ARequestBehindABadOneIsNotAnswered) {
  TestServer server(Ok);
  server.Started();
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_EQ(client.Read().status, 400);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, AnEndlessHeadIs431AndTheClientCanReadIt) {
  TestServer server(Ok);
  server.Started();
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(300'000, 'x'));
  EXPECT_EQ(client.Read().status, 431);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, ALargeHeadThatFitsIsFine) {
  TestServer server(Ok);
  server.Started();
  RawClient client(server.address());
  const std::string large = "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(16'000, 'x') + "\r\n\r\n";
  client.Send(large + large + large);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Read().status, 200);
}

TEST(Connection, AHeadThatDoesNotEndInTimeIs408) {
  TestServer server(Ok, {.head_timeout = milliseconds(30)});
  server.Started();
  RawClient client(server.address());
  client.Send("GET / HTTP/1.1\r\nHost:");
  EXPECT_EQ(client.Read().status, 408);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, AnIdleConnectionIsClosed) {
  TestServer server(Ok, {.idle_timeout = milliseconds(30)});
  server.Started();
  RawClient silent(server.address());
  EXPECT_TRUE(silent.AtEnd());
  RawClient client(server.address());
  client.Get("/");
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_TRUE(client.AtEnd());
}

TEST(Connection, AClientThatTakesNothingIsCut) {
  TestFiles files;
  const auto file = files.Make("f", 32_MiB);
  std::promise<Exchange::Outcome> outcome;
  TestServer server(
      [&](Exchange& exchange) {
        exchange.OnDone([&](const Exchange::Outcome& seen) { outcome.set_value(seen); });
        const io::FileSlice slices[] = {{file, {0, 32_MiB}}};
        EXPECT_TRUE(exchange.ReplySlices({}, slices));
      },
      {.send_timeout = milliseconds(50)});
  server.Started();
  RawClient client(server.address(), 4096);
  client.Get("/");
  const auto seen = outcome.get_future().get();
  EXPECT_TRUE(seen.aborted);
  EXPECT_LT(seen.body_bytes, 32_MiB);
  EXPECT_FALSE(client.Read().complete);
}

TEST(Connection, ABodyThatStallsIsCut) {
  std::promise<Code> code;
  struct Read {
    static Task<void> Run(Exchange& exchange, std::promise<Code>& result) {
      const auto body = co_await exchange.ReadBody(100);
      result.set_value(body ? Code::kNotFound : body.error().code());
    }
  };
  TestServer server([&](Exchange& exchange) { exchange.Start(Read::Run(exchange, code)); },
                    {.send_timeout = milliseconds(30)});
  server.Started();
  RawClient client(server.address());
  client.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\n\r\nhalf");
  EXPECT_EQ(code.get_future().get(), Code::kCancelled);
}

}  // namespace
}  // namespace hearth::http::testing
