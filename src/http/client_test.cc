#include "http/client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/cancel.h"
#include "http/raw_test_server.h"
#include "io/loop.h"

namespace hearth::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RawTestServer::Script Always(std::string answer) {
  return [answer](RawConnection& peer) {
    while (!peer.ReadHead().empty() && peer.Write(answer)) {
    }
  };
}

std::unique_ptr<io::Loop> StartLoop() {
  auto loop = io::Loop::Create({.name = "test"});
  EXPECT_TRUE(loop.has_value());
  (*loop)->Start();
  return *std::move(loop);
}

class CurlClientTest : public testing::Test {
 protected:
  explicit CurlClientTest(ClientOptions options = {}) { UseOptions(options); }
  ~CurlClientTest() override {
    client_.reset();
    caller_->Stop();
    loop_->Stop();
  }
  void UseOptions(const ClientOptions& options) { client_ = MakeCurlClient({loop_.get()}, options); }

  // Runs `task` as a job of the caller's executor and waits for it.
  template <typename T>
  T Await(Task<T> task) {
    std::promise<T> promise;
    auto future = promise.get_future();
    caller().Post([wrapped = Keep(std::move(task), promise)]() mutable { StartDetached(std::move(wrapped)); });
    return future.get();
  }

  Result<ClientAnswer> Send(ClientRequest request, RequestContext context = {}) {
    return Await(client_->Send(std::move(request), std::move(context)));
  }
  Result<ClientAnswer> Get(std::string url) { return Send({.url = std::move(url)}); }
  Result<std::string> Fetch(std::string url) {
    auto answer = Get(std::move(url));
    if (!answer) return Fail(std::move(answer).error());
    return Await(ReadAll(std::move(answer->body), 64 << 20));
  }
  Result<std::size_t> Read(ClientBody& body, std::span<std::byte> to) { return Await(body.Read(to)); }

  // Callers live on another loop than the client: every call hops.
  virtual Executor& caller() { return *caller_; }

  std::unique_ptr<io::Loop> loop_ = StartLoop();
  std::unique_ptr<io::Loop> caller_ = StartLoop();
  std::unique_ptr<Client> client_;

 private:
  template <typename T>
  static Task<void> Keep(Task<T> task, std::promise<T>& promise) {
    promise.set_value(co_await std::move(task));
  }
};

// Bytes that say where they stand.
std::string Pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>((i * 2654435761u) >> 16);
  return text;
}

std::string WithLength(std::string_view body, std::string_view headers = "") {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), headers, body);
}

TEST_F(CurlClientTest, ReadsStatusHeadersAndBody) {
  RawTestServer server(
      Always("HTTP/1.1 206 Partial Content\r\nContent-Length: 5\r\nETag: \"x\"\r\nx-empty:\r\n\r\nhello"));
  auto answer = Get(server.Url("/a"));
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(answer->status, 206);
  EXPECT_EQ(answer->content_length, 5u);
  EXPECT_EQ(answer->headers, (HeaderList{{"Content-Length", "5"}, {"ETag", "\"x\""}, {"x-empty", ""}}));
  ASSERT_NE(FindHeader(answer->headers, "etag"), nullptr);
  EXPECT_EQ(Await(ReadAll(std::move(answer->body), 100)).value(), "hello");
}

