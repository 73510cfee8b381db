#include "support/real_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/check.h"

namespace hearth::support {
namespace {

constexpr std::chrono::milliseconds kProbeInterval(5);
constexpr std::chrono::seconds kEndTimeout(10);

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

bool TakesConnections(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  const bool taken = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return taken;
}

std::string EndOfFile(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string all = text.str();
  return all.size() > 2000 ? all.substr(all.size() - 2000) : all;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void BecomeProgram(const char* log_file, char* const* arguments, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  const int log = ::open(log_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::dup2(null, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

std::uint16_t FreePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t length = sizeof address;
  HEARTH_CHECK(::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0);
  HEARTH_CHECK(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  ::close(fd);
  return ntohs(address.sin_port);
}

std::optional<std::string> FindProgram(const char* variable, const std::string& fallback) {
  const char* named = std::getenv(variable);
  std::string path = named != nullptr && *named != '\0' ? named : fallback;
  if (::access(path.c_str(), X_OK) != 0) return std::nullopt;
  return path;
}

Result<std::unique_ptr<RealServer>> RealServer::Start(const RealServerOptions& options) {
  const std::uint16_t port = FreePort();
  std::vector<std::string> texts{options.program};
  for (std::string argument : options.arguments) {
    if (const auto at = argument.find("{port}"); at != std::string::npos) argument.replace(at, 6, std::to_string(port));
    texts.push_back(std::move(argument));
  }
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);

  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return Fail(ErrorFromErrno(errno, "fork"));
  if (pid == 0) BecomeProgram(options.log_file.c_str(), arguments.data(), parent);
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  HEARTH_CHECK(pid_fd >= 0);
  std::unique_ptr<RealServer> server(new RealServer(pid, pid_fd, port));
  HEARTH_TRY(server->WaitUntilReady(options));
  return server;
}

RealServer::~RealServer() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    if (!WaitForEnd(kEndTimeout)) ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(pid_fd_);
}

void RealServer::Kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

std::string RealServer::Url() const { return fmt::format("http://127.0.0.1:{}", port_); }

Status RealServer::WaitUntilReady(const RealServerOptions& options) const {
  const auto give_up = std::chrono::steady_clock::now() + options.ready_timeout;
  while (!TakesConnections(port_)) {
    if (WaitForEnd(kProbeInterval)) {
      return Fail(Code::kUnavailable, fmt::format("{} ended: {}", options.program, EndOfFile(options.log_file)));
    }
    if (std::chrono::steady_clock::now() > give_up) {
      return Fail(Code::kUnavailable,
                  fmt::format("{} does not listen: {}", options.program, EndOfFile(options.log_file)));
    }
  }
  return {};
}

bool RealServer::WaitForEnd(std::chrono::milliseconds limit) const {
  pollfd poll{pid_fd_, POLLIN, 0};
  return ::poll(&poll, 1, static_cast<int>(limit.count())) > 0;
}

}  // namespace hearth::support
