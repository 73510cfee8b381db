// IpAddress: an IPv4 or IPv6 address as a value. IPv4-mapped IPv6 (::ffff:a.b.c.d) is the IPv4 address:
// a dual-stack listener shows IPv4 clients that way.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth::io {

class IpAddress {
 public:
  // nullopt for other families (Unix sockets).
  static std::optional<IpAddress> FromSockaddr(const sockaddr& address);
  // "127.0.0.1", "::1"; no brackets, no port, no scope.
  static std::optional<IpAddress> Parse(std::string_view text);

  bool is_v4() const;
  // 127.0.0.0/8 and ::1.
  bool is_loopback() const;
  std::string ToString() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};  // network order; IPv4 in its mapped form
};

}  // namespace hearth::io
