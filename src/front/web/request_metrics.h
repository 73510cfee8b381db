// RequestMetrics: the client families of one door, resolved once for each (operation, cache) so that counting a hit is
// a few relaxed additions.
//
// Owned by a front; borrows the registry. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/thread_annotations.h"
#include "http/server.h"
#include "telemetry/metrics.h"

namespace hearth::front {

// `cache` labels, in the order of read::CacheStatus, then "none".
inline constexpr std::array<std::string_view, 5> kCacheLabels = {"hit", "miss", "partial", "bypass", "none"};
inline constexpr std::size_t kCacheNone = 4;

class RequestMetrics {
 public:
  RequestMetrics(telemetry::Registry& registry, std::string door) : registry_(registry), door_(std::move(door)) {}

  const std::string& door() const { return door_; }

  // Counters of one (operation, cache). References stay valid for the registry's life.
  struct Series {
    telemetry::Registry& registry;
    std::string door;
    std::string operation;
    std::string_view cache;
    telemetry::Counter& bytes;
    telemetry::Histogram& seconds;
    telemetry::Histogram& first_byte;
    // By status: the two that a hit has are resolved once.
    telemetry::Counter& ok;
    telemetry::Counter& partial_content;

    void Observe(const http::Exchange::Outcome& outcome) const;
  };

  // `operation` is one of a front's fixed names. Takes a lock only when the pair is new.
  const Series& Of(std::string_view operation, std::size_t cache);

 private:
  const Series& Make(std::string_view operation, std::size_t cache);

  telemetry::Registry& registry_;
  const std::string door_;
  Mutex mutex_;  // for adding
  // Operations are few and only added: readers walk the filled part without a lock.
  static constexpr std::size_t kOperationsMax = 160;
  std::array<std::atomic<const Series*>, kOperationsMax * kCacheLabels.size()> slots_{};
  std::array<std::atomic<const std::string*>, kOperationsMax> names_{};
  std::vector<std::unique_ptr<std::string>> owned_names_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Series>> owned_series_ GUARDED_BY(mutex_);
};

}  // namespace hearth::front
