#include "telemetry/metrics.h"

#include <cmath>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::telemetry {
namespace {

using ::testing::ElementsAre;

void OnThreads(int count, const std::function<void()>& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
}

const FamilySamples& SamplesOf(const std::vector<FamilySamples>& all, Family family) {
  return all.at(static_cast<std::size_t>(family));
}

TEST(Counter, LosesNothingWhenMoreThreadsCountThanThereAreCells) {
  Counter counter;
  OnThreads(static_cast<int>(kShards) + 5, [&] {
    for (int i = 0; i < 1000; ++i) counter.Add();
    counter.Add(7);
  });
  EXPECT_EQ(counter.Value(), (kShards + 5) * 1007);
}

TEST(Counter, CellsStandOnCacheLinesOfTheirOwn) {
  EXPECT_EQ(sizeof(Counter), kShards * kCacheLineBytes);
  EXPECT_EQ(alignof(Counter), kCacheLineBytes);
  EXPECT_EQ(alignof(Histogram), kCacheLineBytes);
}

TEST(Counter, NeighbouringThreadsUseDifferentCells) {
  std::size_t first = 0;
  std::size_t second = 0;
  std::thread([&] { first = ThreadShard(); }).join();
  std::thread([&] { second = ThreadShard(); }).join();
  EXPECT_NE(first, second);
  EXPECT_LT(first, kShards);
  EXPECT_EQ(ThreadShard(), ThreadShard());
}

TEST(Gauge, GoesUpAndDownAndBelowZero) {
  Gauge gauge;
  gauge.Set(5);
  gauge.Add(-7);
  EXPECT_EQ(gauge.Value(), -2);
}

TEST(Histogram, ABoundIsItsBucketsLastValue) {
  Histogram histogram;
  histogram.Observe(50e-6);
  histogram.Observe(50.1e-6);
  histogram.Observe(60);
  histogram.Observe(60.1);
  const Histogram::Snapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.counts[0], 1u);
  EXPECT_EQ(snapshot.counts[1], 1u);
  EXPECT_EQ(snapshot.counts[Histogram::kBounds.size() - 1], 1u);
  EXPECT_EQ(snapshot.counts[Histogram::kBounds.size()], 1u);
  EXPECT_EQ(snapshot.count(), 4u);
  EXPECT_NEAR(snapshot.sum_seconds, 120.1001, 1e-4);
}

TEST(Histogram, TakesWhatNoClockShouldSay) {
  Histogram histogram;
  histogram.Observe(-1);
  histogram.Observe(std::nan(""));
  histogram.Observe(HUGE_VAL);
  const Histogram::Snapshot snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.counts.front(), 2u);
  EXPECT_EQ(snapshot.counts.back(), 1u);
  EXPECT_DOUBLE_EQ(snapshot.sum_seconds, 1e9);
}

TEST(Histogram, LosesNothingBetweenThreads) {
  Histogram histogram;
  OnThreads(4, [&] {
    for (int i = 0; i < 1000; ++i) histogram.Observe(0.003);
  });
  EXPECT_EQ(histogram.snapshot().count(), 4000u);
  EXPECT_NEAR(histogram.snapshot().sum_seconds, 12.0, 1e-3);
}

TEST(Registry, TheSameLabelsAreTheSameSeries) {
  Registry registry;
  Counter& first = registry.GetCounter(Family::kClientResponseBytes, {"s3", "hit"});
  EXPECT_EQ(&first, &registry.GetCounter(Family::kClientResponseBytes, {"s3", std::string("hit")}));
  EXPECT_NE(&first, &registry.GetCounter(Family::kClientResponseBytes, {"s3", "miss"}));
  EXPECT_NE(&first, &registry.GetCounter(Family::kClientResponseBytes, {"s", "3hit"}));
}

TEST(Registry, ReferencesStayValidWhileOtherSeriesAreMade) {
  Registry registry;
  Counter& first = registry.GetCounter(Family::kGateDenied, {"m"});
  for (int i = 0; i < 1000; ++i) registry.GetCounter(Family::kGateDenied, {std::to_string(i)}).Add();
  first.Add(3);
  EXPECT_EQ(registry.GetCounter(Family::kGateDenied, {"m"}).Value(), 3u);
}

