// Sizes with their units, and power-of-two arithmetic on offsets.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace hearth {

consteval std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
consteval std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
consteval std::uint64_t operator""_GiB(unsigned long long n) { return n << 30; }

// `unit` is a power of two.
constexpr std::uint64_t AlignDown(std::uint64_t offset, std::uint64_t unit) { return offset & ~(unit - 1); }
constexpr std::uint64_t AlignUp(std::uint64_t offset, std::uint64_t unit) { return AlignDown(offset + unit - 1, unit); }
constexpr std::uint64_t DivideUp(std::uint64_t n, std::uint64_t unit) { return (n + unit - 1) / unit; }

}  // namespace hearth
