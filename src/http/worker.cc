#include "http/worker.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>

#include "http/connection.h"
#include "http/date.h"
#include "io/secure_random.h"

namespace hearth::http {
namespace {

constexpr int kAcceptBatch = 64;
constexpr Duration kAcceptPause = std::chrono::milliseconds(100);
// So many connections more than the limit are told so; what comes beyond them is closed without a word.
constexpr std::size_t kTurnedAwayMax = 256;
constexpr std::size_t kFreeInputsMax = 64;
// Room behind the largest head for what a client sends with it.
constexpr std::size_t kInputSlack = 4096;

Peer PeerOf(int fd, const sockaddr_storage& address, bool is_unix, io::HostAddresses& host_addresses) {
  Peer peer;
  if (is_unix) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    peer.unix_socket = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0;
    peer.uid = credentials.uid;
    peer.own_host = peer.unix_socket;
    return peer;
  }
  const auto ip = io::IpAddress::FromSockaddr(reinterpret_cast<const sockaddr&>(address));
  if (!ip) return peer;
  peer.address = ip->ToString();
  peer.port = ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  peer.own_host = host_addresses.IsOwn(*ip);
  return peer;
}

}  // namespace

// Level-triggered: what one batch leaves in the backlog is reported again.
class Worker::Listener final : public io::Loop::Handler {
 public:
  Listener(Worker& worker, io::UniqueFd socket, bool is_unix)
      : worker_(worker), socket_(std::move(socket)), is_unix_(is_unix) {}
  virtual ~Listener() = default;

  void Open() {
    paused_until_ = 0;
    const auto watched = worker_.loop_.Watch(socket_.get(), EPOLLIN, this);
    if (!watched) Pause();
  }

  void Close() {
    worker_.loop_.Cancel(paused_until_);
    worker_.loop_.Unwatch(socket_.get());
    socket_.Reset();
  }

  void OnEvents(std::uint32_t) override {
    for (int i = 0; i < kAcceptBatch; ++i) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      io::UniqueFd accepted(
          ::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (accepted.valid()) {
        Peer peer = PeerOf(accepted.get(), address, is_unix_, worker_.shared_.host_addresses);
        worker_.Adopt(std::move(accepted), std::move(peer));
        continue;
      }
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        worker_.loop_.Unwatch(socket_.get());
        Pause();
        return;
      }
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      // The rest are errors of one connection that has gone already (ECONNABORTED and its like).
    }
  }

 private:
  // Out of descriptors: the listener would be ready all the time, and the loop would spin.
  void Pause() {
    paused_until_ = worker_.loop_.PostAfter(kAcceptPause, [this] { Open(); });
  }

  Worker& worker_;
  io::UniqueFd socket_;
  const bool is_unix_;
  Executor::TimerId paused_until_ = 0;
};

Worker::Worker(io::Loop& loop, Handler& handler, ServerShared& shared)
    : loop_(loop), handler_(handler), shared_(shared), ids_(io::SecureRandom64()) {}

Worker::~Worker() = default;

void Worker::AddListener(io::UniqueFd socket, bool is_unix) {
  listeners_.push_back(std::make_unique<Listener>(*this, std::move(socket), is_unix));
}

void Worker::Start() {
  for (const auto& listener : listeners_) listener->Open();
}

void Worker::Adopt(io::UniqueFd socket, Peer peer) {
  const std::size_t open = shared_.connections.load(std::memory_order_relaxed);
  if (open >= shared_.options.connections_max + kTurnedAwayMax) return;
  auto connection = std::make_shared<Connection>(*this, std::move(socket), std::move(peer));
  connections_.insert(connection);
  shared_.connections.fetch_add(1, std::memory_order_relaxed);
  if (open >= shared_.options.connections_max) {
    connection->TurnAway();
  } else {
    connection->Open();
  }
}

void Worker::Retire(Connection& connection) {
  const auto found = connections_.find(connection.shared_from_this());
  if (found == connections_.end()) return;
  if (ended_.empty()) {
    loop_.Post([this] {
      ended_.clear();
      FinishStopIfEmpty();
    });
  }
  ended_.push_back(*found);
  connections_.erase(found);
  shared_.connections.fetch_sub(1, std::memory_order_relaxed);
}

void Worker::Drain() {
  if (draining_) return;
  draining_ = true;
  for (const auto& listener : listeners_) listener->Close();
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->Drain();
}

void Worker::Stop(std::function<void()> gone) {
  Drain();
  gone_ = std::move(gone);
  const std::vector<std::shared_ptr<Connection>> all(connections_.begin(), connections_.end());
  for (const auto& connection : all) connection->Cut();
  FinishStopIfEmpty();
}

// Last of all: `gone_` lets another thread destroy this worker, so no job of ours may be queued behind it.
void Worker::FinishStopIfEmpty() {
  if (!gone_ || !connections_.empty() || !ended_.empty()) return;
  listeners_.clear();
  std::exchange(gone_, nullptr)();
}

std::string_view Worker::StampLines(TimePoint now) {
  if (now >= stamp_valid_until_) {
    const WallTime wall = loop_.clock().Wall();
    const auto second = std::chrono::floor<std::chrono::seconds>(wall);
    const auto date = HttpDateBytes(second);
    stamp_.assign("Server: Hearth\r\nDate: ").append(date.data(), date.size()).append("\r\n");
    stamp_valid_until_ = now + (std::chrono::seconds(1) - (wall - second));
  }
  return stamp_;
}

void Worker::WriteRequestId(std::string& to) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::uint64_t id = ids_.Next();
  to.resize(16);
  for (char& c : to) {
    c = kDigits[id >> 60];
    id <<= 4;
  }
}

std::size_t Worker::input_bytes() const { return shared_.options.header_bytes_max + kInputSlack; }

std::unique_ptr<char[]> Worker::TakeInput() {
  if (free_inputs_.empty()) return std::unique_ptr<char[]>(new char[input_bytes()]);
  std::unique_ptr<char[]> input = std::move(free_inputs_.back());
  free_inputs_.pop_back();
  return input;
}

void Worker::GiveInput(std::unique_ptr<char[]> input) {
  if (input && free_inputs_.size() < kFreeInputsMax) free_inputs_.push_back(std::move(input));
}

}  // namespace hearth::http
