#include "read/origin_source.h"

#include <gtest/gtest.h>

#include "read/read_world_for_test.h"

namespace hearth::read {
namespace {

// Answers every GET as told, whatever was asked.
class LyingOrigin final : public origin::Origin {
 public:
  const OriginName& name() const override { return name_; }
  Task<Result<origin::GetAnswer>> Get(origin::GetRequest request, RequestContext) override {
    asked = std::move(request);
    if (error) co_return Fail(*error);
    co_return origin::GetAnswer{meta, range, nullptr};
  }
  Task<Result<origin::ObjectMeta>> Head(origin::HeadRequest, RequestContext) override {
    co_return Fail(Code::kInternal, "not asked for");
  }
  Task<Result<origin::ForwardAnswer>> Forward(origin::ForwardRequest, RequestContext) override {
    co_return Fail(Code::kInternal, "not asked for");
  }

  origin::GetRequest asked;
  std::optional<Error> error;
  origin::ObjectMeta meta;
  ByteRange range;

 private:
  const OriginName name_{"s3"};
};

class OriginSourceTest : public testing::Test {
 protected:
  OriginSourceTest() {
    origin_.meta = meta_;
    origin_.range = {0, 64_KiB};
  }
  Status Open(const std::string& selector = "") {
    auto entry = std::make_shared<const MetaEntry>(MetaKey{TestObject(), selector}, meta_, WallTime{}, TimePoint{});
    OriginSource source(origin_, std::move(entry));
    auto opened = world_.Run(source.Open({TestObject(), meta_.version, meta_.size, {0}}, {0, 64_KiB}, {}));
    return opened ? Status() : Fail(opened.error());
  }
  Code CodeOf(const Status& status) { return status ? Code::kInternal : status.error().code(); }

  sim::SimWorld world_{1};
  const origin::ObjectMeta meta_{
      .version = {VersionKind::kETag, "\"e\""}, .size = 100'000, .etag = ETag("\"e\""), .version_id = "id"};
  LyingOrigin origin_;
};

TEST_F(OriginSourceTest, EveryFetchNamesTheVersion) {
  EXPECT_TRUE(Open());
  EXPECT_EQ(origin_.asked.if_match, meta_.version);
  EXPECT_EQ(origin_.asked.range, (ByteRange{0, 64_KiB}));
  EXPECT_EQ(origin_.asked.version_id, "") << "the current version is not asked for by its id";
}

TEST_F(OriginSourceTest, NamedVersionsAreAskedForByTheirId) {
  EXPECT_TRUE(Open("version-id:other"));
  EXPECT_EQ(origin_.asked.version_id, "other") << "also where the origin does not repeat it";
  EXPECT_TRUE(Open("label:l"));
  EXPECT_EQ(origin_.asked.version_id, "id");
}

TEST_F(OriginSourceTest, AnotherVersionIsAFailedPrecondition) {
  origin_.meta.version.value = "\"f\"";
  EXPECT_EQ(CodeOf(Open()), Code::kPreconditionFailed);
  origin_.meta.version = {};
  EXPECT_EQ(CodeOf(Open()), Code::kPreconditionFailed) << "none at all, too";
}

TEST_F(OriginSourceTest, ALieAboutRangeOrSizeIsNoAnswer) {
  origin_.range = {0, 64_KiB - 1};
  EXPECT_EQ(CodeOf(Open()), Code::kUnavailable);
  origin_.range = {1, 64_KiB + 1};
  EXPECT_EQ(CodeOf(Open()), Code::kUnavailable);
  origin_.range = {0, 64_KiB};
  origin_.meta.size = 100'001;
  EXPECT_EQ(CodeOf(Open()), Code::kPreconditionFailed) << "what is remembered may be the lie: to be asked anew";
}

TEST_F(OriginSourceTest, AnObjectThatEndsBeforeTheRangeIsAnotherVersion) {
  origin_.error = Error(Code::kInvalidArgument, "too short", {416, "InvalidRange", ""});
  EXPECT_EQ(CodeOf(Open()), Code::kPreconditionFailed);
}

TEST_F(OriginSourceTest, OtherErrorsStay) {
  origin_.error = Error(Code::kThrottled, "slow down", {503, "SlowDown", ""});
  EXPECT_EQ(CodeOf(Open()), Code::kThrottled);
}

}  // namespace
}  // namespace hearth::read
