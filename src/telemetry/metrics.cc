#include "telemetry/metrics.h"

#include <numeric>

#include "base/check.h"

namespace hearth::telemetry {
namespace {

constexpr std::string_view kOther = "other";
constexpr double kSecondsMax = 1e9;  // in nanoseconds it fits a counter of 64 bits eighteen times

std::vector<std::string> Strings(std::initializer_list<std::string_view> values) {
  return {values.begin(), values.end()};
}

}  // namespace

std::size_t AssignShard() noexcept {
  static constinit std::atomic<std::size_t> next = 0;
  return next.fetch_add(1, std::memory_order_relaxed) % kShards;
}

std::uint64_t Counter::Value() const {
  std::uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.value.load(std::memory_order_relaxed);
  return sum;
}

void Histogram::Observe(double seconds) noexcept {
  if (!(seconds > 0)) seconds = 0;
  seconds = std::min(seconds, kSecondsMax);
  const auto bucket = static_cast<std::size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin());
  Cell& cell = cells_[ThreadShard()];
  cell.counts[bucket].fetch_add(1, std::memory_order_relaxed);
  cell.sum_ns.fetch_add(static_cast<std::uint64_t>(seconds * 1e9), std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
  Snapshot result;
  std::uint64_t sum_ns = 0;
  for (const Cell& cell : cells_) {
    for (std::size_t i = 0; i < result.counts.size(); ++i) {
      result.counts[i] += cell.counts[i].load(std::memory_order_relaxed);
    }
    sum_ns += cell.sum_ns.load(std::memory_order_relaxed);
  }
  result.sum_seconds = static_cast<double>(sum_ns) / 1e9;
  return result;
}

std::uint64_t Histogram::Snapshot::count() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Registry::FamilySeries& Registry::SeriesOf(Family family, Type type, LabelValues values) {
  HEARTH_CHECK(InfoOf(family).type == type);
  HEARTH_CHECK(InfoOf(family).labels.size() == values.size());
  return families_[static_cast<std::size_t>(family)];
}

template <typename Metric>
Metric& Registry::FindOrAdd(Series<Metric>& series, LabelValues values) {
  if (const auto found = series.find(values); found != series.end()) return found->second;
  if (series.size() < series_max_) return series.try_emplace(Strings(values)).first->second;
  return series.try_emplace(std::vector<std::string>(values.size(), std::string(kOther))).first->second;
}

Counter& Registry::GetCounter(Family family, LabelValues values) {
  MutexLock lock(mutex_);
  return FindOrAdd(SeriesOf(family, Type::kCounter, values).counters, values);
}

Gauge& Registry::GetGauge(Family family, LabelValues values) {
  MutexLock lock(mutex_);
  return FindOrAdd(SeriesOf(family, Type::kGauge, values).gauges, values);
}

Histogram& Registry::GetHistogram(Family family, LabelValues values) {
  MutexLock lock(mutex_);
  return FindOrAdd(SeriesOf(family, Type::kHistogram, values).histograms, values);
}

void Registry::AddCollector(std::function<void()> collector) {
  MutexLock lock(mutex_);
  collectors_.push_back(std::move(collector));
}

std::vector<FamilySamples> Registry::Collect() const {
  {
    MutexLock collecting(collect_mutex_);
    std::vector<std::function<void()>> collectors;
    {
      MutexLock lock(mutex_);
      collectors = collectors_;
    }
    for (const auto& collector : collectors) collector();
  }
  std::vector<FamilySamples> result;
  result.reserve(kFamilies.size());
  MutexLock lock(mutex_);
  for (const FamilyInfo& info : kFamilies) {
    FamilySamples& family = result.emplace_back(info.family, std::vector<Sample>{});
    const FamilySeries& series = families_[static_cast<std::size_t>(info.family)];
    for (const auto& [labels, counter] : series.counters) family.samples.emplace_back(labels, counter.Value());
    for (const auto& [labels, gauge] : series.gauges) family.samples.emplace_back(labels, gauge.Value());
    for (const auto& [labels, histogram] : series.histograms) family.samples.emplace_back(labels, histogram.snapshot());
  }
  return result;
}

}  // namespace hearth::telemetry
