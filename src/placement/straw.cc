#include "placement/straw.h"

#include <bit>

#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace hearth::placement {
namespace {

static_assert(std::endian::native == std::endian::little, "seed and partition are hashed as little-endian words");

constexpr unsigned kUnitBits = 48;     // of a cost
constexpr unsigned kSeriesBits = 112;  // of the sums from which the table is rounded
constexpr unsigned kFractionBits = 54;
static_assert((std::uint64_t{1} << (64 - kFractionBits)) == kLogIntervals);

// ln((m + 1) / m) in units of 2^-112, by the series 2 * sum of 1 / ((2k + 1) * n^(2k + 1)), n = 2m + 1. Each
// division cuts off less than a unit, so a table entry is off by less than 2^-95 before it is rounded to 2^-48.
constexpr __uint128_t LogOfStep(std::uint64_t m) {
  const __uint128_t n = 2 * m + 1;
  __uint128_t power = (__uint128_t{2} << kSeriesBits) / n;
  __uint128_t sum = 0;
  for (unsigned divisor = 1; power > 0; divisor += 2) {
    sum += power / divisor;
    power /= n * n;
  }
  return sum;
}

constexpr std::array<std::uint64_t, kLogIntervals + 1> MakeLogTable() {
  std::array<std::uint64_t, kLogIntervals + 1> table{};
  constexpr unsigned kDropped = kSeriesBits - kUnitBits;
  __uint128_t sum = 0;
  for (std::size_t i = 1; i < kLogIntervals; ++i) {
    sum += LogOfStep(kLogIntervals - i);
    table[i] = static_cast<std::uint64_t>((sum + (__uint128_t{1} << (kDropped - 1))) >> kDropped);
  }
  table[kLogIntervals] = table[kLogIntervals - 1] + (std::uint64_t{2} << kUnitBits);
  return table;
}

}  // namespace

constexpr std::array<std::uint64_t, kLogIntervals + 1> kLogTable = MakeLogTable();

std::uint64_t SeedOf(std::string_view member_name) { return HashParts64({member_name}); }

std::uint64_t DrawOf(std::uint64_t seed, PartitionIndex partition) {
  const std::uint64_t words[2] = {seed, partition.value};
  return XXH3_64bits(words, sizeof words);
}

std::uint64_t CostOf(std::uint64_t draw) {
  const auto interval = static_cast<std::size_t>(draw >> kFractionBits);
  const std::uint64_t fraction = draw & ((std::uint64_t{1} << kFractionBits) - 1);
  const std::uint64_t step = kLogTable[interval + 1] - kLogTable[interval];
  return kLogTable[interval] + static_cast<std::uint64_t>((__uint128_t{step} * fraction) >> kFractionBits);
}

bool IsBetter(const Straw& a, const Straw& b) {
  const __uint128_t left = __uint128_t{a.cost} * b.weight;
  const __uint128_t right = __uint128_t{b.cost} * a.weight;
  if (left != right) return left < right;
  if (a.draw != b.draw) return a.draw < b.draw;
  return a.member < b.member;
}

}  // namespace hearth::placement
