#include "io/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace hearth::io {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::array<std::uint8_t, 16> kV6Loopback = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

}  // namespace

std::optional<IpAddress> IpAddress::FromSockaddr(const sockaddr& address) {
  IpAddress ip;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::ranges::copy(kMappedPrefix, ip.bytes_.begin());
    std::memcpy(&ip.bytes_[12], &v4.sin_addr, 4);
    return ip;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(ip.bytes_.data(), &v6.sin6_addr, 16);
    return ip;
  }
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const std::string terminated(text);
  IpAddress ip;
  if (::inet_pton(AF_INET6, terminated.c_str(), ip.bytes_.data()) == 1) return ip;
  std::ranges::copy(kMappedPrefix, ip.bytes_.begin());
  if (::inet_pton(AF_INET, terminated.c_str(), &ip.bytes_[12]) == 1) return ip;
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin()); }

bool IpAddress::is_loopback() const { return is_v4() ? bytes_[12] == 127 : bytes_ == kV6Loopback; }

std::string IpAddress::ToString() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    ::inet_ntop(AF_INET, &bytes_[12], text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

}  // namespace hearth::io
