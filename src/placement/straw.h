// Straws: what each member draws for each partition, and who drew better. All integers
// (docs/formats/placement.md), so that every language and machine comes to the same owners.
//
// The classic straw2 draws 16 bits and divides a logarithm by the weight. With a thousand members 16 bits
// tie for the best draw once in a hundred partitions, and the division rounds; here a draw has 64 bits, the
// logarithm's table is interpolated, and two draws are compared as fractions, exactly. Pure; no floating point.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "placement/partition.h"

namespace hearth::placement {

// What a member's name contributes to its draws: XXH3-64, seed 0, over the name after its length as u64
// little-endian.
std::uint64_t SeedOf(std::string_view member_name);

// A member's draw for a partition, uniform over 64 bits; less is better. XXH3-64, seed 0, over the seed and the
// partition's number, each as eight little-endian bytes.
std::uint64_t DrawOf(std::uint64_t seed, PartitionIndex partition);

// Entry i: round(2^48 * ln(1024 / (1024 - i))) for i below 1024; entry 1024: two times 2^48 above entry 1023, which
// keeps the mean of the last interval.
inline constexpr std::size_t kLogIntervals = 1024;
extern const std::array<std::uint64_t, kLogIntervals + 1> kLogTable;

// -ln(1 - draw / 2^64) in units of 2^-48: the table at the draw's top 10 bits, interpolated over the other 54.
std::uint64_t CostOf(std::uint64_t draw);

// One member's draw for one partition. The member with the least cost / weight owns it.
struct Straw {
  std::uint64_t draw = 0;
  std::uint64_t cost = 0;  // CostOf(draw)
  std::uint32_t weight = 0;
  std::uint16_t member = 0;  // index in the order of names
};

// Whether `a` comes before `b`: cost / weight, then draw, then the member's name. A total order; within one
// weight it is the order of the draws, since the cost never falls as the draw rises.
bool IsBetter(const Straw& a, const Straw& b);

}  // namespace hearth::placement
