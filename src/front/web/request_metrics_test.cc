#include "front/web/request_metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace hearth::front {
namespace {

using telemetry::Family;

TEST(RequestMetrics, CountsByOperationStatusAndCache) {
  telemetry::Registry registry;
  RequestMetrics metrics(registry, "s3");
  metrics.Of("GetObject", 0).Observe({.status = 206, .body_bytes = 10, .total = std::chrono::milliseconds(3)});
  metrics.Of("GetObject", 0).Observe({.status = 206, .body_bytes = 5});
  metrics.Of("GetObject", kCacheNone).Observe({.status = 404, .body_bytes = 7});
  EXPECT_EQ(registry.GetCounter(Family::kClientRequests, {"s3", "GetObject", "206", "hit"}).Value(), 2u);
  EXPECT_EQ(registry.GetCounter(Family::kClientRequests, {"s3", "GetObject", "404", "none"}).Value(), 1u);
  EXPECT_EQ(registry.GetCounter(Family::kClientResponseBytes, {"s3", "hit"}).Value(), 15u);
  EXPECT_EQ(registry.GetHistogram(Family::kClientRequestSeconds, {"s3", "GetObject", "hit"}).snapshot().count(), 2u);
}

TEST(RequestMetrics, ThePairIsResolvedOnceAlsoFromManyThreads) {
  telemetry::Registry registry;
  RequestMetrics metrics(registry, "s3");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 1000; ++k) metrics.Of(k % 2 == 0 ? "GetObject" : "HeadObject", k % 5).bytes.Add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(&metrics.Of("GetObject", 1), &metrics.Of("GetObject", 1));
  std::uint64_t bytes = 0;
  for (const std::string_view cache : kCacheLabels) {
    bytes += registry.GetCounter(Family::kClientResponseBytes, {"s3", cache}).Value();
  }
  EXPECT_EQ(bytes, 4000u);
}

}  // namespace
}  // namespace hearth::front
