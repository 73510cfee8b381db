#include "origin/latency_window.h"

#include <algorithm>

namespace hearth::origin {

void LatencyWindow::Add(Duration latency) {
  MutexLock lock(mutex_);
  samples_[count_++ % kSamples] = latency;
}

std::optional<Duration> LatencyWindow::Percentile(double share) const {
  std::array<Duration, kSamples> sorted;
  std::size_t count = 0;
  {
    MutexLock lock(mutex_);
    sorted = samples_;
    count = std::min(count_, kSamples);
  }
  if (count < kSamplesMin) return std::nullopt;
  const auto rank = std::min(count - 1, static_cast<std::size_t>(share * static_cast<double>(count)));
  const auto begin = sorted.begin();
  const auto at = begin + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(begin, at, begin + static_cast<std::ptrdiff_t>(count));
  return *at;
}

}  // namespace hearth::origin
