#include "server/config_value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "io/ip_address.h"

namespace hearth::server {
namespace {

constexpr std::uint64_t kTiB = 1_GiB << 10;
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kSizeUnits{
    {{"TiB", kTiB}, {"GiB", 1_GiB}, {"MiB", 1_MiB}, {"KiB", 1_KiB}}};

const std::array<std::pair<std::string_view, Duration>, 4> kDurationUnits{{{"h", std::chrono::hours(1)},
                                                                           {"m", std::chrono::minutes(1)},
                                                                           {"s", std::chrono::seconds(1)},
                                                                           {"ms", std::chrono::milliseconds(1)}}};

std::unexpected<Error> NotA(std::string_view text, std::string_view what, std::string_view allowed) {
  return Fail(Code::kInvalidArgument, fmt::format("{} is not {}; allowed: {}", Quote(text), what, allowed));
}

template <typename Number>
bool ReadNumber(std::string_view text, Number& number) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Digits and a point only: from_chars alone would take "1e9" and "0x1" as well.
bool ReadDecimal(std::string_view text, double& number) {
  return text.find_first_not_of("0123456789.") == std::string_view::npos && ReadNumber(text, number);
}

// By its colons: an IPv6 address in brackets has them, an IPv4 address has none.
bool IsAddress(std::string_view text, bool is_v6) {
  return io::IpAddress::Parse(text).has_value() && text.contains(':') == is_v6;
}

}  // namespace

Result<std::uint64_t> ParseSize(std::string_view text) {
  std::string_view digits = text;
  std::uint64_t unit = 1;
  for (const auto& [name, bytes] : kSizeUnits) {
    if (text.ends_with(name)) {
      digits = text.substr(0, text.size() - name.size());
      unit = bytes;
      break;
    }
  }
  std::uint64_t count = 0;
  if (!ReadNumber(digits, count)) return NotA(text, "a size", "a whole number of KiB, MiB, GiB or TiB, or plain bytes");
  if (count > std::numeric_limits<std::uint64_t>::max() / 2 / unit) return NotA(text, "a size", "less than 8388608TiB");
  return count * unit;
}

Result<Duration> ParseDuration(std::string_view text) {
  constexpr std::string_view kAllowed = "a number with ms, s, m or h";
  if (text == "0") return Duration::zero();
  const std::size_t unit_at = text.find_first_not_of("0123456789.");
  if (unit_at == std::string_view::npos) return NotA(text, "a duration", kAllowed);
  double count = 0;
  if (!ReadDecimal(text.substr(0, unit_at), count)) return NotA(text, "a duration", kAllowed);
  for (const auto& [name, unit] : kDurationUnits) {
    if (text.substr(unit_at) != name) continue;
    const double nanoseconds = count * static_cast<double>(unit.count());
    if (nanoseconds > 9e18) return NotA(text, "a duration", "less than 2500000h");
    return Duration(std::llround(nanoseconds));
  }
  return NotA(text, "a duration", kAllowed);
}

Result<Share> ParseShare(std::string_view text) {
  double percent = 0;
  if (!text.ends_with('%') || !ReadDecimal(text.substr(0, text.size() - 1), percent) || percent <= 0 || percent > 100) {
    return NotA(text, "a share", "more than 0% and at most 100%");
  }
  return Share{percent / 100};
}

Result<SpaceLimit> ParseSpaceLimit(std::string_view text) {
  if (text.ends_with('%')) {
    Result<Share> share = ParseShare(text);
    if (!share) return Fail(std::move(share).error());
    return SpaceLimit{.bytes = 0, .share = *share};
  }
  const Result<std::uint64_t> bytes = ParseSize(text);
  if (!bytes || *bytes == 0) {
    return NotA(text, "a size", "KiB, MiB, GiB, TiB or plain bytes, or a share of the file system (90%)");
  }
  return SpaceLimit{.bytes = *bytes, .share = {}};
}

Result<std::string> ParseListenAddress(std::string_view text) {
  constexpr std::string_view kAllowed = "ADDR:PORT, ADDR an IPv4 address, [IPv6] or localhost, PORT 0 to 65535";
  const std::size_t colon = text.rfind(':');
  std::uint16_t port = 0;
  if (colon == std::string_view::npos || !ReadNumber(text.substr(colon + 1), port)) {
    return NotA(text, "an address to listen on", kAllowed);
  }
  std::string host(text.substr(0, colon));
  if (host.empty()) host = "0.0.0.0";
  if (host == "localhost") host = "127.0.0.1";
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool good = bracketed ? IsAddress(host.substr(1, host.size() - 2), true) : IsAddress(host, false);
  if (!good) return NotA(text, "an address to listen on", kAllowed);
  return fmt::format("{}:{}", host, port);
}

Result<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return NotA(text, "a truth value", "true or false");
}

Result<std::uint64_t> ParseInteger(std::string_view text) {
  std::uint64_t number = 0;
  if (!ReadNumber(text, number)) return NotA(text, "a whole number", "0, 1, 2, ...");
  return number;
}

Result<double> ParseNumber(std::string_view text) {
  double number = 0;
  if (!ReadDecimal(text, number)) return NotA(text, "a number", "a decimal number, 0 or more");
  return number;
}

std::string FormatSize(std::uint64_t bytes) {
  for (const auto& [name, unit] : kSizeUnits) {
    if (bytes != 0 && bytes % unit == 0) return fmt::format("{}{}", bytes / unit, name);
  }
  return fmt::format("{}", bytes);
}

std::string FormatShare(Share share) { return fmt::format("{:.6g}%", share.fraction * 100); }

std::string Quote(std::string_view text) {
  constexpr std::size_t kShown = 80;
  std::string shown = "`";
  for (const char c : text.substr(0, kShown)) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  if (text.size() > kShown) shown += "...";
  return shown + "`";
}

}  // namespace hearth::server
