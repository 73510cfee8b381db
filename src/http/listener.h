// Listening sockets: TCP addresses shared by several loops (SO_REUSEPORT), and Unix sockets that only we may use.
// Called before the loops serve; may wait for the resolver when an address is a name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "io/unique_fd.h"

namespace hearth::http {

struct TcpListeners {
  std::vector<io::UniqueFd> sockets;
  std::string address;  // as bound: "127.0.0.1:43817", "[::]:8080"
};

// `count` sockets on one "ADDR:PORT", "[V6]:PORT" or "NAME:PORT"; port 0 picks one. "[::]" takes IPv4 as well.
// `congestion_control` (empty: the kernel's) and TCP_NODELAY pass on to what is accepted.
// kUnavailable: somebody listens there already. kInvalidArgument: no address, or an unknown algorithm.
Result<TcpListeners> OpenTcpListeners(std::string_view address, std::size_t count,
                                      const std::string& congestion_control);

// A socket file of mode 0600. A stale one is replaced; kUnavailable if somebody answers on it;
// kInvalidArgument if something else lies there, or the path is too long.
Result<io::UniqueFd> OpenUnixListener(const std::string& path);

}  // namespace hearth::http
