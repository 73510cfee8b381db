#include "gate/host_rule.h"

#include <algorithm>
#include <optional>

namespace hearth::gate {
namespace {

constexpr std::size_t kDnsNameMax = 255;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool EqualNames(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The name or address before the port; nothing if what follows is no port. A bracketed address keeps its brackets.
std::optional<std::string_view> WithoutPort(std::string_view host) {
  std::size_t end = host.find(':');
  if (host.starts_with('[')) {
    end = host.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    ++end;
  }
  if (end >= host.size()) return host;
  if (host[end] != ':' || !std::ranges::all_of(host.substr(end + 1), IsDigit)) return std::nullopt;
  return host.substr(0, end);
}

// Four decimal numbers up to 255: no name can look like it, since no top-level domain is a number.
bool IsIpv4(std::string_view name) {
  int dots = 0;
  int digits = 0;  // of the number at hand
  int value = 0;
  for (const char c : name) {
    if (IsDigit(c)) {
      value = value * 10 + (c - '0');
      if (++digits > 3 || value > 255) return false;
    } else {
      if (c != '.' || digits == 0) return false;
      ++dots;
      digits = value = 0;
    }
  }
  return dots == 3 && digits > 0;
}

// What stands in brackets is never looked up as a name, so its characters are all that matters.
bool IsBracketedIpv6(std::string_view name) {
  if (name.size() < 4 || !name.starts_with('[') || !name.ends_with(']')) return false;
  const std::string_view inner = name.substr(1, name.size() - 2);
  return inner.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos &&
         std::ranges::count(inner, ':') >= 2;
}

bool IsNameOrUnder(std::string_view name, std::string_view domain) {
  if (name.size() < domain.size() || domain.empty()) return false;
  const std::size_t prefix = name.size() - domain.size();
  if (!EqualNames(name.substr(prefix), domain)) return false;
  return prefix == 0 || (prefix > 1 && name[prefix - 1] == '.');
}

}  // namespace

bool IsTrustedHost(std::string_view host, std::span<const std::string> configured) {
  const std::optional<std::string_view> without_port = WithoutPort(host);
  if (!without_port) return false;
  std::string_view name = *without_port;
  if (IsIpv4(name) || IsBracketedIpv6(name)) return true;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kDnsNameMax) return false;
  if (IsNameOrUnder(name, "localhost")) return true;
  return std::ranges::any_of(configured, [name](const std::string& domain) { return IsNameOrUnder(name, domain); });
}

bool IsForeignOrigin(std::string_view origin, std::string_view host) {
  if (origin.empty()) return false;
  const std::size_t scheme = origin.find("://");
  if (scheme == std::string_view::npos) return true;
  return !EqualNames(origin.substr(scheme + 3), host);
}

}  // namespace hearth::gate
