// RawTestServer: a TCP server for tests that sends what a script says, byte by byte: it may lie, stall, reset.
#pragma once

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/thread_annotations.h"

namespace hearth::http {

// One connection of the raw server, as a script sees it.
class RawConnection {
 public:
  explicit RawConnection(int fd) : fd_(fd) {}

  // The next request head with its blank line; empty when the client has left.
  std::string ReadHead() {
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      char piece[4096];
      const ssize_t n = ::recv(fd_, piece, sizeof piece, 0);
      if (n <= 0) return {};
      buffer_.append(piece, static_cast<std::size_t>(n));
    }
    const std::size_t end = buffer_.find("\r\n\r\n") + 4;
    std::string head = buffer_.substr(0, end);
    buffer_.erase(0, end);
    return head;
  }
  // False when the client has gone.
  bool Write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Writes what the socket takes without waiting; false when it takes nothing.
  bool WriteSome(std::string_view text) {
    return ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
  }
  bool WaitWritable(std::chrono::milliseconds limit) {
    pollfd poll{fd_, POLLOUT, 0};
    return ::poll(&poll, 1, static_cast<int>(limit.count())) > 0;
  }
  // Until the client closes.
  void WaitForEnd() {
    char byte = 0;
    while (::recv(fd_, &byte, 1, 0) > 0) {
    }
  }
  // The next close sends RST instead of FIN.
  void ResetOnClose() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

 private:
  const int fd_;
  std::string buffer_;
};

// A TCP server on a free port that runs a script for each connection, on a thread of its own; the
// connection is closed when the script ends. Scripts may lie as they like.
class RawTestServer {
 public:
  using Script = std::function<void(RawConnection&)>;

  explicit RawTestServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listener_, 64), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~RawTestServer() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    {
      MutexLock lock(mutex_);
      for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
    }
    for (auto& thread : threads_) thread.join();
    ::close(listener_);
  }

  std::string Url(std::string_view target = "/") const { return fmt::format("http://127.0.0.1:{}{}", port_, target); }
  int connections() const { return connections_.load(); }

 private:
  void Accept() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      connections_.fetch_add(1);
      MutexLock lock(mutex_);
      open_.push_back(fd);
      threads_.emplace_back([this, fd] {
        RawConnection connection(fd);
        script_(connection);
        MutexLock inner(mutex_);
        std::erase(open_, fd);
        ::close(fd);
      });
    }
  }

  const Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  Mutex mutex_;
  std::vector<int> open_ GUARDED_BY(mutex_);
  std::list<std::thread> threads_;  // the acceptor's, then the destructor's
  std::thread acceptor_;
};

}  // namespace hearth::http
