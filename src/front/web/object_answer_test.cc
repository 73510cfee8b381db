#include "front/web/object_answer.h"

#include <gtest/gtest.h>

#include "front/web/world_for_test.h"
#include "support/object_bytes.h"

namespace hearth::front {
namespace {

// A front of one route: the object "b/k".
class OneObject final : public http::Handler {
 public:
  explicit OneObject(FrontWorld& world) : world_(world), metrics_(world.metrics, "s3") {}

  void Handle(http::Exchange& exchange) override {
    ObjectQuestion question{.overrides = overrides, .metrics = &metrics_};
    question.request.origin = &world_.origins->entries().front();
    question.request.key.object = {OriginName("s3"), BucketName("b"), ObjectKey("k")};
    question.request.head = exchange.request().method == "HEAD";
    TakeConditions(exchange.request(), question.request);
    world_.answerer.Answer(exchange, std::move(question));
  }

  std::vector<std::pair<std::string, std::string>> overrides;

 private:
  FrontWorld& world_;
  RequestMetrics metrics_;
};

std::string Bytes(std::uint64_t version, std::uint64_t offset, std::size_t length) {
  const std::vector<std::byte> bytes = sim::ObjectBytes("b/k", version).Make(offset, length);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(ObjectAnswer, AWholeObjectComesWithItsHeaders) {
  FrontWorld world;
  OneObject front(world);
  world.origin->Put("b", "k", 300'000, {{"Content-Type", "text/x"}, {"x-amz-checksum-crc32", "AAAAAA=="}});
  FakeExchange exchange(world.loop, "GET", "/b/k");
  world.Handle(front, exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.body, Bytes(1, 0, 300'000));
  EXPECT_EQ(exchange.AnswerHeader("ETag"), sim::FakeOrigin::MakeETag("b", "k", 1).value);
  EXPECT_EQ(exchange.AnswerHeader("Content-Type"), "text/x");
  EXPECT_EQ(exchange.AnswerHeader("x-amz-checksum-crc32"), "AAAAAA==");
  EXPECT_EQ(exchange.AnswerHeader("X-Cache"), "miss");
}

TEST(ObjectAnswer, ARangeIs206WithoutTheWholeObjectsChecksum) {
  FrontWorld world;
  OneObject front(world);
  world.origin->Put("b", "k", 300'000, {{"x-amz-checksum-crc32", "AAAAAA=="}});
  FakeExchange exchange(world.loop, "GET", "/b/k");
  exchange.Header("Range", "bytes=100-299");
  world.Handle(front, exchange);
  EXPECT_EQ(exchange.status, 206);
  EXPECT_EQ(exchange.AnswerHeader("Content-Range"), "bytes 100-299/300000");
  EXPECT_EQ(exchange.AnswerHeader("x-amz-checksum-crc32"), "");
  EXPECT_EQ(exchange.body, Bytes(1, 100, 200));
}

TEST(ObjectAnswer, HeadHasTheLengthAndNoBody) {
  FrontWorld world;
  OneObject front(world);
  world.origin->Put("b", "k", 1234);
  FakeExchange exchange(world.loop, "HEAD", "/b/k");
  world.Handle(front, exchange);
  EXPECT_EQ(exchange.status, 200);
  EXPECT_EQ(exchange.content_length, 1234u);
  EXPECT_EQ(exchange.body, "");
  EXPECT_EQ(world.origin->counters().gets, 0u);
}

TEST(ObjectAnswer, ErrorsAreS3sAndNameTheirStatus) {
  FrontWorld world;
  OneObject front(world);
  world.origin->Put("b", "other", 1);  // the bucket is there
  FakeExchange missing(world.loop, "GET", "/b/k");
  world.Handle(front, missing);
  EXPECT_EQ(missing.status, 404);
  EXPECT_NE(missing.body.find("<Code>NoSuchKey</Code>"), std::string::npos);

  world.origin->Put("b", "k", 10);
  FakeExchange past(world.loop, "GET", "/b/k");
  past.Header("Range", "bytes=10-");
  world.Handle(front, past);
  EXPECT_EQ(past.status, 416);
  EXPECT_EQ(past.AnswerHeader("Content-Range"), "bytes */10");

  FakeExchange failed(world.loop, "GET", "/b/k");
  failed.Header("If-Match", "\"other\"");
  world.Handle(front, failed);
  EXPECT_EQ(failed.status, 412);
}

TEST(ObjectAnswer, NotModifiedIs304WithTheETag) {
  FrontWorld world;
  OneObject front(world);
  world.origin->Put("b", "k", 10);
  FakeExchange exchange(world.loop, "GET", "/b/k");
  exchange.Header("If-None-Match", sim::FakeOrigin::MakeETag("b", "k", 1).value);
  world.Handle(front, exchange);
  EXPECT_EQ(exchange.status, 304);
  EXPECT_EQ(exchange.AnswerHeader("ETag"), sim::FakeOrigin::MakeETag("b", "k", 1).value);
  EXPECT_EQ(exchange.body, "");
}

TEST(ObjectAnswer, OverridesReplaceTheObjectsOwnHeaders) {
  FrontWorld world;
  OneObject front(world);
  front.overrides = {{"Content-Type", "text/override"}, {"Content-Disposition", "attachment"}};
  world.origin->Put("b", "k", 10, {{"content-type", "text/x"}});
  FakeExchange exchange(world.loop, "GET", "/b/k");
  world.Handle(front, exchange);
  EXPECT_EQ(exchange.AnswerHeader("Content-Type"), "text/override");
  EXPECT_EQ(exchange.AnswerHeader("Content-Disposition"), "attachment");
  EXPECT_EQ(exchange.headers.find("text/x"), std::string::npos);
}

TEST(ObjectAnswer, AnErrorAfterTheFirstByteCutsTheConnection) {
  FrontWorld world;
  OneObject front(world);
  world.origin->Put("b", "k", 900'000);
  world.origin->FailNext(sim::OriginFault::kCut, 20);
  FakeExchange exchange(world.loop, "GET", "/b/k");
  world.Handle(front, exchange);
  if (exchange.status == 200) {
    EXPECT_TRUE(exchange.aborted || exchange.body == Bytes(1, 0, 900'000));
  } else {
    EXPECT_EQ(exchange.status, 503);
  }
}

}  // namespace
}  // namespace hearth::front
