// Traces: the shapes of reads that the eviction policies are compared on, made from a seed.
//
// Pure: the same name, capacity and seed give the same accesses on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "evict/cache_model.h"

namespace hearth::evict {

struct Trace {
  std::string_view name;
  std::string_view what;  // for people
  // All accesses for a cache of so many units. Those before `warm_up` fill the cache and do not count.
  std::vector<Access> (*make)(std::uint64_t capacity, std::uint64_t seed);
  std::uint64_t warm_up = 0;  // in capacities
};

std::span<const Trace> Traces();

}  // namespace hearth::evict
