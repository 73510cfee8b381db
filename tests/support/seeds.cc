#include "support/seeds.h"

#include <cstdlib>
#include <numeric>

#include "base/check.h"

namespace hearth::sim {
namespace {

std::uint64_t Number(const char* text) {
  char* end = nullptr;
  const std::uint64_t number = std::strtoull(text, &end, 10);
  HEARTH_CHECK(end != text && *end == '\0');  // a seed that is not understood must not run another one
  return number;
}

}  // namespace

std::vector<std::uint64_t> TestSeeds(std::size_t count) {
  if (const char* one = std::getenv("HEARTH_SEED")) return {Number(one)};
  if (const char* many = std::getenv("HEARTH_SEEDS")) count = Number(many);
  std::vector<std::uint64_t> seeds(count);
  std::iota(seeds.begin(), seeds.end(), 1u);
  return seeds;
}

std::string SeedText(std::uint64_t seed) { return "HEARTH_SEED=" + std::to_string(seed); }

}  // namespace hearth::sim
