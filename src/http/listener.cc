#include "http/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "io/ip_address.h"

namespace hearth::http {
namespace {

constexpr int kBacklog = 4096;
constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  std::uint16_t port() const {
    // sin_port and sin6_port lie at the same place.
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }
  std::string ToString() const {
    const auto ip = io::IpAddress::FromSockaddr(*get());
    const std::string host = ip ? ip->ToString() : "";
    return (storage.ss_family == AF_INET6 ? "[" + host + "]" : host) + ":" + std::to_string(port());
  }
};

struct HostAndPort {
  std::string host;
  std::string port;
};

Result<HostAndPort> SplitHostAndPort(std::string_view address) {
  const auto refuse = [&] {
    return Fail(Code::kInvalidArgument, std::string(address) + ": not ADDR:PORT or [IPV6]:PORT");
  };
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return refuse();
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse();
  }
  const bool is_number = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos;
  if (!is_number || std::stoi(std::string(port)) > 65535) return refuse();
  return HostAndPort{host.empty() ? "0.0.0.0" : std::string(host), std::string(port)};
}

Result<SocketAddress> Resolve(std::string_view address) {
  auto split = SplitHostAndPort(address);
  if (!split) return Fail(std::move(split).error());
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(split->host.c_str(), split->port.c_str(), &hints, &found);
  if (error != 0) {
    return Fail(Code::kInvalidArgument, std::string(address) + ": " + ::gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  const addrinfo* chosen = found;
  // A name like localhost that has both is its IPv4 address, which every client tries.
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      chosen = entry;
      break;
    }
  }
  SocketAddress result;
  std::memcpy(&result.storage, chosen->ai_addr, chosen->ai_addrlen);
  result.size = chosen->ai_addrlen;
  return result;
}

Error BindError(int error_number, const std::string& what) {
  const Error error = ErrorFromErrno(error_number, what);
  return error_number == EADDRNOTAVAIL ? Error(Code::kInvalidArgument, error.message()) : error;
}

enum class Sharing { kAlone, kShared };

Result<io::UniqueFd> Bind(const SocketAddress& address, Sharing sharing) {
  io::UniqueFd fd(::socket(address.storage.ss_family, kSocketFlags, 0));
  const std::string what = "listen on " + address.ToString();
  if (!fd.valid()) return Fail(ErrorFromErrno(errno, what));
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::kShared && ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) {
    return Fail(ErrorFromErrno(errno, what));
  }
  if (address.storage.ss_family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(fd.get(), address.get(), address.size) != 0) return Fail(BindError(errno, what));
  return fd;
}

// What accepted sockets inherit is set here, once, instead of by two system calls for each of them.
Status Listen(int fd, const SocketAddress& address, const std::string& congestion_control) {
  const std::string what = "listen on " + address.ToString();
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (!congestion_control.empty() && ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, congestion_control.data(),
                                                  static_cast<socklen_t>(congestion_control.size())) != 0) {
    return Fail(Code::kInvalidArgument, "congestion control " + congestion_control + ": not known to this kernel");
  }
  if (::listen(fd, kBacklog) != 0) return Fail(ErrorFromErrno(errno, what));
  return {};
}

Result<SocketAddress> LocalAddress(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, address.get(), &address.size) != 0) return Fail(ErrorFromErrno(errno, "getsockname"));
  return address;
}

// Removes the socket file at `path` if nobody answers on it.
Status RemoveStaleSocket(const std::string& path, const sockaddr_un& address) {
  struct stat stat{};
  if (::lstat(path.c_str(), &stat) != 0) {
    return errno == ENOENT ? Status() : Fail(ErrorFromErrno(errno, "stat " + path));
  }
  if (!S_ISSOCK(stat.st_mode)) return Fail(Code::kInvalidArgument, path + ": there is something that is no socket");
  const io::UniqueFd probe(::socket(AF_UNIX, kSocketFlags, 0));
  if (!probe.valid()) return Fail(ErrorFromErrno(errno, "socket"));
  // EAGAIN: the backlog is full, so somebody is there.
  const bool answered = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (answered || errno == EAGAIN) return Fail(Code::kUnavailable, path + ": another process answers there");
  if (errno != ECONNREFUSED) return Fail(ErrorFromErrno(errno, "connect to " + path));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return Fail(ErrorFromErrno(errno, "unlink " + path));
  return {};
}

}  // namespace

Result<TcpListeners> OpenTcpListeners(std::string_view address, std::size_t count,
                                      const std::string& congestion_control) {
  auto wanted = Resolve(address);
  if (!wanted) return Fail(std::move(wanted).error());
  // SO_REUSEPORT would let a second process of ours join in silently: a first bind without it finds that out,
  // and picks the port. Where one loop serves, it is the listener.
  auto first = Bind(*wanted, Sharing::kAlone);
  if (!first) return Fail(std::move(first).error());
  const auto bound = LocalAddress(first->get());
  if (!bound) return Fail(bound.error());
  TcpListeners listeners;
  listeners.address = bound->ToString();
  if (count == 1) {
    listeners.sockets.push_back(std::move(*first));
  } else {
    // Listening makes the check complete: bind alone is allowed beside another that is only bound.
    HEARTH_TRY(Listen(first->get(), *bound, congestion_control));
    first->Reset();
    for (std::size_t i = 0; i < count; ++i) {
      auto next = Bind(*bound, Sharing::kShared);
      if (!next) return Fail(std::move(next).error());
      listeners.sockets.push_back(std::move(*next));
    }
  }
  for (const auto& socket : listeners.sockets) HEARTH_TRY(Listen(socket.get(), *bound, congestion_control));
  return listeners;
}

Result<io::UniqueFd> OpenUnixListener(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Fail(Code::kInvalidArgument,
                path + ": a socket's path has 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  HEARTH_TRY(RemoveStaleSocket(path, address));
  io::UniqueFd fd(::socket(AF_UNIX, kSocketFlags, 0));
  if (!fd.valid()) return Fail(ErrorFromErrno(errno, "socket"));
  // bind gives the file the mode that the socket has: set before it, nobody else can slip in.
  if (::fchmod(fd.get(), 0600) != 0) return Fail(ErrorFromErrno(errno, "chmod of a socket"));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Fail(ErrorFromErrno(errno, "bind " + path));
  }
  if (::listen(fd.get(), kBacklog) != 0) return Fail(ErrorFromErrno(errno, "listen on " + path));
  return fd;
}

}  // namespace hearth::http