TEST_F(CurlClientTest, SendsPathAndHeadersAsTheyAre) {
  std::string seen;
  RawTestServer server([&seen](RawConnection& peer) {
    seen = peer.ReadHead();
    peer.Write(WithLength(""));
  });
  auto answer = Send({.url = server.Url("/b/../a//%20%2B+=:(*,@~/./x?list-type=2&prefix=%2F"),
                      .headers = {{"Range", "bytes=0-1"}, {"x-none", ""}, {"Accept-Encoding", "identity"}}});
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(seen.starts_with("GET /b/../a//%20%2B+=:(*,@~/./x?list-type=2&prefix=%2F HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("Range: bytes=0-1\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("x-none:\r\n"), std::string::npos) << seen;
  EXPECT_NE(seen.find("Accept-Encoding: identity\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Accept:"), std::string::npos) << seen;
}

TEST_F(CurlClientTest, SendsABodyWithItsMethod) {
  std::string seen;
  RawTestServer server([&seen](RawConnection& peer) {
    seen = peer.ReadHead();
    peer.Write(WithLength(""));
    peer.WaitForEnd();
  });
  auto answer = Send({.method = "POST", .url = server.Url(), .headers = {}, .body = "{}"});
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(seen.starts_with("POST / HTTP/1.1\r\n")) << seen;
  EXPECT_NE(seen.find("Content-Length: 2\r\n"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("Content-Type"), std::string::npos) << seen;
}

TEST_F(CurlClientTest, RefusesHeadersThatCouldSplitTheRequest) {
  RawTestServer server(Always(WithLength("")));
  auto answer = Send({.url = server.Url(), .headers = {{"x-a", "1\r\nx-b: 2"}}});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(CurlClientTest, AHeadAnswerHasALengthAndNoBody) {
  RawTestServer server(Always("HTTP/1.1 200 OK\r\nContent-Length: 123456789\r\n\r\n"));
  for (int i = 0; i < 3; ++i) {
    auto answer = Send({.method = "HEAD", .url = server.Url()});
    ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
    EXPECT_EQ(answer->content_length, 123456789u);
    EXPECT_EQ(Await(ReadAll(std::move(answer->body), 10)).value(), "");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientTest, KeepsConnectionsForTheNextRequest) {
  RawTestServer server(Always(WithLength(Pattern(100000))));
  for (int i = 0; i < 5; ++i) ASSERT_EQ(Fetch(server.Url()).value(), Pattern(100000));
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientTest, StreamsALargeBodyThroughSmallAndLargeReads) {
  const std::string body = Pattern(9'000'001);
  RawTestServer server(Always(WithLength(body)));
  for (const std::size_t piece : {1000u, 16u << 10, 300'000u, 4u << 20}) {
    auto answer = Get(server.Url());
    ASSERT_TRUE(answer.has_value());
    std::string got;
    std::vector<std::byte> buffer(piece);
    while (true) {
      const std::size_t n = Read(*answer->body, buffer).value();
      if (n == 0) break;
      got.append(reinterpret_cast<const char*>(buffer.data()), n);
    }
    EXPECT_TRUE(got == body) << piece;
  }
}

TEST_F(CurlClientTest, DecodesChunksAndKnowsNoLengthThen) {
  RawTestServer server(
      Always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nx-t: 1\r\n\r\n"));
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->content_length, std::nullopt);
  EXPECT_EQ(Await(ReadAll(std::move(answer->body), 100)).value(), "hello!");
}

TEST_F(CurlClientTest, NeverDecodesContent) {
  RawTestServer server(Always(WithLength("not really gzip", "Content-Encoding: gzip\r\n")));
  EXPECT_EQ(Fetch(server.Url()).value(), "not really gzip");
}

TEST_F(CurlClientTest, NeverFollowsARedirect) {
  RawTestServer target(Always(WithLength("elsewhere")));
  RawTestServer server(Always(
      fmt::format("HTTP/1.1 307 Temporary Redirect\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", target.Url())));
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 307);
  EXPECT_EQ(target.connections(), 0);
}

TEST_F(CurlClientTest, SkipsInterimAnswers) {
  RawTestServer server(Always("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + WithLength("final")));
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(FindHeader(answer->headers, "Link"), nullptr);
  EXPECT_EQ(Await(ReadAll(std::move(answer->body), 100)).value(), "final");
}

TEST_F(CurlClientTest, AShortBodyIsAnErrorAfterItsBytes) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  });
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  std::byte buffer[100];
  std::string got;
  Result<std::size_t> n = Read(*answer->body, buffer);
  while (n.has_value() && *n > 0) {
    got.append(reinterpret_cast<const char*>(buffer), *n);
    n = Read(*answer->body, buffer);
  }
  EXPECT_EQ(got, "hello");
  ASSERT_FALSE(n.has_value());
  EXPECT_EQ(n.error().code(), Code::kUnavailable);
  EXPECT_EQ(Read(*answer->body, buffer).error().code(), Code::kUnavailable);
}

TEST_F(CurlClientTest, BytesBeyondTheContentLengthAreNeverDelivered) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, and a smuggled rest");
  });
  EXPECT_EQ(Fetch(server.Url()).value(), "hello");
}

TEST_F(CurlClientTest, EndlessHeadersAreAnError) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\n");
    while (peer.Write("x-more: and more and more\r\n")) {
    }
  });
  auto answer = Get(server.Url());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
  EXPECT_NE(answer.error().message().find("64 KiB"), std::string::npos) << answer.error().message();
}

