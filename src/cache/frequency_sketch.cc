#include "cache/frequency_sketch.h"

#include <algorithm>
#include <bit>

namespace hearth::cache {
namespace {

constexpr std::uint64_t kBlocksMin = 64;
constexpr std::uint64_t kCountersPerBlock = 16;
constexpr std::uint64_t kDoorBitsPerBlock = 16;
constexpr std::uint64_t kLowBitsOfFields = 0x7777777777777777u;

// The top bits of the hash choose the shard and its lowest ones the bucket: all of it is stirred once more.
std::uint64_t Mix(const Hash128& hash) {
  std::uint64_t z = hash.low ^ (hash.high * 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

void FrequencySketch::Fit(std::uint64_t blocks) {
  // A third over is fine: then it is at most half again as large as what it counts.
  if (blocks * 3 <= blocks_ * 4) return;
  const std::uint64_t wanted = std::bit_ceil(std::max(blocks * 3 / 4, kBlocksMin));
  if (blocks_ == 0) {
    blocks_ = wanted;
    counters_.assign(blocks_ * kCountersPerBlock / 16, 0);
    door_.assign(blocks_ * kDoorBitsPerBlock / 64, 0);
    return;
  }
  // Places are the low bits of a hash: twice the table is the table twice.
  for (; blocks_ < wanted; blocks_ *= 2) {
    for (std::vector<std::uint64_t>* words : {&counters_, &door_}) {
      std::vector<std::uint64_t> twice;
      twice.reserve(words->size() * 2);
      twice.insert(twice.end(), words->begin(), words->end());
      twice.insert(twice.end(), words->begin(), words->end());
      *words = std::move(twice);
    }
  }
}

void FrequencySketch::AgeTo(std::uint32_t epoch) {
  // After four halvings nothing is left.
  for (std::uint32_t left = std::min<std::uint32_t>(epoch - epoch_, 5); left > 0; --left) Halve();
  epoch_ = epoch;
}

void FrequencySketch::Halve() {
  for (std::uint64_t& word : counters_) word = (word >> 1) & kLowBitsOfFields;
  std::ranges::fill(door_, 0);
}

std::array<std::uint64_t, FrequencySketch::kDepth> FrequencySketch::PlacesOf(std::uint64_t mixed) const {
  const std::uint64_t mask = blocks_ * kCountersPerBlock - 1;
  const std::uint64_t step = (mixed >> 32) | 1;
  std::array<std::uint64_t, kDepth> places{};
  std::uint64_t place = mixed;
  for (std::uint64_t& each : places) {
    each = place & mask;
    place += step;
  }
  return places;
}

bool FrequencySketch::IsAtDoor(std::uint64_t mixed) const {
  const std::uint64_t bit = (mixed >> 20) & (blocks_ * kDoorBitsPerBlock - 1);
  return (door_[bit / 64] >> (bit % 64)) & 1;
}

void FrequencySketch::Add(const Hash128& hash) {
  const std::uint64_t mixed = Mix(hash);
  if (!IsAtDoor(mixed)) {
    const std::uint64_t bit = (mixed >> 20) & (blocks_ * kDoorBitsPerBlock - 1);
    door_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    return;
  }
  const std::array<std::uint64_t, kDepth> places = PlacesOf(mixed);
  std::uint32_t lowest = 15;
  for (const std::uint64_t place : places) lowest = std::min(lowest, CounterAt(place));
  if (lowest == 15) return;
  for (const std::uint64_t place : places) {
    if (CounterAt(place) == lowest) counters_[place / 16] += std::uint64_t{1} << (place % 16 * 4);
  }
}

std::uint32_t FrequencySketch::Estimate(const Hash128& hash) const {
  if (blocks_ == 0) return 0;
  const std::uint64_t mixed = Mix(hash);
  std::uint32_t lowest = 15;
  for (const std::uint64_t place : PlacesOf(mixed)) lowest = std::min(lowest, CounterAt(place));
  return lowest + (IsAtDoor(mixed) ? 1 : 0);
}

}  // namespace hearth::cache
