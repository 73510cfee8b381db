// The host[:port] of a Host line or an absolute-form target (RFC 3986 3.2), without user information.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::http {

struct Authority {
  std::string_view host;  // without the brackets of an IPv6 literal
  std::optional<std::uint16_t> port;
};

// False: empty, user information, bytes that no host has, brackets without an IPv6 address, a port over 65535.
// "host:" has no port (RFC 3986 6.2.3).
bool ParseAuthority(std::string_view text, Authority& authority);

}  // namespace hearth::http
