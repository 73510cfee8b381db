#include "evict/traces.h"

#include <gtest/gtest.h>

#include <map>

namespace hearth::evict {
namespace {

std::vector<Access> Make(std::string_view name, std::uint64_t capacity, std::uint64_t seed) {
  for (const Trace& trace : Traces()) {
    if (trace.name == name) return trace.make(capacity, seed);
  }
  return {};
}

TEST(Traces, EachIsTheSameForTheSameSeedAndLongerThanItsWarmUp) {
  for (const Trace& trace : Traces()) {
    SCOPED_TRACE(trace.name);
    const std::vector<Access> first = trace.make(50, 1);
    const std::vector<Access> second = trace.make(50, 1);
    ASSERT_GT(first.size(), 2 * trace.warm_up * 50);
    ASSERT_EQ(first.size(), second.size());
    for (std::size_t i = 0; i < first.size(); ++i) ASSERT_EQ(first[i].block, second[i].block);
  }
}

TEST(Traces, AnEpochReadsEveryBlockOnce) {
  for (const char* name : {"epochs x2", "shuffled x2"}) {
    const std::vector<Access> accesses = Make(name, 50, 3);
    ASSERT_EQ(accesses.size(), 20u * 100);
    for (std::size_t epoch = 0; epoch < 20; ++epoch) {
      std::map<std::uint64_t, int> seen;
      for (std::size_t i = 0; i < 100; ++i) ++seen[accesses[epoch * 100 + i].block];
      EXPECT_EQ(seen.size(), 100u);
    }
  }
}

TEST(Traces, ZipfIsAsSkewedAsItSays) {
  std::map<std::uint64_t, double> counts;
  const std::vector<Access> accesses = Make("zipf 1.0", 1000, 1);
  for (const Access& access : accesses) ++counts[access.block];
  EXPECT_NEAR(counts[0] / counts[9], 10, 1);
  EXPECT_NEAR(counts[0] / counts[99], 100, 20);
}

TEST(Traces, AStreamReadsEachBlockEightTimes) {
  std::map<std::uint64_t, int> counts;
  for (const Access& access : Make("streaming", 100, 1)) ++counts[access.block];
  std::size_t eight = 0;
  for (const auto& [block, count] : counts) eight += count % 8 == 0 ? 1 : 0;
  EXPECT_GE(eight, counts.size() - 16);
}

}  // namespace
}  // namespace hearth::evict
