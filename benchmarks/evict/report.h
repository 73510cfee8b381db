// The comparison: every policy over every trace, and the table that docs/performance/eviction.md has.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "evict/traces.h"

namespace hearth::evict {

inline constexpr std::array<std::string_view, 4> kPolicies = {"w-tinylfu", "s3-fifo", "arc", "lru"};
inline constexpr std::string_view kDefaultPolicy = kPolicies[0];

struct Outcome {
  double hits = 0;     // of the reads after the warm-up
  double written = 0;  // units written for each unit read, all along
};
Outcome Play(std::string_view policy, const Trace& trace, std::uint64_t capacity, std::uint64_t seed);

// A markdown table.
std::string Report(std::uint64_t capacity, std::uint64_t seed);

}  // namespace hearth::evict
