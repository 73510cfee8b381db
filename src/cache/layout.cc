#include "cache/layout.h"

#include <charconv>

namespace hearth::cache {
namespace {

constexpr std::string_view kBlockSuffix = ".blk";
constexpr std::size_t kHexDigits = 32;

// Sixteen lower-case hex digits; from_chars alone would also take upper case.
std::optional<std::uint64_t> ParseHex64(std::string_view digits) {
  if (digits.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string BlockDirectory(const Hash128& hash) {
  return std::string(kBlocksDirectory) + "/" + hash.ToHex().substr(0, 2);
}

std::string BlockPath(const Hash128& hash) {
  const std::string hex = hash.ToHex();
  std::string path(kBlocksDirectory);
  path.append("/").append(hex, 0, 2).append("/").append(hex).append(kBlockSuffix);
  return path;
}

std::optional<Hash128> HashOfFileName(std::string_view name) {
  if (name.size() != kHexDigits + kBlockSuffix.size() || !name.ends_with(kBlockSuffix)) return std::nullopt;
  const auto high = ParseHex64(name.substr(0, kHexDigits / 2));
  const auto low = ParseHex64(name.substr(kHexDigits / 2, kHexDigits / 2));
  if (!high || !low) return std::nullopt;
  return Hash128{.high = *high, .low = *low};
}

}  // namespace hearth::cache
