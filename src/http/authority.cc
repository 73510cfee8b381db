#include "http/authority.h"

#include <algorithm>

#include "io/ip_address.h"

namespace hearth::http {
namespace {

// reg-name, which IPv4 addresses are too.
bool IsHostByte(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("-._~!$&'()*+,;=%").find(c) != std::string_view::npos;
}

bool ParsePort(std::string_view text, std::optional<std::uint16_t>& port) {
  if (text.empty()) return true;
  unsigned value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 65535) return false;
  }
  port = static_cast<std::uint16_t>(value);
  return true;
}

}  // namespace

bool ParseAuthority(std::string_view text, Authority& authority) {
  authority = {};
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return false;
    authority.host = text.substr(1, close - 1);
    // A colon is what tells an IPv6 address from one that needs no brackets.
    if (authority.host.find(':') == std::string_view::npos || !io::IpAddress::Parse(authority.host)) return false;
    port = text.substr(close + 1);
  } else {
    const std::size_t colon = text.find(':');
    authority.host = text.substr(0, colon);
    if (authority.host.empty() || !std::ranges::all_of(authority.host, IsHostByte)) return false;
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (port.empty()) return true;
  return port.front() == ':' && ParsePort(port.substr(1), authority.port);
}

}  // namespace hearth::http
