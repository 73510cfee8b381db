#include "front/web/request_metrics.h"

#include "base/check.h"

namespace hearth::front {

using telemetry::Family;

void RequestMetrics::Series::Observe(const http::Exchange::Outcome& outcome) const {
  if (outcome.status == 200) {
    ok.Add();
  } else if (outcome.status == 206) {
    partial_content.Add();
  } else {
    registry.GetCounter(Family::kClientRequests, {door, operation, std::to_string(outcome.status), cache}).Add();
  }
  bytes.Add(outcome.body_bytes);
  seconds.Observe(std::chrono::duration<double>(outcome.total).count());
  first_byte.Observe(std::chrono::duration<double>(outcome.first_byte).count());
}

const RequestMetrics::Series& RequestMetrics::Of(std::string_view operation, std::size_t cache) {
  for (std::size_t i = 0; i < kOperationsMax; ++i) {
    const std::string* name = names_[i].load(std::memory_order_acquire);
    if (name == nullptr) break;
    if (*name != operation) continue;
    const Series* series = slots_[i * kCacheLabels.size() + cache].load(std::memory_order_acquire);
    if (series != nullptr) return *series;
    break;
  }
  return Make(operation, cache);
}

const RequestMetrics::Series& RequestMetrics::Make(std::string_view operation, std::size_t cache) {
  MutexLock lock(mutex_);
  std::size_t i = 0;
  for (; names_[i].load(std::memory_order_relaxed) != nullptr; ++i) {
    HEARTH_CHECK(i + 1 < kOperationsMax);
    if (*names_[i].load(std::memory_order_relaxed) == operation) break;
  }
  if (names_[i].load(std::memory_order_relaxed) == nullptr) {
    owned_names_.push_back(std::make_unique<std::string>(operation));
    names_[i].store(owned_names_.back().get(), std::memory_order_release);
  }
  std::atomic<const Series*>& slot = slots_[i * kCacheLabels.size() + cache];
  if (const Series* made = slot.load(std::memory_order_relaxed)) return *made;
  const std::string_view label = kCacheLabels[cache];
  owned_series_.push_back(std::unique_ptr<Series>(
      new Series{registry_, door_, std::string(operation), label,
                 registry_.GetCounter(Family::kClientResponseBytes, {door_, label}),
                 registry_.GetHistogram(Family::kClientRequestSeconds, {door_, operation, label}),
                 registry_.GetHistogram(Family::kClientFirstByteSeconds, {door_, label}),
                 registry_.GetCounter(Family::kClientRequests, {door_, operation, "200", label}),
                 registry_.GetCounter(Family::kClientRequests, {door_, operation, "206", label})}));
  slot.store(owned_series_.back().get(), std::memory_order_release);
  return *owned_series_.back();
}

}  // namespace hearth::front
