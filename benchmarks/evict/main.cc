// evict: hit ratios of the eviction policies on traces of known shapes. Machine-independent: counts, no times.
//
// Usage: evict [CAPACITY_BLOCKS [SEED]]
#include <cstdio>
#include <cstdlib>

#include "evict/report.h"

int main(int argc, char** argv) {
  const std::uint64_t capacity = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 6400;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  if (argc > 3 || capacity < 1 || capacity > 1'000'000) {
    std::fputs("usage: evict [CAPACITY_BLOCKS (1 to 1000000) [SEED]]\n", stderr);
    return 2;
  }
  std::fputs(hearth::evict::Report(capacity, seed).c_str(), stdout);
  return 0;
}
