// For the tests of this folder: a server with a handler made of a function, and a client of plain blocking
// socket calls that can be as rude as a test needs.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "http/server.h"
#include "io/file_system.h"
#include "io/loop.h"
#include "io/unique_fd.h"

namespace hearth::http::testing {

class FunctionHandler final : public Handler {
 public:
  explicit FunctionHandler(std::function<void(Exchange&)> handle) : handle_(std::move(handle)) {}
  void Handle(Exchange& exchange) override { handle_(exchange); }

 private:
  std::function<void(Exchange&)> handle_;
};

struct Answer {
  int status = 0;
  std::string head;  // with the status line, without the empty line
  std::string body;
  bool complete = false;  // the whole of Content-Length came

  // Value of the first line `name`, spelled as the server spells it; empty if it is not there.
  std::string Header(const std::string& name) const {
    const std::size_t at = head.find("\r\n" + name + ": ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 4;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  }
};

class RawClient {
 public:
  // "127.0.0.1:43817". A small `receive_buffer` makes a slow client.
  explicit RawClient(const std::string& address, int receive_buffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval timeout{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (receive_buffer > 0) ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    ::inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }
  static RawClient OnUnix(const std::string& path) {
    RawClient client;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, path.data(), path.size());
    EXPECT_EQ(::connect(client.fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    return client;
  }

  void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;  // the server has closed; the test sees it in what it reads
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void Get(const std::string& path, const std::string& lines = "") {
    Send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n");
  }
  void ShutdownSend() { ::shutdown(fd_.get(), SHUT_WR); }
  void Close() { fd_.Reset(); }
  void Reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    fd_.Reset();
  }

  Answer Read(bool is_head = false) {
    Answer answer;
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return answer;
    }
    answer.head = in_.substr(0, end);
    in_.erase(0, end + 4);
    answer.status = std::stoi(answer.head.substr(9, 3));
    const std::string length = answer.Header("Content-Length");
    const std::size_t size = is_head || length.empty() ? 0 : std::stoull(length);
    while (in_.size() < size && ReadMore()) {
    }
    answer.complete = in_.size() >= size;
    answer.body = in_.substr(0, size);
    in_.erase(0, answer.body.size());
    return answer;
  }
  // True if the server closed (or reset) and nothing more was said.
  bool AtEnd() {
    while (ReadMore()) {
    }
    return in_.empty() && ended_;
  }
  bool was_reset() const { return reset_; }
  // What came and was not taken by Read.
  std::string ReadToEnd() {
    while (ReadMore()) {
    }
    return in_;
  }

 private:
  RawClient() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}

  bool ReadMore() {
    char bytes[65536];
    const ssize_t n = ::recv(fd_.get(), bytes, sizeof bytes, 0);
    if (n > 0) {
      in_.append(bytes, static_cast<std::size_t>(n));
      return true;
    }
    ended_ = n == 0 || errno == ECONNRESET;
    reset_ = reset_ || (n < 0 && errno == ECONNRESET);
    return false;
  }

  io::UniqueFd fd_;
  std::string in_;
  bool ended_ = false;
  bool reset_ = false;
};

// One loop, one server on a free port of loopback.
class TestServer {
 public:
  explicit TestServer(std::function<void(Exchange&)> handle, ServerOptions options = {}, int loops = 1)
      : handler_(std::move(handle)) {
    std::vector<io::Loop*> pointers;
    for (int i = 0; i < loops; ++i) {
      loops_.push_back(std::move(*io::Loop::Create({})));
      pointers.push_back(loops_.back().get());
      pointers.back()->Start();
    }
    server_ = MakeServer(pointers, handler_, std::move(options));
    const auto bound = server_->ListenTcp("127.0.0.1:0");
    EXPECT_TRUE(bound.has_value()) << (bound ? "" : bound.error().ToString());
    address_ = bound.value_or("127.0.0.1:1");
  }
  ~TestServer() {
    server_->Stop();
    for (const auto& loop : loops_) loop->Stop();
  }

  TestServer& Started() {
    server_->Start();
    return *this;
  }
  Server& server() { return *server_; }
  io::Loop& loop() { return *loops_.front(); }
  const std::string& address() const { return address_; }

 private:
  FunctionHandler handler_;
  std::vector<std::unique_ptr<io::Loop>> loops_;
  std::unique_ptr<Server> server_;
  std::string address_;
};

// A directory that goes with the test, and files in it. The byte at each offset follows from the offset.
class TestFiles {
 public:
  TestFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth-http-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    files_ = std::move(*io::OpenPosixFileSystem(path_, {}));
  }
  ~TestFiles() { std::filesystem::remove_all(path_); }

  static std::string Content(std::uint64_t begin, std::uint64_t end) {
    std::string text;
    text.reserve(end - begin);
    for (std::uint64_t at = begin; at < end; ++at) text.push_back(static_cast<char>((at * 131 + at / 251) % 256));
    return text;
  }
  std::shared_ptr<io::File> Make(const std::string& name, std::uint64_t size) {
    auto file = *files_->Open(name, {.write = true, .create = true});
    const std::string text = Content(0, size);
    EXPECT_TRUE(file->WriteAt(0, std::as_bytes(std::span(text.data(), text.size()))));
    return file;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::unique_ptr<io::FileSystem> files_;
};

}  // namespace hearth::http::testing
