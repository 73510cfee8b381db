// Accepting, draining, stopping, and many clients at once.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <future>
#include <thread>

#include "base/bytes.h"
#include "base/random.h"
#include "base/signal.h"
#include "base/task.h"
#include "http/test_server.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;

void Ok(Exchange& exchange) { exchange.Reply({}, "ok"); }

TEST(Worker, TooManyConnectionsAreTurnedAwayWith503) {
  TestServer server(Ok, {.connections_max = 2});
  server.Started();
  RawClient first(server.address());
  first.Get("/");
  EXPECT_EQ(first.Read().status, 200);
  RawClient second(server.address());
  second.Get("/");
  EXPECT_EQ(second.Read().status, 200);
  RawClient third(server.address());
  third.Get("/");
  const Answer answer = third.Read();
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.body, HasSubstr("<Code>SlowDown</Code>"));
  EXPECT_TRUE(third.AtEnd());
  first.Get("/");
  EXPECT_EQ(first.Read().status, 200);
}

TEST(Worker, OutOfDescriptorsItWaitsInsteadOfSpinning) {
  TestServer server(Ok);
  server.Started();
  RawClient first(server.address());
  first.Get("/");
  ASSERT_EQ(first.Read().status, 200);
  // Every descriptor of the process is taken, but for the one that the second client needs.
  RawClient second(server.address());
  second.Get("/");
  ASSERT_EQ(second.Read().status, 200);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  io::UniqueFd highest(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  rlimit small = before;
  small.rlim_cur = static_cast<rlim_t>(highest.get()) + 1;
  highest.Reset();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &small), 0);
  RawClient waiting(server.address());  // takes the last one: the server has none to accept it with
  waiting.Get("/");
  first.Get("/");
  EXPECT_EQ(first.Read().status, 200);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(waiting.Read().status, 200);
}

Task<void> ReplyWhen(Exchange& exchange, Signal& go, std::uint64_t seen) {
  co_await go.Wait(seen);
  exchange.Reply({}, "finished");
}

TEST(Worker, DrainingFinishesWhatRunsAndClosesWhatIsIdle) {
  Signal go;
  std::promise<void> started;
  TestServer server([&](Exchange& exchange) {
    if (exchange.request().path == "/idle") return Ok(exchange);
    exchange.Start(ReplyWhen(exchange, go, go.generation()));
    started.set_value();
  });
  server.Started();
  RawClient idle(server.address());
  idle.Get("/idle");
  EXPECT_EQ(idle.Read().status, 200);
  RawClient busy(server.address());
  busy.Get("/busy");
  started.get_future().wait();
  EXPECT_EQ(server.server().active_requests(), 1u);
  server.server().Drain();
  EXPECT_TRUE(idle.AtEnd());
  EXPECT_FALSE(idle.was_reset());
  go.NotifyAll();
  const Answer answer = busy.Read();
  EXPECT_EQ(answer.body, "finished");
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_TRUE(busy.AtEnd());
}

TEST(Worker, StopClosesWhatIsOpenAndCountsNothingAfterwards) {
  TestServer server(Ok);
  server.Started();
  RawClient client(server.address());
  client.Get("/");
  EXPECT_EQ(client.Read().status, 200);
  EXPECT_EQ(server.server().connections(), 1u);
  server.server().Stop();
  EXPECT_TRUE(client.AtEnd());
  EXPECT_EQ(server.server().connections(), 0u);
  EXPECT_EQ(server.server().active_requests(), 0u);
}

TEST(Worker, AClientThatLeavesAtOnceDoesNoHarm) {
  TestServer server(Ok);
  server.Started();
  for (int i = 0; i < 50; ++i) {
    RawClient client(server.address());
    if (i % 2 == 0) client.Get("/");
    if (i % 3 == 0) {
      client.Reset();
    } else {
      client.Close();
    }
  }
  RawClient client(server.address());
  client.Get("/");
  EXPECT_EQ(client.Read().status, 200);
}

Task<void> SendRange(Exchange& exchange, std::shared_ptr<io::File> file, std::uint64_t size) {
  if (!co_await exchange.SendHead({}, size)) co_return;
  co_await SleepFor(std::chrono::microseconds(50));
  io::FileSlice slice{std::move(file), {0, size}};
  (void)co_await exchange.SendSlice(std::move(slice));
}

// One client thread: answers that are waited for must be right; others are left half-read.
void BeRude(const std::string& address, std::uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < 60; ++i) {
    RawClient client(address, random.OneIn(3) ? 4096 : 0);
    const std::uint64_t size = random.Below(random.OneIn(4) ? 3'000'000 : 20'000);
    const std::string path = (random.OneIn(2) ? "/task/" : "/slices/") + std::to_string(size);
    for (std::uint64_t n = random.Below(3) + 1; n > 0; --n) client.Get(path);
    if (random.OneIn(4)) client.ShutdownSend();
    switch (random.Below(4)) {
      case 0: client.Reset(); break;
      case 1: client.Close(); break;
      default: EXPECT_TRUE(client.Read().body == TestFiles::Content(0, size)) << "seed " << seed;
    }
  }
}

TEST(Worker, RudeClientsDoNotDisturbTheOthers) {
  TestFiles files;
  const auto file = files.Make("f", 3'000'000);
  TestServer server(
      [&](Exchange& exchange) {
        const std::string_view path = exchange.request().path;
        const std::uint64_t size = std::stoull(std::string(path.substr(path.rfind('/') + 1)));
        if (path.starts_with("/task/")) return exchange.Start(SendRange(exchange, file, size));
        const io::FileSlice slices[] = {{file, {0, size / 2}}, {file, {size / 2, size}}};
        EXPECT_TRUE(exchange.ReplySlices({}, slices));
      },
      {}, 2);
  server.Started();
  std::vector<std::thread> clients;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) clients.emplace_back(BeRude, server.address(), seed);
  for (auto& client : clients) client.join();
  server.server().Stop();
  EXPECT_EQ(server.server().connections(), 0u);
}

}  // namespace
}  // namespace hearth::http::testing
