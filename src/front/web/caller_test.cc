#include "front/web/caller.h"

#include <gtest/gtest.h>

#include "front/web/exchange_for_test.h"
#include "support/sim_executor.h"

namespace hearth::front {
namespace {

TEST(Caller, TakesConnectionAndHostFromTheExchange) {
  sim::SimWorld world(1);
  FakeExchange exchange(world.main(), "GET", "/");
  exchange.mutable_peer() = {.address = "10.0.0.7", .own_host = false, .unix_socket = true, .uid = 7};
  const gate::Caller caller = CallerOf(exchange);
  EXPECT_EQ(caller.address, "10.0.0.7");
  EXPECT_FALSE(caller.own_host);
  EXPECT_TRUE(caller.unix_socket);
  EXPECT_EQ(caller.uid, 7u);
  EXPECT_EQ(caller.host_header, "127.0.0.1");
  EXPECT_FALSE(caller.forwarded);
}

TEST(Caller, AnyForwardingHeaderMarksARequestAsSomebodyElses) {
  sim::SimWorld world(1);
  for (const char* name : {"Forwarded", "forwarded", "X-Forwarded-For", "x-forwarded-proto"}) {
    FakeExchange exchange(world.main(), "GET", "/");
    exchange.Header(name, "x");
    EXPECT_TRUE(CallerOf(exchange).forwarded) << name;
  }
  FakeExchange other(world.main(), "GET", "/");
  other.Header("X-Forward", "x").Header("Forwarded2", "x");
  EXPECT_FALSE(CallerOf(other).forwarded);
}

TEST(Caller, ABrowsersOriginIsSeen) {
  sim::SimWorld world(1);
  FakeExchange exchange(world.main(), "GET", "/");
  exchange.Header("ORIGIN", "http://evil.example");
  EXPECT_EQ(CallerOf(exchange).origin_header, "http://evil.example");
}

}  // namespace
}  // namespace hearth::front
