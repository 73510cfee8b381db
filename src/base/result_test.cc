#include "base/result.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/executors_for_test.h"

namespace hearth {
namespace {

Result<int> Parse(const std::string& text) {
  if (text.empty()) return Fail(Code::kInvalidArgument, "empty");
  return static_cast<int>(text.size());
}

Status CheckBoth(const std::string& first, const std::string& second, int& reached) {
  HEARTH_TRY(Parse(first));
  reached = 1;
  HEARTH_TRY(Parse(second));
  reached = 2;
  return {};
}

Task<Status> CheckBothLater(std::string first, std::string second, int& reached) {
  HEARTH_CO_TRY(Parse(first));
  reached = 1;
  HEARTH_CO_TRY(Parse(second));
  reached = 2;
  co_return Status();
}

TEST(Result, HoldsAValueOrTheError) {
  EXPECT_EQ(Parse("abc").value(), 3);
  const Result<int> failed = Parse("");
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(failed.error().message(), "empty");
}

TEST(Result, FailTakesAnErrorAsItIs) {
  const Result<int> failed = Fail(Error(Code::kThrottled, "slow down", RemoteError{503, "SlowDown", ""}).With("get"));
  EXPECT_EQ(failed.error().ToString(), "throttled: get: slow down");
  EXPECT_EQ(failed.error().remote()->status, 503);
}

TEST(Result, TryLeavesAtTheFirstErrorAndGoesOnWithout) {
  int reached = 0;
  EXPECT_FALSE(CheckBoth("", "b", reached).has_value());
  EXPECT_EQ(reached, 0);
  EXPECT_FALSE(CheckBoth("a", "", reached).has_value());
  EXPECT_EQ(reached, 1);
  EXPECT_TRUE(CheckBoth("a", "b", reached).has_value());
  EXPECT_EQ(reached, 2);
}

TEST(Result, TryInACoroutineLeavesAtTheFirstErrorAndGoesOnWithout) {
  QueueExecutor executor;
  int reached = 0;
  EXPECT_FALSE(executor.Run(CheckBothLater("a", "", reached))->has_value());
  EXPECT_EQ(reached, 1);
  EXPECT_TRUE(executor.Run(CheckBothLater("a", "b", reached))->has_value());
  EXPECT_EQ(reached, 2);
}

TEST(Result, CarriesAValueThatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = *std::move(result);
  EXPECT_EQ(*taken, 7);
}

}  // namespace
}  // namespace hearth
