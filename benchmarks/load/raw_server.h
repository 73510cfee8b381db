// RawServer: bodies by sendfile behind a fixed head, and nothing else: what no HTTP server can be cheaper than.
//
// It takes whatever ends in an empty line for a request and answers with the next `answer_bytes` of its files, at
// random multiples of that size. One thread; Run returns after Stop, which any thread may call.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "io/unique_fd.h"

namespace hearth::load {

class RawServer {
 public:
  struct Options {
    std::uint16_t port = 0;          // of 127.0.0.1; 0: a free one
    std::vector<std::string> files;  // each at least answer_bytes long
    std::uint64_t answer_bytes = 0;
  };

  static Result<RawServer> Open(Options options);

  std::uint16_t port() const { return port_; }
  Status Run();
  void Stop();

 private:
  struct File {
    io::UniqueFd fd;
    std::uint64_t places = 0;  // how many answers fit
  };
  struct Client {
    io::UniqueFd fd;
    unsigned newlines = 0;  // of the empty line that ends a request, seen so far
    int file = -1;          // of the answer under way
    std::int64_t offset = 0;
    std::uint64_t left = 0;
  };

  RawServer() = default;
  Status OpenFiles(const Options& options);
  Status Listen(std::uint16_t port);
  void Accept();
  void Serve(Client& client);
  // False: the client is gone.
  bool ReadRequest(Client& client, bool& whole);
  bool SendHead(Client& client);
  bool SendBody(Client& client);
  void Watch(const Client& client, std::uint32_t events);

  std::string head_;
  std::uint64_t answer_bytes_ = 0;
  std::uint16_t port_ = 0;
  Random random_{1};
  std::vector<File> files_;
  io::UniqueFd listener_;
  io::UniqueFd epoll_;
  io::UniqueFd stop_;
  std::unordered_map<int, Client> clients_;
};

}  // namespace hearth::load
