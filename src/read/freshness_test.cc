#include "read/freshness.h"

#include <gtest/gtest.h>

namespace hearth::read {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(Freshness, TheFirstMatchWinsAndAStarCoversSlashes) {
  const FreshnessPolicy policy({{.match = "s3://models/*", .mode = FreshnessMode::kImmutable},
                                {.match = "s3://models/live/*", .mode = FreshnessMode::kAlways},
                                {.match = "gs://*", .mode = FreshnessMode::kAlways}});
  EXPECT_EQ(policy.For("s3://models/live/x").mode, FreshnessMode::kImmutable);
  EXPECT_EQ(policy.For("gs://b/a/b/c").mode, FreshnessMode::kAlways);
  EXPECT_EQ(policy.For("s3://other/x").mode, FreshnessMode::kTtl);
  EXPECT_FALSE(policy.uniform());
}

TEST(Freshness, WithoutRulesEverythingHasTheDefault) {
  const FreshnessPolicy policy({});
  EXPECT_TRUE(policy.uniform());
  EXPECT_EQ(policy.For("x://y/z").ttl, seconds(60));
  EXPECT_EQ(policy.For("x://y/z").stale_if_error, hours(1));
}

TEST(Freshness, AgeIsComparedWithTheTtlAndImmutableNeverAges) {
  const FreshnessRule ttl{.ttl = seconds(60)};
  EXPECT_TRUE(IsFresh(ttl, seconds(59)));
  EXPECT_FALSE(IsFresh(ttl, seconds(60)));
  EXPECT_TRUE(IsFresh({.mode = FreshnessMode::kImmutable}, hours(10000)));
  EXPECT_FALSE(IsFresh({.mode = FreshnessMode::kAlways}, seconds(0)));
}

TEST(Freshness, StaleAnswersEndWithStaleIfErrorAndNeverComeUnderAlways) {
  const FreshnessRule rule{.ttl = seconds(60), .stale_if_error = seconds(100)};
  EXPECT_TRUE(MayServeStale(rule, seconds(159)));
  EXPECT_FALSE(MayServeStale(rule, seconds(160)));
  EXPECT_FALSE(MayServeStale({.ttl = seconds(60), .stale_if_error = seconds(0)}, seconds(1)));
  EXPECT_FALSE(MayServeStale({.mode = FreshnessMode::kAlways}, seconds(1)));
}

}  // namespace
}  // namespace hearth::read
