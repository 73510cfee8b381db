#include "http/server.h"

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <future>

#include "base/check.h"
#include "http/listener.h"
#include "http/worker.h"

namespace hearth::http {
namespace {

class ServerImpl final : public Server {
 public:
  ServerImpl(std::vector<io::Loop*> loops, Handler& handler, ServerOptions options) : shared_(std::move(options)) {
    HEARTH_CHECK(!loops.empty());
    for (io::Loop* loop : loops) workers_.push_back(std::make_unique<Worker>(*loop, handler, shared_));
  }
  ~ServerImpl() override { Stop(); }

  Result<std::string> ListenTcp(std::string_view address) override {
    auto opened = OpenTcpListeners(address, workers_.size(), shared_.options.congestion_control);
    if (!opened) return Fail(std::move(opened).error());
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i]->AddListener(std::move(opened->sockets[i]), /*is_unix=*/false);
    }
    return std::move(opened->address);
  }

  Status ListenUnix(const std::string& path) override {
    auto opened = OpenUnixListener(path);
    if (!opened) return Fail(std::move(opened).error());
    struct stat stat{};
    if (::lstat(path.c_str(), &stat) == 0) unix_sockets_.push_back({path, stat.st_dev, stat.st_ino});
    workers_.front()->AddListener(std::move(*opened), /*is_unix=*/true);
    return {};
  }

  void Start() override {
    started_ = true;
    for (const auto& worker : workers_) {
      worker->loop().Post([&target = *worker] { target.Start(); });
    }
  }

  void Drain() override {
    for (const auto& worker : workers_) {
      worker->loop().Post([&target = *worker] { target.Drain(); });
    }
  }

  std::size_t connections() const override { return shared_.connections.load(std::memory_order_relaxed); }

  std::size_t active_requests() const override {
    std::size_t sum = 0;
    for (const auto& worker : workers_) sum += worker->active_requests();
    return sum;
  }

  void Stop() override {
    if (started_) {
      std::vector<std::future<void>> waits;
      for (const auto& worker : workers_) {
        HEARTH_CHECK(!worker->loop().OnLoopThread());
        auto gone = std::make_shared<std::promise<void>>();
        waits.push_back(gone->get_future());
        worker->loop().Post([&target = *worker, gone] { target.Stop([gone] { gone->set_value(); }); });
      }
      for (auto& wait : waits) wait.wait();
    }
    workers_.clear();
    for (const UnixSocket& socket : unix_sockets_) {
      struct stat stat{};
      // Another process may have put its own socket there meanwhile.
      if (::lstat(socket.path.c_str(), &stat) != 0) continue;
      if (stat.st_dev == socket.device && stat.st_ino == socket.inode) ::unlink(socket.path.c_str());
    }
    unix_sockets_.clear();
  }

 private:
  struct UnixSocket {
    std::string path;
    dev_t device;
    ino_t inode;
  };

  ServerShared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<UnixSocket> unix_sockets_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Server> MakeServer(std::vector<io::Loop*> loops, Handler& handler, ServerOptions options) {
  // send() is told MSG_NOSIGNAL; sendfile() has no such flag.
  std::signal(SIGPIPE, SIG_IGN);
  return std::make_unique<ServerImpl>(std::move(loops), handler, std::move(options));
}

}  // namespace hearth::http
