#include "io/host_addresses.h"

#include <gtest/gtest.h>
#include <ifaddrs.h>

namespace hearth::io {
namespace {

TEST(HostAddresses, LoopbackIsAlwaysOwn) {
  HostAddresses addresses(SystemClock());
  EXPECT_TRUE(addresses.IsOwn(*IpAddress::Parse("127.0.0.1")));
  EXPECT_TRUE(addresses.IsOwn(*IpAddress::Parse("127.1.2.3")));
  EXPECT_TRUE(addresses.IsOwn(*IpAddress::Parse("::1")));
}

TEST(HostAddresses, AddressesOfDocumentationAreNobodys) {
  HostAddresses addresses(SystemClock());
  EXPECT_FALSE(addresses.IsOwn(*IpAddress::Parse("192.0.2.1")));
  EXPECT_FALSE(addresses.IsOwn(*IpAddress::Parse("2001:db8::1")));
}

TEST(HostAddresses, EveryInterfacesAddressIsOwn) {
  HostAddresses addresses(SystemClock());
  ifaddrs* first = nullptr;
  ASSERT_EQ(::getifaddrs(&first), 0);
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    const auto address = IpAddress::FromSockaddr(*entry->ifa_addr);
    if (address) EXPECT_TRUE(addresses.IsOwn(*address)) << address->ToString();
  }
  ::freeifaddrs(first);
}

}  // namespace
}  // namespace hearth::io
