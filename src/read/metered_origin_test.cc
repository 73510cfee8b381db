#include "read/metered_origin.h"

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "support/fake_origin.h"
#include "support/sim_executor.h"

namespace hearth::read {
namespace {

class MeteredOriginTest : public testing::Test {
 protected:
  MeteredOriginTest() {
    auto fake = std::make_unique<sim::FakeOrigin>(world_.clock(), 1);
    fake_ = fake.get();
    metered_ = MakeMeteredOrigin(std::move(fake), metrics_);
  }
  Result<origin::GetAnswer> Get(std::optional<ByteRange> range, std::optional<std::uint32_t> part = std::nullopt) {
    origin::GetRequest request{.bucket = BucketName("b"),
                               .key = ObjectKey("k"),
                               .range = range,
                               .if_match = std::nullopt,
                               .version_id = {},
                               .part_number = part};
    return world_.Run(metered_->Get(std::move(request), {}));
  }
  std::uint64_t Requests(std::string_view operation, std::string_view code) {
    return metrics_.GetCounter(telemetry::Family::kOriginRequests, {"s3", operation, code}).Value();
  }

  sim::SimWorld world_{1};
  telemetry::Registry metrics_;
  sim::FakeOrigin* fake_ = nullptr;
  std::unique_ptr<origin::Origin> metered_;
};

TEST_F(MeteredOriginTest, CountsRequestsByOperationAndCode) {
  EXPECT_FALSE(Get(std::nullopt));
  fake_->Put("b", "k", 100);
  EXPECT_TRUE(Get(std::nullopt));
  EXPECT_TRUE(Get(ByteRange{0, 10}));
  EXPECT_TRUE(Get(std::nullopt, 1));
  EXPECT_TRUE(world_.Run(metered_->Head({BucketName("b"), ObjectKey("k"), ""}, {})));
  EXPECT_TRUE(world_.Run(metered_->Forward({.operation = "ListObjectsV2", .bucket = BucketName("b")}, {})));
  EXPECT_TRUE(world_.Run(metered_->Forward({.operation = "GetBucketAcl", .bucket = BucketName("b")}, {})));
  fake_->FailNext(sim::OriginFault::kRefuse);
  EXPECT_FALSE(Get(std::nullopt));
  EXPECT_EQ(Requests("GetObject", "404"), 1u);
  EXPECT_EQ(Requests("GetObject", "200"), 1u);
  EXPECT_EQ(Requests("GetObject", "206"), 2u) << "a range and a part";
  EXPECT_EQ(Requests("GetObject", "unavailable"), 1u);
  EXPECT_EQ(Requests("HeadObject", "200"), 1u);
  EXPECT_EQ(Requests("ListObjectsV2", "200"), 1u);
  EXPECT_EQ(Requests("GetBucketAcl", "501"), 1u) << "the fake has no such thing, and its answer is one";
}

TEST_F(MeteredOriginTest, CountsTheBytesThatWereReadAndNoOthers) {
  fake_->Put("b", "k", 1000);
  auto answer = Get(std::nullopt);
  ASSERT_TRUE(answer);
  std::vector<std::byte> buffer(10);
  const Result<std::size_t> read = world_.Run(answer->body->Read(buffer));
  ASSERT_TRUE(read);
  EXPECT_EQ(metrics_.GetCounter(telemetry::Family::kOriginResponseBytes, {"s3"}).Value(), *read);
}

}  // namespace
}  // namespace hearth::read
