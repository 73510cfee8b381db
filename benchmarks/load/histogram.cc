#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace hearth::load {

// Values below 2^(kBits + 1) have a bucket each; above, the kBits below the highest bit tell.
std::size_t Histogram::BucketOf(std::uint64_t value) {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  if (width <= kBits + 1) return value;
  const unsigned shift = width - kBits - 1;
  return (std::size_t{shift} << kBits) + (value >> shift);
}

std::uint64_t Histogram::Highest(std::size_t bucket) {
  if (bucket < (std::size_t{2} << kBits)) return bucket;
  const std::size_t shift = (bucket >> kBits) - 1;
  const std::uint64_t lowest = (bucket - (shift << kBits)) << shift;
  return lowest + ((std::uint64_t{1} << shift) - 1);
}

void Histogram::Add(std::uint64_t value) {
  ++buckets_[BucketOf(value)];
  ++count_;
  sum_ += value;
  max_ = std::max(max_, value);
}

std::uint64_t Histogram::Quantile(double share) const {
  const auto wanted = std::max<std::uint64_t>(
      1, static_cast<std::uint64_t>(std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += buckets_[bucket];
    if (seen >= wanted) return std::min(Highest(bucket), max_);
  }
  return max_;
}

}  // namespace hearth::load
