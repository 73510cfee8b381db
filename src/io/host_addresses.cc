#include "io/host_addresses.h"

#include <ifaddrs.h>

#include <algorithm>

namespace hearth::io {
namespace {

std::vector<IpAddress> ReadInterfaces() {
  std::vector<IpAddress> addresses;
  ifaddrs* first = nullptr;
  // Failing means that nothing but loopback is own: the side that refuses.
  if (::getifaddrs(&first) != 0) return addresses;
  for (const ifaddrs* entry = first; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (const auto address = IpAddress::FromSockaddr(*entry->ifa_addr)) addresses.push_back(*address);
  }
  ::freeifaddrs(first);
  std::ranges::sort(addresses);
  return addresses;
}

}  // namespace

bool HostAddresses::IsOwn(const IpAddress& address) {
  if (address.is_loopback()) return true;
  const TimePoint now = clock_.Now();
  MutexLock lock(mutex_);
  if (read_at_ == TimePoint::min() || now - read_at_ >= refresh_after_) {
    own_ = ReadInterfaces();
    read_at_ = now;
  }
  return std::ranges::binary_search(own_, address);
}

}  // namespace hearth::io
