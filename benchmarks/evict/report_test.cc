// What the default policy must reach on every trace (docs/performance/eviction.md), on a smaller cache and other seeds.
#include "evict/report.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace hearth::evict {
namespace {

constexpr std::uint64_t kCapacity = 1000;

TEST(Eviction, TheDefaultIsNearTheBestOnEveryTrace) {
  for (const std::uint64_t seed : {1, 2}) {
    for (const Trace& trace : Traces()) {
      double best = 0;
      for (const std::string_view policy : kPolicies) best = std::max(best, Play(policy, trace, kCapacity, seed).hits);
      EXPECT_GE(Play(kDefaultPolicy, trace, kCapacity, seed).hits, 0.93 * best) << trace.name << ", seed " << seed;
    }
  }
}

TEST(Eviction, EpochsOverTwiceTheCacheHit) {
  for (const Trace& trace : Traces()) {
    if (trace.name == "epochs x2") EXPECT_GE(Play(kDefaultPolicy, trace, kCapacity, 1).hits, 0.40);
    if (trace.name == "epochs x2") EXPECT_EQ(Play("lru", trace, kCapacity, 1).hits, 0);
  }
}

TEST(Eviction, AScanIsNotWritten) {
  const auto scans = std::ranges::find(Traces(), "scans", &Trace::name);
  ASSERT_NE(scans, Traces().end());
  EXPECT_LE(Play(kDefaultPolicy, *scans, kCapacity, 1).written, 0.5 * Play("lru", *scans, kCapacity, 1).written);
}

TEST(Eviction, TheReportHasARowForEachTrace) {
  const std::string report = Report(50, 1);
  for (const Trace& trace : Traces()) EXPECT_NE(report.find(trace.name), std::string::npos) << trace.name;
  EXPECT_NE(report.find("seed 1"), std::string::npos);
}

}  // namespace
}  // namespace hearth::evict
