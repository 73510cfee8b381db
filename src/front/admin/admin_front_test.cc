#include "front/admin/admin_front.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "front/web/world_for_test.h"

namespace hearth::front {
namespace {

class FixedNode final : public NodeView {
 public:
  bool ready() const override { return is_ready; }
  const std::string& name() const override { return name_; }
  const std::string& address() const override { return name_; }
  std::uint64_t block_size() const override { return 1_MiB; }
  NodeStatus Describe() const override { return {.version = "1", .name = name_, .ready = is_ready}; }
  bool is_ready = true;

 private:
  const std::string name_ = "node-1:8080";
};

struct Admin {
  explicit Admin(bool allow = true)
      : gate(allow),
        front({gate, *world.origins, world.reader, world.answerer, world.forwarder, node, world.metrics, world.log,
               false}) {}

  void Ask(FakeExchange& exchange) { world.Handle(front, exchange); }

  FrontWorld world;
  FixedGate gate;
  FixedNode node;
  AdminFront front;
};

TEST(AdminFront, KnowsItsPaths) {
  EXPECT_TRUE(IsAdminPath("/_hearth"));
  EXPECT_TRUE(IsAdminPath("/_hearth/live"));
  EXPECT_FALSE(IsAdminPath("/_hearths"));
  EXPECT_FALSE(IsAdminPath("/b/_hearth/live"));
}

TEST(AdminFront, LiveAndReadyAreOpenAndSayOneWord) {
  Admin admin(false);
  FakeExchange live(admin.world.loop, "GET", "/_hearth/live");
  admin.Ask(live);
  EXPECT_EQ(live.status, 200);
  admin.node.is_ready = false;
  FakeExchange ready(admin.world.loop, "GET", "/_hearth/ready");
  admin.Ask(ready);
  EXPECT_EQ(ready.status, 503);
  EXPECT_TRUE(admin.gate.asked.empty());
}

TEST(AdminFront, EverythingElseAsksTheGateBeforeAnythingIsLookedUp) {
  Admin admin(false);
  admin.world.origin->Put("b1", "k", 10);
  for (const char* target : {"/_hearth/metrics", "/_hearth/v1/status", "/_hearth/v1/members",
                             "/_hearth/v1/object?url=s3://b1/k", "/_hearth/v1/explain?url=s3://b1/k"}) {
    FakeExchange exchange(admin.world.loop, "GET", target);
    admin.Ask(exchange);
    EXPECT_EQ(exchange.status, 403) << target;
  }
  FakeExchange evict(admin.world.loop, "POST", "/_hearth/v1/evict");
  evict.Body(R"({"urls":["s3://b1/k"]})");
  admin.Ask(evict);
  EXPECT_EQ(evict.status, 403);
  EXPECT_TRUE(admin.world.origin->Requests().empty());
  EXPECT_EQ(admin.gate.asked.back(), "admin admin:");
}

TEST(AdminFront, AnObjectByUrlHonoursRangeAndVersion) {
  Admin admin;
  admin.world.origin->Put("b1", "k", 1000);
  FakeExchange exchange(admin.world.loop, "GET", "/_hearth/v1/object?url=s3%3A%2F%2Fb1%2Fk&version=v1");
  exchange.Header("Range", "bytes=0-9");
  admin.Ask(exchange);
  EXPECT_EQ(exchange.status, 206);
  EXPECT_EQ(exchange.body.size(), 10u);
  // The label is bound: it reads the first version after the object has changed.
  const std::string first = exchange.body;
  admin.world.origin->Put("b1", "k", 1000);
  FakeExchange again(admin.world.loop, "GET", "/_hearth/v1/object?url=s3://b1/k&version=v1");
  again.Header("Range", "bytes=0-9");
  admin.Ask(again);
  EXPECT_TRUE(again.status == 412 || again.body == first) << again.status;
}

TEST(AdminFront, AVersionThatIsGoneIs412WhateverTheOriginCallsIt) {
  Admin admin;
  admin.world.origin->Put("b1", "k", 1000);
  for (const char* version : {"version-id:nobody", "etag:nobody"}) {
    FakeExchange exchange(admin.world.loop, "GET", std::string("/_hearth/v1/object?url=s3://b1/k&version=") + version);
    admin.Ask(exchange);
    EXPECT_EQ(exchange.status, 412) << version << exchange.body;
  }
}

TEST(AdminFront, UrlsThatNameNothingAreClearErrors) {
  Admin admin;
  for (const auto& [target, status] :
       {std::pair{"/_hearth/v1/object", 400}, std::pair{"/_hearth/v1/object?url=nonsense", 400},
        std::pair{"/_hearth/v1/object?url=s3://other/k", 403}, std::pair{"/_hearth/v1/explain?url=s3://b1", 400},
        std::pair{"/_hearth/nothing", 404}}) {
    FakeExchange exchange(admin.world.loop, "GET", target);
    admin.Ask(exchange);
    EXPECT_EQ(exchange.status, status) << target << exchange.body;
  }
  FakeExchange post(admin.world.loop, "POST", "/_hearth/v1/status");
  admin.Ask(post);
  EXPECT_EQ(post.status, 405);
}

TEST(AdminFront, EvictForgetsMetadataAndSaysWhatItDid) {
  Admin admin;
  admin.world.origin->Put("b1", "k", 10);
  FakeExchange read(admin.world.loop, "GET", "/_hearth/v1/object?url=s3://b1/k");
  admin.Ask(read);
  EXPECT_EQ(admin.world.metadata.count(), 1u);
  FakeExchange evict(admin.world.loop, "POST", "/_hearth/v1/evict");
  evict.Body(R"({"urls":["s3://b1/k","bad"]})");
  admin.Ask(evict);
  EXPECT_EQ(evict.status, 400);
  const auto json = nlohmann::json::parse(evict.body);
  EXPECT_EQ(json["evicted"][0]["url"], "s3://b1/k");
  EXPECT_TRUE(json["evicted"][1].contains("error"));
  EXPECT_EQ(admin.world.metadata.count(), 0u);
}

TEST(AdminFront, ListsAPrefixOfAUrlAndTheBucketsOfAName) {
  Admin admin;
  for (const char* key : {"dir/a", "dir/b", "top"}) admin.world.origin->Put("b1", key, 10);
  FakeExchange list(admin.world.loop, "GET", "/_hearth/v1/list?url=s3%3A%2F%2Fb1%2Fdir%2F&max-keys=1");
  admin.Ask(list);
  EXPECT_EQ(list.status, 200);
  EXPECT_NE(list.body.find("<Key>dir/a</Key>"), std::string::npos) << list.body;
  EXPECT_NE(list.body.find("<NextContinuationToken>"), std::string::npos) << list.body;
  EXPECT_EQ(admin.gate.asked.back(), "list s3://b1/dir/");
  FakeExchange buckets(admin.world.loop, "GET", "/_hearth/v1/list?url=s3%3A%2F%2F");
  admin.Ask(buckets);
  EXPECT_NE(buckets.body.find("<Name>b1</Name>"), std::string::npos) << buckets.body;
  for (const auto& [target, status] :
       {std::pair{"/_hearth/v1/list", 400}, std::pair{"/_hearth/v1/list?url=nonsense", 400},
        std::pair{"/_hearth/v1/list?url=gone%3A%2F%2Fb", 403}}) {
    FakeExchange refused(admin.world.loop, "GET", target);
    admin.Ask(refused);
    EXPECT_EQ(refused.status, status) << target;
  }
  Admin denied(false);
  for (const char* target : {"/_hearth/v1/list?url=s3%3A%2F%2F", "/_hearth/v1/list?url=s3%3A%2F%2Fb1"}) {
    FakeExchange refused(denied.world.loop, "GET", target);
    denied.Ask(refused);
    EXPECT_EQ(refused.status, 403) << target;
  }
  EXPECT_TRUE(denied.world.origin->Requests().empty());
}

}  // namespace
}  // namespace hearth::front
