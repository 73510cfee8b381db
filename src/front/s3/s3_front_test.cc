#include "front/s3/s3_front.h"

#include <gtest/gtest.h>

#include "front/web/world_for_test.h"

namespace hearth::front {
namespace {

struct Door {
  explicit Door(bool allow = true)
      : gate(allow),
        front(
            {gate, *world.origins, world.answerer, world.forwarder, world.metrics, world.log, {"cache.example.com"}}) {}

  void Ask(FakeExchange& exchange) { world.Handle(front, exchange); }

  FrontWorld world;
  FixedGate gate;
  S3Front front;
};

TEST(S3Front, ReadsAnObjectInBothStyles) {
  Door door;
  door.world.origin->Put("b1", "a/k", 100);
  FakeExchange path(door.world.loop, "GET", "/b1/a/k?x-id=GetObject");
  door.Ask(path);
  EXPECT_EQ(path.status, 200);
  FakeExchange host(door.world.loop, "GET", "/a/k");
  host.mutable_request().host = "b1.cache.example.com";
  door.Ask(host);
  EXPECT_EQ(host.status, 200);
  EXPECT_EQ(host.body, path.body);
}

TEST(S3Front, TheGateIsAskedFirstAndADenialTouchesNothing) {
  Door door(false);
  door.world.origin->Put("b1", "k", 100);
  for (const char* target : {"/b1/k", "/b1/missing", "/elsewhere/k", "/b1?list-type=2&prefix=x", "/b1/k?tagging",
                             "/b1?policy&prefix=x", "/"}) {
    FakeExchange exchange(door.world.loop, "GET", target);
    door.Ask(exchange);
    EXPECT_EQ(exchange.status, 403) << target;
    EXPECT_NE(exchange.body.find("not you"), std::string::npos);
  }
  EXPECT_EQ(door.world.origin->Requests().size(), 0u);
  EXPECT_EQ(door.world.metadata.count(), 0u);
  EXPECT_EQ(door.gate.asked.front(), "read s3://b1/k");
  EXPECT_EQ(door.gate.asked[3], "list s3://b1/x");
  EXPECT_EQ(door.gate.asked[4], "read s3://b1/k");
  EXPECT_EQ(door.gate.asked[5], "read s3://b1/") << "a prefix is nothing to a policy";
  EXPECT_EQ(door.gate.asked[6], "list anywhere");
}

TEST(S3Front, WhatIsNotBuiltAndWhatIsNoOperationIs501) {
  Door door;
  for (const auto& [method, target] :
       {std::pair{"PUT", "/b1/k"}, std::pair{"PUT", "/b1?cors"}, std::pair{"DELETE", "/b1/k"},
        std::pair{"GET", "/b1?session"}, std::pair{"OPTIONS", "/b1/k"}}) {
    FakeExchange exchange(door.world.loop, method, target);
    door.Ask(exchange);
    EXPECT_EQ(exchange.status, 501) << target;
    EXPECT_NE(exchange.body.find("NotImplemented"), std::string::npos);
  }
}

TEST(S3Front, ABucketOfNoOriginIsNoSuchBucket) {
  Door door;
  FakeExchange exchange(door.world.loop, "GET", "/other/k");
  door.Ask(exchange);
  EXPECT_EQ(exchange.status, 404);
  EXPECT_NE(exchange.body.find("NoSuchBucket"), std::string::npos);
  FakeExchange head(door.world.loop, "HEAD", "/other");
  door.Ask(head);
  EXPECT_EQ(head.status, 404);
}

TEST(S3Front, BadAddressesAndPartNumbersAre400) {
  Door door;
  for (const char* target : {"/_secret/k", "/b1/%zz", "/b1/k?partNumber=0", "/b1/k?partNumber=x", "/b1/k?a=%1"}) {
    FakeExchange exchange(door.world.loop, "GET", target);
    door.Ask(exchange);
    EXPECT_EQ(exchange.status, 400) << target;
  }
}

TEST(S3Front, AListIsTheOriginsAnswer) {
  Door door;
  door.world.origin->Put("b1", "k", 100);
  FakeExchange exchange(door.world.loop, "GET", "/b1?list-type=2");
  door.Ask(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_NE(exchange.body.find("<Key>k</Key>"), std::string::npos) << exchange.body;
}

TEST(S3Front, WhatOnlyReadsIsPassedOnOneForOneAndNothingOfItIsKept) {
  Door door;
  door.world.origin->Put("b1", "k", 100);
  for (const auto& [target, status, operation] :
       {std::tuple{"/b1?list-type=2&prefix=k&X-Amz-Signature=x", 200, "ListObjectsV2"},
        std::tuple{"/b1?delimiter=%2F", 200, "ListObjects"}, std::tuple{"/b1/k?tagging", 501, "GetObjectTagging"},
        std::tuple{"/b1?versioning", 501, "GetBucketVersioning"}}) {
    for (int i = 0; i < 2; ++i) {
      door.world.origin->ForgetRequests();
      FakeExchange exchange(door.world.loop, "GET", target);
      door.Ask(exchange);
      EXPECT_EQ(exchange.status, status) << target;
      ASSERT_EQ(door.world.origin->Requests().size(), 1U) << target;
      EXPECT_EQ(door.world.origin->Requests()[0].operation, operation);
    }
  }
  EXPECT_EQ(door.world.metadata.count(), 0U);
}

TEST(S3Front, AQueryThatTheOriginCouldReadOtherwiseIs400) {
  Door door;
  door.world.origin->Put("b1", "k", 100);
  for (const char* target : {"/b1?list-type=2&policy", "/b1?prefix=mine&prefix=yours", "/b1/k?tagging&acl"}) {
    FakeExchange exchange(door.world.loop, "GET", target);
    door.Ask(exchange);
    EXPECT_EQ(exchange.status, 400) << target;
  }
  EXPECT_TRUE(door.world.origin->Requests().empty());
}

TEST(S3Front, BucketsAreThoseThatAnOriginServes) {
  Door door;
  for (const char* bucket : {"b2", "b1", "other", "_b"}) door.world.origin->Put(bucket, "k", 1);
  FakeExchange exchange(door.world.loop, "GET", "/");
  door.Ask(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_LT(exchange.body.find("<Name>b1</Name>"), exchange.body.find("<Name>b2</Name>"));
  EXPECT_EQ(exchange.body.find("<Name>other</Name>"), std::string::npos) << "of none of its patterns";
  EXPECT_EQ(door.gate.asked.back(), "list s3://b2/");
}

TEST(S3Front, HeadOfABucketIsTheOriginsAnswerWithoutABody) {
  Door door;
  door.world.origin->Put("b1", "k", 100);
  FakeExchange exchange(door.world.loop, "HEAD", "/b1");
  door.Ask(exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.body, "");
  EXPECT_EQ(door.gate.asked.back(), "list s3://b1/");
}

}  // namespace
}  // namespace hearth::front
