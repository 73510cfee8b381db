// Counters, gauges and histograms, and the registry that owns them.
//
// A component asks the Registry once, when it is made, for each series that it will count, and keeps the
// references: they stay valid for the registry's life. Counting takes no lock and shares no hot cache
// line between cores; asking takes a lock. Reading (Collect, for exporters) sees each value as of some
// moment during the call. Any thread may call anything; nothing waits.
//
// The composition root owns the one Registry; it outlives everything that counts.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/thread_annotations.h"
#include "telemetry/catalogue.h"

namespace hearth::telemetry {

// Each thread counts in one of this many cells; threads beyond that share.
inline constexpr std::size_t kShards = 16;
inline constexpr std::size_t kCacheLineBytes = 64;

// Cell of the calling thread: below kShards, handed out in turn when a thread counts first.
std::size_t AssignShard() noexcept;
inline std::size_t ThreadShard() noexcept {
  // One more than the shard: zero-initialized, so that no guard is checked at each access.
  static constinit thread_local std::size_t assigned = 0;
  if (assigned == 0) [[unlikely]]
    assigned = AssignShard() + 1;
  return assigned - 1;
}

// Only grows.
class Counter {
 public:
  void Add(std::uint64_t n = 1) noexcept { cells_[ThreadShard()].value.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t Value() const;

 private:
  struct alignas(kCacheLineBytes) Cell {
    std::atomic<std::uint64_t> value = 0;
  };
  std::array<Cell, kShards> cells_;
};

// A level. One cell, since Set means all of it: for what changes with each request, keep the number in the
// component and set the gauge in a collector.
class alignas(kCacheLineBytes) Gauge {
 public:
  void Set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void Add(std::int64_t n) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_ = 0;
};

// Durations in seconds, in fixed buckets.
class Histogram {
 public:
  // Upper bounds, inclusive; one more bucket takes what is above the last.
  static constexpr std::array<double, 20> kBounds = {50e-6, 100e-6, 200e-6, 500e-6, 1e-3,   2e-3,   5e-3,
                                                     10e-3, 20e-3,  50e-3,  100e-3, 200e-3, 500e-3, 1,
                                                     2,     5,      10,     20,     30,     60};
  struct Snapshot {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};  // of each bucket by itself, not cumulative
    double sum_seconds = 0;

    std::uint64_t count() const;
  };

  // Negative and NaN count as 0 (a clock that was stepped), more than 30 years as 30 years.
  void Observe(double seconds) noexcept;
  Snapshot snapshot() const;

 private:
  struct alignas(kCacheLineBytes) Cell {
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts{};
    std::atomic<std::uint64_t> sum_ns = 0;  // an integer, so that adding is one instruction
  };
  std::array<Cell, kShards> cells_;
};

// The values of one series at one moment, for exporters.
struct Sample {
  std::vector<std::string> labels;  // values, in the order of InfoOf(family).labels
  std::variant<std::uint64_t, std::int64_t, Histogram::Snapshot> value;  // counter, gauge, histogram
};
struct FamilySamples {
  Family family;
  std::vector<Sample> samples;  // ordered by labels
};

class Registry {
 public:
  using LabelValues = std::initializer_list<std::string_view>;
  static constexpr std::size_t kSeriesMax = 2000;

  // At most `series_max` series a family: what comes later is counted in one more, whose labels are all
  // "other", so that a client who makes up names cannot fill the memory.
  explicit Registry(std::size_t series_max = kSeriesMax) : series_max_(series_max) {}
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The series of these label values, made at 0 if it is new. The family's type must be the method's, and
  // there must be a value for each label of the catalogue, in its order (both are checked: a bug).
  Counter& GetCounter(Family family, LabelValues values = {}) EXCLUDES(mutex_);
  Gauge& GetGauge(Family family, LabelValues values = {}) EXCLUDES(mutex_);
  Histogram& GetHistogram(Family family, LabelValues values = {}) EXCLUDES(mutex_);

  // `collector` runs at the beginning of each Collect, on its thread, never two at once: it sets gauges from
  // what a component knows. It may call the Get methods, must not wait, and what it refers to must
  // live as long as somebody collects.
  void AddCollector(std::function<void()> collector) EXCLUDES(mutex_);

  // Every family of the catalogue in its order, also those without a series.
  std::vector<FamilySamples> Collect() const EXCLUDES(mutex_, collect_mutex_);

 private:
  // Compares kept labels with those of a question, so that asking for a known series allocates nothing.
  struct LabelLess {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                          [](std::string_view x, std::string_view y) { return x < y; });
    }
  };
  template <typename Metric>
  using Series = std::map<std::vector<std::string>, Metric, LabelLess>;  // a map: its nodes never move
  struct FamilySeries {
    Series<Counter> counters;
    Series<Gauge> gauges;
    Series<Histogram> histograms;
  };

  FamilySeries& SeriesOf(Family family, Type type, LabelValues values) REQUIRES(mutex_);
  template <typename Metric>
  Metric& FindOrAdd(Series<Metric>& series, LabelValues values) REQUIRES(mutex_);

  const std::size_t series_max_;
  mutable Mutex collect_mutex_;  // held while collectors run; taken before mutex_
  mutable Mutex mutex_;
  std::array<FamilySeries, kFamilies.size()> families_ GUARDED_BY(mutex_);
  std::vector<std::function<void()>> collectors_ GUARDED_BY(mutex_);
};

}  // namespace hearth::telemetry
