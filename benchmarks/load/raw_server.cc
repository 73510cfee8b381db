#include "load/raw_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include <fmt/format.h>

namespace hearth::load {
namespace {

Error Errno(std::string_view what) { return ErrorFromErrno(errno, what); }

}  // namespace

Status RawServer::OpenFiles(const Options& options) {
  for (const std::string& path : options.files) {
    io::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info{};
    if (!fd.valid() || ::fstat(fd.get(), &info) != 0) return Fail(Errno(path));
    const std::uint64_t places = static_cast<std::uint64_t>(info.st_size) / options.answer_bytes;
    if (places == 0) return Fail(Code::kInvalidArgument, path + " is shorter than an answer");
    files_.push_back({std::move(fd), places});
  }
  return {};
}

Status RawServer::Listen(std::uint16_t port) {
  listener_ = io::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  epoll_ = io::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  stop_ = io::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!listener_.valid() || !epoll_.valid() || !stop_.valid()) return Fail(Errno("socket"));
  const int on = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listener_.get(), reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_.get(), 1024) != 0 ||
      ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    return Fail(Errno("listen"));
  }
  port_ = ntohs(at.sin_port);
  for (const int fd : {listener_.get(), stop_.get()}) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return Fail(Errno("epoll_ctl"));
  }
  return {};
}

Result<RawServer> RawServer::Open(Options options) {
  if (options.files.empty() || options.answer_bytes == 0) return Fail(Code::kInvalidArgument, "no files or no bytes");
  RawServer server;
  server.answer_bytes_ = options.answer_bytes;
  server.head_ = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", options.answer_bytes);
  HEARTH_TRY(server.OpenFiles(options));
  HEARTH_TRY(server.Listen(options.port));
  return server;
}

void RawServer::Stop() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(stop_.get(), &one, sizeof one);
}

void RawServer::Watch(const Client& client, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.fd = client.fd.get()}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, client.fd.get(), &event);
}

void RawServer::Accept() {
  for (;;) {
    io::UniqueFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) return;
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd.get()}};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event);
    const int key = fd.get();
    clients_[key].fd = std::move(fd);
  }
}

bool RawServer::ReadRequest(Client& client, bool& whole) {
  std::array<char, 4096> bytes;
  const ssize_t got = ::recv(client.fd.get(), bytes.data(), bytes.size(), 0);
  if (got <= 0) return got < 0 && errno == EAGAIN;
  for (ssize_t i = 0; i < got; ++i) {
    const char c = bytes[static_cast<std::size_t>(i)];
    if (c == '\n') ++client.newlines;
    if (c != '\n' && c != '\r') client.newlines = 0;
  }
  whole = client.newlines >= 2;
  if (whole) client.newlines = 0;
  return true;
}

bool RawServer::SendHead(Client& client) {
  const File& file = files_[random_.Below(files_.size())];
  client.file = file.fd.get();
  client.offset = static_cast<std::int64_t>(random_.Below(file.places) * answer_bytes_);
  client.left = answer_bytes_;
  // A connection takes its next request after it has taken the last answer, so there is room.
  return std::cmp_equal(::send(client.fd.get(), head_.data(), head_.size(), MSG_MORE | MSG_NOSIGNAL), head_.size());
}

bool RawServer::SendBody(Client& client) {
  while (client.left > 0) {
    const ssize_t sent = ::sendfile(client.fd.get(), client.file, &client.offset, client.left);
    if (sent > 0) {
      client.left -= static_cast<std::uint64_t>(sent);
    } else {
      return sent < 0 && errno == EAGAIN;
    }
  }
  return true;
}

void RawServer::Serve(Client& client) {
  const bool was_sending = client.left > 0;
  bool alive = true;
  if (!was_sending) {
    bool whole = false;
    alive = ReadRequest(client, whole);
    if (alive && !whole) return;
    alive = alive && SendHead(client);
  }
  if (!alive || !SendBody(client)) {
    clients_.erase(client.fd.get());  // ends `client`
    return;
  }
  const bool sends = client.left > 0;
  if (sends != was_sending) Watch(client, sends ? EPOLLOUT : EPOLLIN);
}

Status RawServer::Run() {
  std::signal(SIGPIPE, SIG_IGN);  // sendfile() has no flag for a client that has left
  std::array<epoll_event, 256> events;
  for (;;) {
    const int ready = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    if (ready < 0 && errno != EINTR) return Fail(Errno("epoll_wait"));
    for (int i = 0; i < ready; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop_.get()) return {};
      if (fd == listener_.get()) {
        Accept();
      } else if (const auto at = clients_.find(fd); at != clients_.end()) {
        Serve(at->second);
      }
    }
  }
}

}  // namespace hearth::load
