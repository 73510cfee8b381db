// Random numbers as a value that is handed in, so that a simulation is the same for the same seed.
#pragma once

#include <cstdint>

namespace hearth {

// Not thread-safe: one per owner. Not for secrets (io/secure_random.h).
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  // Uniform over all 64-bit values (splitmix64).
  std::uint64_t Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound); bound > 0.
  std::uint64_t Below(std::uint64_t bound) { return static_cast<std::uint64_t>((__uint128_t(Next()) * bound) >> 64); }
  // True with probability 1/n.
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }
  double Fraction() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace hearth