TEST_F(CurlClientTest, AnEndlessHeaderLineIsAnError) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nx-long: ");
    while (peer.Write(std::string(4096, 'x'))) {
    }
  });
  auto answer = Get(server.Url());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kUnavailable) << answer.error().message();
}

TEST_F(CurlClientTest, GarbageIsAnError) {
  for (const char* garbage :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "\r\n\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\nhello", "HTTP/1.1 200 OK\r\nx-a: 1\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello"}) {
    RawTestServer server([garbage](RawConnection& peer) {
      peer.ReadHead();
      peer.Write(garbage);
    });
    auto answer = Get(server.Url());
    ASSERT_FALSE(answer.has_value()) << garbage;
    EXPECT_EQ(answer.error().code(), Code::kUnavailable) << garbage << answer.error().message();
  }
}

TEST_F(CurlClientTest, ARefusedConnectionIsUnavailableAndNamesThePlaceOnly) {
  std::string url;
  {
    RawTestServer gone(Always(""));
    url = gone.Url("/secret-path?token=hidden");
  }
  auto answer = Get(url);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
  EXPECT_NE(answer.error().message().find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(answer.error().message().find("hidden"), std::string::npos) << answer.error().message();
}

TEST_F(CurlClientTest, AResetBeforeTheHeadIsUnavailable) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.ResetOnClose();
  });
  auto answer = Get(server.Url());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
}

TEST_F(CurlClientTest, AResetInTheBodyIsUnavailable) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello");
    peer.ResetOnClose();
  });
  auto body = Fetch(server.Url());
  ASSERT_FALSE(body.has_value());
  EXPECT_EQ(body.error().code(), Code::kUnavailable);
}

TEST_F(CurlClientTest, AnUnknownHostIsUnavailable) {
  auto answer = Get("http://no-such-host.invalid/");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
}

TEST_F(CurlClientTest, OtherProtocolsAreRefused) {
  EXPECT_EQ(Get("file:///etc/passwd").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(Get("no url at all").error().code(), Code::kInvalidArgument);
}

TEST_F(CurlClientTest, AnUnknownCongestionControlIsAnErrorNotTheDefault) {
  RawTestServer server(Always(WithLength("ok")));
  UseOptions({.congestion_control = "reno"});
  EXPECT_EQ(Fetch(server.Url()).value(), "ok");
  UseOptions({.congestion_control = "no-such-algorithm"});
  EXPECT_FALSE(Fetch(server.Url()).has_value());
}

TEST_F(CurlClientTest, ASilentServerIsADeadlineExceeded) {
  RawTestServer server([](RawConnection& peer) { peer.WaitForEnd(); });
  UseOptions({.first_byte_timeout = milliseconds(100)});
  auto answer = Get(server.Url());
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kDeadlineExceeded);
}

TEST_F(CurlClientTest, TheDeadlineOfTheRequestCountsToo) {
  RawTestServer server([](RawConnection& peer) { peer.WaitForEnd(); });
  RequestContext context{.request_id = "", .deadline = SystemClock().Now() + milliseconds(100), .cancel = {}};
  auto answer = Send({.url = server.Url()}, context);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kDeadlineExceeded);
}

TEST_F(CurlClientTest, AStalledBodyIsADeadlineExceeded) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    peer.WaitForEnd();
  });
  UseOptions({.stall_timeout = milliseconds(100)});
  auto body = Fetch(server.Url());
  ASSERT_FALSE(body.has_value());
  EXPECT_EQ(body.error().code(), Code::kDeadlineExceeded);
}

TEST_F(CurlClientTest, AReaderThatTakesItsTimeDoesNotStallTheTransfer) {
  const std::string body = Pattern(20 << 20);
  std::promise<void> full;
  RawTestServer server([&](RawConnection& peer) {
    peer.ReadHead();
    const std::string answer = WithLength(body);
    std::string_view rest = answer;
    // As far as it goes without a reader: the client keeps a buffer, the sockets keep some, then it stops.
    while (peer.WaitWritable(milliseconds(300))) {
      const std::size_t piece = std::min<std::size_t>(rest.size(), 16 << 10);
      if (!peer.Write(rest.substr(0, piece))) break;
      rest.remove_prefix(piece);
    }
    EXPECT_GT(rest.size(), 0u) << "nothing pushed back";
    full.set_value();
    peer.Write(rest);
  });
  UseOptions({.stall_timeout = milliseconds(200)});
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  full.get_future().wait();
  EXPECT_TRUE(Await(ReadAll(std::move(answer->body), 64 << 20)).value() == body);
}

