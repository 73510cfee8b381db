// RealServer: a server program from a package, started for a test on a free loopback port, ended with it.
//
// The child gets SIGTERM when the object goes (SIGKILL after ten seconds), and SIGKILL if the test dies first.
// One thread uses an object; the child dies with the thread that started it, so start it from the main one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth::support {

struct RealServerOptions {
  std::string program;                 // path of the executable
  std::vector<std::string> arguments;  // "{port}" in them becomes the port
  std::string log_file;                // the child's standard output and error
  std::chrono::milliseconds ready_timeout = std::chrono::seconds(30);
};

class RealServer {
 public:
  // Returns once the port takes connections. kUnavailable: the program ended, or never listened; the message
  // has the end of its log.
  static Result<std::unique_ptr<RealServer>> Start(const RealServerOptions& options);
  ~RealServer();
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;

  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  std::string Url() const;  // http://127.0.0.1:PORT

  // SIGKILL at once, and the end awaited.
  void Kill();

 private:
  RealServer(pid_t pid, int pid_fd, std::uint16_t port) : pid_(pid), pid_fd_(pid_fd), port_(port) {}
  Status WaitUntilReady(const RealServerOptions& options) const;
  bool WaitForEnd(std::chrono::milliseconds limit) const;

  pid_t pid_;
  int pid_fd_;
  std::uint16_t port_;
};

// The program that the environment variable `variable` names, else `fallback`; nullopt if that is no
// executable file: skip the test then, and say how to get it.
std::optional<std::string> FindProgram(const char* variable, const std::string& fallback);

// A port of 127.0.0.1 that nobody used a moment ago.
std::uint16_t FreePort();

}  // namespace hearth::support
