#include "io/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace hearth::io {
namespace {

TEST(IpAddress, ReadsAndWritesBothFamilies) {
  for (const char* text : {"127.0.0.1", "10.1.2.3", "::1", "fe80::1", "2001:db8::ff"}) {
    const auto ip = IpAddress::Parse(text);
    ASSERT_TRUE(ip.has_value()) << text;
    EXPECT_EQ(ip->ToString(), text);
  }
}

TEST(IpAddress, WhatIsNoAddressIsRefused) {
  for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4:80", "[::1]", "::g", "1.2.3.4 "}) {
    EXPECT_EQ(IpAddress::Parse(text), std::nullopt) << text;
  }
}

TEST(IpAddress, AMappedAddressIsTheV4One) {
  EXPECT_EQ(IpAddress::Parse("::ffff:10.1.2.3"), IpAddress::Parse("10.1.2.3"));
  EXPECT_EQ(IpAddress::Parse("::ffff:10.1.2.3")->ToString(), "10.1.2.3");
  EXPECT_TRUE(IpAddress::Parse("::ffff:127.0.0.1")->is_loopback());
}

TEST(IpAddress, KnowsLoopback) {
  EXPECT_TRUE(IpAddress::Parse("127.8.9.1")->is_loopback());
  EXPECT_TRUE(IpAddress::Parse("::1")->is_loopback());
  EXPECT_FALSE(IpAddress::Parse("128.0.0.1")->is_loopback());
  EXPECT_FALSE(IpAddress::Parse("::2")->is_loopback());
}

TEST(IpAddress, ComesOutOfASocketAddress) {
  sockaddr_storage storage{};
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  ASSERT_EQ(::inet_pton(AF_INET, "10.1.2.3", &v4.sin_addr), 1);
  std::memcpy(&storage, &v4, sizeof v4);
  EXPECT_EQ(IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(storage)), IpAddress::Parse("10.1.2.3"));

  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  ASSERT_EQ(::inet_pton(AF_INET6, "::ffff:10.1.2.3", &v6.sin6_addr), 1);
  std::memcpy(&storage, &v6, sizeof v6);
  EXPECT_EQ(IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(storage)), IpAddress::Parse("10.1.2.3"));

  storage.ss_family = AF_UNIX;
  EXPECT_EQ(IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(storage)), std::nullopt);
}

}  // namespace
}  // namespace hearth::io
