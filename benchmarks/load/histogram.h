// Histogram: how long requests took, in constant memory, exact to 1/128.
//
// Buckets are linear within each power of two, so that a fast run does not pay for the memory of a list of samples
// that would push the bodies it reads out of the processor's cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hearth::load {

// One thread.
class Histogram {
 public:
  void Add(std::uint64_t value);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  // The smallest recorded bucket bound that at least `share` (0 to 1) of the values do not exceed; 0 if there are none.
  std::uint64_t Quantile(double share) const;
  double Mean() const { return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_); }

 private:
  static constexpr unsigned kBits = 7;  // of a value that are kept, below its highest
  static constexpr std::size_t kBuckets = (65 - kBits) << kBits;
  static std::size_t BucketOf(std::uint64_t value);
  static std::uint64_t Highest(std::size_t bucket);

  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace hearth::load
