// HostAddresses: which addresses are this host's own, so that a peer can be told to be local.
//
// Loopback always is. The interfaces are read again (getifaddrs) when the last look is older than
// `refresh_after`, by whoever asks first; that is a few system calls and waits for nobody. Any thread
// may call. Borrows the clock, which outlives it.
#pragma once

#include <vector>

#include "base/executor.h"
#include "base/thread_annotations.h"
#include "io/ip_address.h"

namespace hearth::io {

class HostAddresses {
 public:
  explicit HostAddresses(const Clock& clock, Duration refresh_after = std::chrono::seconds(3))
      : clock_(clock), refresh_after_(refresh_after) {}

  bool IsOwn(const IpAddress& address);

 private:
  const Clock& clock_;
  const Duration refresh_after_;

  Mutex mutex_;
  std::vector<IpAddress> own_ GUARDED_BY(mutex_);  // sorted
  TimePoint read_at_ GUARDED_BY(mutex_) = TimePoint::min();
};

}  // namespace hearth::io
