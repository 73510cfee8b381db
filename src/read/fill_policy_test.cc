#include "read/fill_policy.h"

#include <gtest/gtest.h>

namespace hearth::read {
namespace {

using std::chrono::seconds;

const Hash128 kBlock{1, 2};
const TimePoint kNow{seconds(1000)};

TEST(FillPolicy, OneReadDoesNotFetchTheRest) {
  FillPolicy policy({});
  EXPECT_FALSE(policy.WantsRest(kBlock, {0, 4096}, 0.02, kNow));
}

TEST(FillPolicy, AReadThatContinuesTheLastOneSoonEnoughDoes) {
  FillPolicy policy({});
  policy.WantsRest(kBlock, {0, 4096}, 0, kNow);
  EXPECT_TRUE(policy.WantsRest(kBlock, {4096, 8192}, 0, kNow + seconds(10)));
}

TEST(FillPolicy, AReadThatComesLateOrElsewhereDoesNot) {
  FillPolicy policy({});
  policy.WantsRest(kBlock, {0, 4096}, 0, kNow);
  EXPECT_FALSE(policy.WantsRest(kBlock, {4096, 8192}, 0, kNow + seconds(11)));
  EXPECT_FALSE(policy.WantsRest(kBlock, {0, 4096}, 0, kNow + seconds(12)));
  EXPECT_FALSE(policy.WantsRest({1, 3}, {4096, 8192}, 0, kNow + seconds(12)));
}

TEST(FillPolicy, AQuarterOfTheBlockIsReasonEnough) {
  FillPolicy policy({});
  EXPECT_TRUE(policy.WantsRest(kBlock, {0, 4096}, 0.25, kNow));
}

TEST(FillPolicy, SwitchedOffItNeverDoes) {
  FillPolicy policy({.background = false});
  EXPECT_FALSE(policy.WantsRest(kBlock, {0, 4096}, 1.0, kNow));
}

}  // namespace
}  // namespace hearth::read