TEST_F(CurlClientTest, CancellingWhileWaitingForTheHeadEndsTheRequest) {
  std::promise<void> asked;
  std::promise<void> closed;
  RawTestServer server([&](RawConnection& peer) {
    peer.ReadHead();
    asked.set_value();
    peer.WaitForEnd();
    closed.set_value();
  });
  CancelSource source;
  std::thread canceller([&] {
    asked.get_future().wait();
    source.Cancel();
  });
  auto answer = Send({.url = server.Url()}, {.request_id = "", .cancel = source.token()});
  canceller.join();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), Code::kCancelled);
  closed.get_future().wait();
}

TEST_F(CurlClientTest, CancellingWhileReadingEndsTheRead) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    peer.WaitForEnd();
  });
  CancelSource source;
  auto answer = Send({.url = server.Url()}, {.request_id = "", .cancel = source.token()});
  ASSERT_TRUE(answer.has_value());
  std::thread canceller([&] { source.Cancel(); });
  std::byte buffer[10];
  EXPECT_EQ(Read(*answer->body, buffer).error().code(), Code::kCancelled);
  canceller.join();
}

TEST_F(CurlClientTest, CancellingAtAnyMomentLeavesNothingBehind) {
  const std::string body = Pattern(700'000);
  RawTestServer server(Always(WithLength(body)));
  for (int i = 0; i < 60; ++i) {
    CancelSource source;
    std::thread canceller([&source, i] {
      for (int spin = 0; spin < i * 3; ++spin) std::this_thread::yield();
      source.Cancel();
    });
    auto answer = Send({.url = server.Url()}, {.request_id = "", .cancel = source.token()});
    auto text = answer ? Await(ReadAll(std::move(answer->body), 64 << 20)) : Fail(std::move(answer).error());
    canceller.join();
    if (text) {
      EXPECT_TRUE(*text == body);
    } else {
      EXPECT_EQ(text.error().code(), Code::kCancelled) << text.error().ToString();
    }
  }
  EXPECT_TRUE(Fetch(server.Url()).value() == body);
}

TEST_F(CurlClientTest, DroppingTheBodyClosesTheConnection) {
  std::promise<void> closed;
  RawTestServer server([&](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
    while (peer.Write(std::string(65536, 'x'))) {
    }
    closed.set_value();
  });
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  std::byte buffer[1000];
  EXPECT_GT(Read(*answer->body, buffer).value(), 0u);
  answer->body.reset();
  closed.get_future().wait();
}

TEST_F(CurlClientTest, ADestroyedClientFailsTheReadsThatWait) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    peer.WaitForEnd();
  });
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  client_.reset();
  std::byte buffer[10];
  EXPECT_EQ(Read(*answer->body, buffer).error().code(), Code::kCancelled);
}

TEST_F(CurlClientTest, ReadAllRefusesMoreThanItsLimit) {
  RawTestServer server(Always(WithLength(Pattern(1001))));
  auto answer = Get(server.Url());
  EXPECT_EQ(Await(ReadAll(std::move(answer->body), 1000)).error().code(), Code::kUnavailable);
}

TEST_F(CurlClientTest, ManyTransfersRunAtOnce) {
  const std::string body = Pattern(2'000'000);
  RawTestServer server(Always(WithLength(body)));
  std::vector<std::future<bool>> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(std::async(std::launch::async, [&] { return Fetch(server.Url()).value() == body; }));
  }
  for (auto& one : all) EXPECT_TRUE(one.get());
}

// The caller's job runs on the client's own loop: nothing hops.
class CurlClientOnItsLoopTest : public CurlClientTest {
 protected:
  Executor& caller() override { return *loop_; }
};

TEST_F(CurlClientOnItsLoopTest, StreamsALargeBody) {
  const std::string body = Pattern(9'000'001);
  RawTestServer server(Always(WithLength(body)));
  EXPECT_TRUE(Fetch(server.Url()).value() == body);
  EXPECT_TRUE(Fetch(server.Url()).value() == body);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(CurlClientOnItsLoopTest, AStoppedLoopDropsWhatRuns) {
  RawTestServer server([](RawConnection& peer) {
    peer.ReadHead();
    peer.Write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    peer.WaitForEnd();
  });
  auto answer = Get(server.Url());
  ASSERT_TRUE(answer.has_value());
  loop_->Stop();
  answer->body.reset();
  client_.reset();
}

}  // namespace
}  // namespace hearth::http
