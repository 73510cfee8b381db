#include "read/conditions.h"

#include <gtest/gtest.h>

namespace hearth::read {
namespace {

using std::chrono::seconds;

const ETag kTag("\"abc\"");
const WallTime kModified = WallTime(seconds(1'700'000'000)) + std::chrono::milliseconds(700);
const WallTime kBefore = WallTime(seconds(1'699'999'999));
const WallTime kSame = WallTime(seconds(1'700'000'000));
const WallTime kAfter = WallTime(seconds(1'700'000'001));

TEST(Conditions, NoneMeansProceed) {
  EXPECT_EQ(Evaluate({}, kTag, kModified), Verdict::kProceed);
  EXPECT_TRUE(RangeApplies({}, kTag, kModified));
}

TEST(Conditions, IfMatchNeedsOneOfTheListedTags) {
  EXPECT_EQ(Evaluate({.if_match = "\"abc\""}, kTag, kModified), Verdict::kProceed);
  EXPECT_EQ(Evaluate({.if_match = "\"x\", \"abc\""}, kTag, kModified), Verdict::kProceed);
  EXPECT_EQ(Evaluate({.if_match = "abc"}, kTag, kModified), Verdict::kProceed);
  EXPECT_EQ(Evaluate({.if_match = "*"}, kTag, kModified), Verdict::kProceed);
  EXPECT_EQ(Evaluate({.if_match = "\"x\""}, kTag, kModified), Verdict::kPreconditionFailed);
  EXPECT_EQ(Evaluate({.if_match = "\"x,abc\""}, kTag, kModified), Verdict::kPreconditionFailed);
}

TEST(Conditions, ATrueIfMatchOverridesIfUnmodifiedSince) {
  EXPECT_EQ(Evaluate({.if_match = "\"abc\"", .if_unmodified_since = kBefore}, kTag, kModified), Verdict::kProceed);
  EXPECT_EQ(Evaluate({.if_unmodified_since = kBefore}, kTag, kModified), Verdict::kPreconditionFailed);
}

TEST(Conditions, AFalseIfNoneMatchIs304EvenIfTheDateSaysModified) {
  EXPECT_EQ(Evaluate({.if_none_match = "\"abc\"", .if_modified_since = kBefore}, kTag, kModified),
            Verdict::kNotModified);
  EXPECT_EQ(Evaluate({.if_none_match = "\"x\"", .if_modified_since = kAfter}, kTag, kModified), Verdict::kProceed);
  EXPECT_EQ(Evaluate({.if_none_match = "W/\"abc\""}, kTag, kModified), Verdict::kNotModified);
}

TEST(Conditions, DatesCompareWholeSeconds) {
  EXPECT_EQ(Evaluate({.if_modified_since = kSame}, kTag, kModified), Verdict::kNotModified);
  EXPECT_EQ(Evaluate({.if_modified_since = kBefore}, kTag, kModified), Verdict::kProceed);
  EXPECT_EQ(Evaluate({.if_unmodified_since = kSame}, kTag, kModified), Verdict::kProceed);
}

TEST(Conditions, DatesAreNoConditionWhenTheObjectHasNone) {
  EXPECT_EQ(Evaluate({.if_modified_since = kAfter, .if_unmodified_since = kBefore}, kTag, std::nullopt),
            Verdict::kProceed);
}

TEST(Conditions, APreconditionThatFailsComesBeforeNotModified) {
  EXPECT_EQ(Evaluate({.if_match = "\"x\"", .if_none_match = "\"abc\""}, kTag, kModified), Verdict::kPreconditionFailed);
}

TEST(Conditions, IfRangeComparesStrongly) {
  EXPECT_TRUE(RangeApplies({.if_range = "\"abc\""}, kTag, kModified));
  EXPECT_FALSE(RangeApplies({.if_range = "\"abd\""}, kTag, kModified));
  EXPECT_FALSE(RangeApplies({.if_range = "W/\"abc\""}, ETag("W/\"abc\""), kModified));
  EXPECT_TRUE(RangeApplies({.if_range = "Tue, 14 Nov 2023 22:13:20 GMT"}, kTag, kModified));
  EXPECT_FALSE(RangeApplies({.if_range = "Tue, 14 Nov 2023 22:13:21 GMT"}, kTag, kModified));
  EXPECT_FALSE(RangeApplies({.if_range = "yesterday"}, kTag, kModified));
}

}  // namespace
}  // namespace hearth::read
