#include "origin/steady_origin.h"

#include <gtest/gtest.h>

#include "support/fake_origin.h"
#include "support/sim_executor.h"

namespace hearth::origin {
namespace {

using sim::OriginFault;
using std::chrono::milliseconds;
using std::chrono::seconds;
using telemetry::Family;

class SteadyOriginTest : public testing::Test {
 protected:
  SteadyOriginTest() { fake_->Put("b", "k", 1000); }
  ~SteadyOriginTest() override {
    world_.Run(steady_.Stop());
    EXPECT_EQ(fake_->open_bodies(), 0u);
  }

  Result<GetAnswer> Get(RequestContext context = {}) {
    return world_.Run(steady_.Get({.bucket = BucketName("b"), .key = ObjectKey("k"), .range = ByteRange{0, 100}},
                                  std::move(context)));
  }
  Result<ObjectMeta> Head() { return world_.Run(steady_.Head({.bucket = BucketName("b"), .key = ObjectKey("k")}, {})); }
  Duration Timed(const std::function<void()>& work) {
    const TimePoint begin = world_.clock().Now();
    work();
    return world_.clock().Now() - begin;
  }
  void MakeDown() {
    fake_->HangUp();
    while (!steady_.down()) EXPECT_FALSE(Get());
  }
  std::uint64_t Count(Family family, std::string_view outcome) {
    return metrics_.GetCounter(family, {"s3", outcome}).Value();
  }

  sim::SimWorld world_{3};
  telemetry::Registry metrics_;
  sim::FakeOrigin* const fake_ = new sim::FakeOrigin(world_.clock(), 3);
  SteadyOrigin steady_{std::unique_ptr<Origin>(fake_), {world_.clock(), metrics_, 3}};
};

TEST_F(SteadyOriginTest, WhatTheOriginSaysComesThroughAsItIs) {
  const Result<GetAnswer> answer = Get();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->meta.size, 1000u);
  EXPECT_EQ(answer->range, (ByteRange{0, 100}));
  const Result<ObjectMeta> missing =
      world_.Run(steady_.Head({.bucket = BucketName("b"), .key = ObjectKey("nothing")}, {}));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), Code::kNotFound);
  EXPECT_EQ(fake_->counters().gets, 1u);
}

TEST_F(SteadyOriginTest, ADeadOriginIsNotAskedByEveryRequest) {
  MakeDown();
  const std::uint64_t asked = fake_->counters().gets;
  for (int i = 0; i < 100; ++i) {
    const Duration took = Timed([&] {
      const Result<GetAnswer> answer = Get();
      ASSERT_FALSE(answer);
      EXPECT_EQ(answer.error().code(), Code::kUnavailable);
    });
    EXPECT_EQ(took, Duration::zero());
  }
  EXPECT_EQ(fake_->counters().gets, asked);
}

TEST_F(SteadyOriginTest, ItsReturnIsNoticedWithinASecond) {
  MakeDown();
  world_.RunFor(seconds(30));
  EXPECT_TRUE(steady_.down());
  fake_->Restart();
  world_.RunFor(seconds(1));
  EXPECT_FALSE(steady_.down());
  EXPECT_TRUE(Get());
}

TEST_F(SteadyOriginTest, AnErrorThatIsAnAnswerKeepsItUp) {
  fake_->Delete("b", "k");
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(Head());
  EXPECT_FALSE(steady_.down());
  fake_->FailNext(OriginFault::kThrottle, 50);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(Get());
  EXPECT_FALSE(steady_.down()) << "SlowDown is an answer too";
}

TEST_F(SteadyOriginTest, AProbeThatIsToldNoIsAWordToo) {
  MakeDown();
  fake_->Delete("b", "k");
  fake_->Restart();
  world_.RunFor(seconds(1));
  EXPECT_FALSE(steady_.down());
}

