// Seeds of a test: fixed ones that CI repeats, or the one that HEARTH_SEED names.
//
//   for (const std::uint64_t seed : sim::TestSeeds(200)) {
//     SCOPED_TRACE(sim::SeedText(seed));
//     ...
//   }
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace hearth::sim {

// 1 to `count`, or only the value of HEARTH_SEED if that is set. HEARTH_SEEDS=N instead asks for N seeds
// from 1 on (a soak run).
std::vector<std::uint64_t> TestSeeds(std::size_t count);

// "HEARTH_SEED=N": what to type to run a seed again.
std::string SeedText(std::uint64_t seed);

}  // namespace hearth::sim
