#include "http/range.h"

#include <algorithm>
#include <limits>

#include "base/check.h"

namespace hearth::http {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

// Digits only, at least one; saturates.
std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return value;
}

bool TakeUnit(std::string_view& value) {
  static constexpr std::string_view kUnit = "bytes=";
  if (value.size() < kUnit.size()) return false;
  // Units are compared without case (RFC 9110 14.1).
  for (std::size_t i = 0; i < kUnit.size(); ++i) {
    const char c = value[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != kUnit[i]) return false;
  }
  value.remove_prefix(kUnit.size());
  return true;
}

struct Resolver {
  std::uint64_t size;

  std::optional<ByteRange> operator()(WholeObject) const { return ByteRange{0, size}; }
  std::optional<ByteRange> operator()(ClosedRange range) const {
    if (range.first >= size) return std::nullopt;
    return ByteRange{range.first, std::min(range.last, size - 1) + 1};
  }
  std::optional<ByteRange> operator()(OpenRange range) const {
    if (range.first >= size) return std::nullopt;
    return ByteRange{range.first, size};
  }
  std::optional<ByteRange> operator()(SuffixRange range) const {
    if (range.length == 0 || size == 0) return std::nullopt;
    return ByteRange{size - std::min(range.length, size), size};
  }
};

}  // namespace

RangeSpec ParseRange(std::string_view header_value) {
  std::string_view value = header_value;
  if (!TakeUnit(value)) return WholeObject{};
  const std::size_t dash = value.find('-');
  if (dash == std::string_view::npos) return WholeObject{};
  const std::string_view left = value.substr(0, dash);
  const std::string_view right = value.substr(dash + 1);
  const auto first = ParseNumber(left);
  const auto last = ParseNumber(right);
  if (left.empty() && last) return SuffixRange{*last};
  if (first && right.empty()) return OpenRange{*first};
  if (first && last && *first <= *last) return ClosedRange{*first, *last};
  return WholeObject{};
}

std::optional<ByteRange> ResolveRange(const RangeSpec& spec, std::uint64_t size) {
  return std::visit(Resolver{size}, spec);
}

std::string ContentRange(ByteRange range, std::uint64_t size) {
  HEARTH_CHECK(!range.empty());
  return "bytes " + std::to_string(range.begin) + "-" + std::to_string(range.end - 1) + "/" + std::to_string(size);
}

std::string UnsatisfiedContentRange(std::uint64_t size) { return "bytes */" + std::to_string(size); }

}  // namespace hearth::http