TEST_F(SteadyOriginTest, RetriesAreATenthOfTheRequests) {
  const auto admit = [&] { return world_.Run(steady_.AdmitRetry(1)); };
  int admitted = 0;
  for (int i = 0; i < 20; ++i) admitted += admit() ? 1 : 0;
  EXPECT_EQ(admitted, static_cast<int>(SteadyOrigin::kBurst));
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(Head());
    admitted += admit() ? 1 : 0;
  }
  EXPECT_GE(admitted, 29);
  EXPECT_LE(admitted, 30);
  EXPECT_EQ(Count(Family::kOriginRetries, "asked"), static_cast<std::uint64_t>(admitted));
  EXPECT_EQ(Count(Family::kOriginRetries, "refused"), static_cast<std::uint64_t>(220 - admitted));
}

TEST_F(SteadyOriginTest, RetriesWaitWithJitterAndNotForADeadOrigin) {
  std::vector<Duration> waits;
  for (int i = 0; i < 8; ++i) waits.push_back(Timed([&] { EXPECT_TRUE(world_.Run(steady_.AdmitRetry(3))); }));
  EXPECT_LE(*std::ranges::max_element(waits), milliseconds(401));
  EXPECT_GT(*std::ranges::max_element(waits) - *std::ranges::min_element(waits), milliseconds(50));
  MakeDown();
  EXPECT_FALSE(world_.Run(steady_.AdmitRetry(1)));
}

TEST_F(SteadyOriginTest, ALateAnswerIsAskedForOnceMore) {
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(Get());
  const std::uint64_t asked = fake_->counters().gets;
  fake_->FailNext(OriginFault::kSilent, 1);
  const Duration took = Timed([&] { EXPECT_TRUE(Get()); });
  EXPECT_LT(took, milliseconds(100)) << "the silent one would have taken 20 s";
  EXPECT_EQ(fake_->counters().gets, asked + 2);
  EXPECT_EQ(Count(Family::kOriginHedges, "won"), 1u);
}

TEST_F(SteadyOriginTest, HedgesAreAtMostOneInTwenty) {
  constexpr int kRequests = 2000;
  for (int i = 0; i < kRequests; ++i) EXPECT_TRUE(Get());
  const std::uint64_t extra = fake_->counters().gets - kRequests;
  EXPECT_GT(extra, 0u);
  EXPECT_LE(extra, kRequests / 20 + static_cast<std::uint64_t>(SteadyOrigin::kBurst));
}

TEST_F(SteadyOriginTest, AnErrorIsNotHedged) {
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(Get());
  const std::uint64_t asked = fake_->counters().gets;
  fake_->FailNext(OriginFault::kRefuse, 1);
  EXPECT_FALSE(Get());
  EXPECT_EQ(fake_->counters().gets, asked + 1);
}

TEST_F(SteadyOriginTest, AClientThatLeavesEndsBothRequests) {
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(Get());
  fake_->FailNext(OriginFault::kSilent, 2);
  CancelSource client;
  world_.main().PostAfter(seconds(1), [&] { client.Cancel(); });
  const Duration took = Timed([&] {
    const Result<GetAnswer> answer = Get({.request_id = "r", .cancel = client.token()});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code(), Code::kCancelled);
  });
  EXPECT_LT(took, milliseconds(1100));
}

TEST_F(SteadyOriginTest, AListThatIsTold503IsHeededToo) {
  const std::size_t before = steady_.concurrency_limit();
  fake_->FailNext(OriginFault::kThrottle, 1);
  const auto answer = world_.Run(steady_.Forward({.operation = "ListObjectsV2", .bucket = BucketName("b")}, {}));
  EXPECT_TRUE(!answer || answer->status == 503);
  EXPECT_LT(steady_.concurrency_limit(), before);
}

TEST_F(SteadyOriginTest, SlowDownIsHeeded) {
  const std::size_t before = steady_.concurrency_limit();
  fake_->FailNext(OriginFault::kThrottle, 1);
  EXPECT_FALSE(Get());
  EXPECT_LT(steady_.concurrency_limit(), before);
}

}  // namespace
}  // namespace hearth::origin
