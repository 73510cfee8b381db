// LatencyWindow: the recent times to an origin's first byte, and their percentiles. Any thread; nothing waits.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "base/executor.h"
#include "base/thread_annotations.h"

namespace hearth::origin {

class LatencyWindow {
 public:
  static constexpr std::size_t kSamples = 128;
  static constexpr std::size_t kSamplesMin = 20;  // fewer say nothing about a tail

  void Add(Duration latency);
  // `share` of the last kSamples were not above this (0.95: p95); nullopt with fewer than kSamplesMin.
  std::optional<Duration> Percentile(double share) const;

 private:
  mutable Mutex mutex_;
  std::array<Duration, kSamples> samples_ GUARDED_BY(mutex_){};
  std::size_t count_ GUARDED_BY(mutex_) = 0;  // ever
};

}  // namespace hearth::origin