TEST(Registry, CollectShowsEveryFamilyAndEachValue) {
  Registry registry;
  registry.GetCounter(Family::kClientResponseBytes, {"s3", "miss"}).Add(2);
  registry.GetCounter(Family::kClientResponseBytes, {"s3", "hit"}).Add(1);
  registry.GetGauge(Family::kObjects).Set(-4);
  registry.GetHistogram(Family::kClientFirstByteSeconds, {"s3", "hit"}).Observe(1);

  const std::vector<FamilySamples> all = registry.Collect();
  ASSERT_EQ(all.size(), kFamilies.size());
  const FamilySamples& bytes = SamplesOf(all, Family::kClientResponseBytes);
  ASSERT_EQ(bytes.samples.size(), 2u);
  EXPECT_THAT(bytes.samples[0].labels, ElementsAre("s3", "hit"));
  EXPECT_EQ(std::get<std::uint64_t>(bytes.samples[0].value), 1u);
  EXPECT_EQ(std::get<std::uint64_t>(bytes.samples[1].value), 2u);
  EXPECT_EQ(std::get<std::int64_t>(SamplesOf(all, Family::kObjects).samples.at(0).value), -4);
  EXPECT_EQ(std::get<Histogram::Snapshot>(SamplesOf(all, Family::kClientFirstByteSeconds).samples.at(0).value).count(),
            1u);
  EXPECT_TRUE(SamplesOf(all, Family::kMembers).samples.empty());
}

TEST(Registry, ClientsWhoMakeUpLabelsEndInOneSeries) {
  Registry registry(3);
  for (int i = 0; i < 50; ++i) registry.GetCounter(Family::kPeerRequests, {"in", std::to_string(i)}).Add();
  registry.GetCounter(Family::kPeerRequests, {"in", "1"}).Add();
  const std::vector<FamilySamples> all = registry.Collect();
  const std::vector<Sample>& samples = SamplesOf(all, Family::kPeerRequests).samples;
  ASSERT_EQ(samples.size(), 4u);
  EXPECT_THAT(samples[3].labels, ElementsAre("other", "other"));
  EXPECT_EQ(std::get<std::uint64_t>(samples[3].value), 47u);
  EXPECT_EQ(std::get<std::uint64_t>(samples[1].value), 2u);
  // The bound of one family takes nothing from another.
  registry.GetGauge(Family::kMembers).Set(1);
  EXPECT_EQ(SamplesOf(registry.Collect(), Family::kMembers).samples.size(), 1u);
}

TEST(Registry, CollectorsSetGaugesBeforeEachCollect) {
  Registry registry;
  int calls = 0;
  registry.AddCollector([&] { registry.GetGauge(Family::kMembers).Set(++calls); });
  EXPECT_EQ(std::get<std::int64_t>(SamplesOf(registry.Collect(), Family::kMembers).samples.at(0).value), 1);
  EXPECT_EQ(std::get<std::int64_t>(SamplesOf(registry.Collect(), Family::kMembers).samples.at(0).value), 2);
}

TEST(Registry, CountingCollectingAndAskingGoTogether) {
  Registry registry;
  Counter& counter = registry.GetCounter(Family::kGateDenied, {"a"});
  OnThreads(4, [&] {
    for (int i = 0; i < 50; ++i) {
      counter.Add();
      registry.GetCounter(Family::kGateDenied, {std::to_string(i)}).Add();
      EXPECT_EQ(registry.Collect().size(), kFamilies.size());
    }
  });
  EXPECT_EQ(counter.Value(), 200u);
}

TEST(RegistryDeathTest, AWrongTypeOrNumberOfLabelsIsABug) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry registry;
  EXPECT_DEATH(registry.GetGauge(Family::kGateDenied, {"a"}), "type");
  EXPECT_DEATH(registry.GetCounter(Family::kGateDenied), "labels");
}

}  // namespace
}  // namespace hearth::telemetry
