#include "http/curl_engine.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>

#include "base/check.h"

namespace hearth::http {
namespace {

std::uint32_t EpollEvents(int curl_poll) {
  switch (curl_poll) {
    case CURL_POLL_IN: return EPOLLIN;
    case CURL_POLL_OUT: return EPOLLOUT;
    default: return EPOLLIN | EPOLLOUT;
  }
}

// An error or a hang-up is told as readiness: curl finds the reason by using the socket.
int CurlEvents(std::uint32_t epoll_events) {
  int events = 0;
  if ((epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) events |= CURL_CSELECT_IN;
  if ((epoll_events & (EPOLLOUT | EPOLLERR)) != 0) events |= CURL_CSELECT_OUT;
  return events;
}

}  // namespace

// One descriptor of curl's that the loop watches.
class CurlEngine::Socket final : public io::Loop::Handler {
 public:
  Socket(CurlEngine& engine, int fd) : engine_(engine), fd_(fd) {}
  virtual ~Socket() = default;

  // May destroy this object: curl can close the socket.
  void OnEvents(std::uint32_t epoll_events) override { engine_.Act(fd_, CurlEvents(epoll_events)); }

 private:
  CurlEngine& engine_;
  const int fd_;
};

CurlEngine::CurlEngine(io::Loop& loop, ClientOptions options)
    : loop_(loop), options_(std::move(options)), multi_(curl_multi_init()) {
  HEARTH_CHECK(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &OnSocket);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &OnTimer);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.connections_max));
}

CurlEngine::~CurlEngine() {
  if (!is_shut_) {
    // The loop is gone: nothing may be watched or unwatched any more.
    is_shut_ = true;
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
    for (const auto& [easy, transfer] : transfers_) curl_multi_remove_handle(multi_, easy);
  }
  curl_multi_cleanup(multi_);
}

Result<std::shared_ptr<CurlTransfer>> CurlEngine::Start(ClientRequest request) {
  if (is_shut_) return Fail(Code::kCancelled, "the HTTP client has shut down");
  auto transfer = CurlTransfer::Create(std::move(request), options_, touched_);
  if (!transfer) return transfer;
  transfers_.emplace((*transfer)->easy(), *transfer);
  const CURLMcode code = curl_multi_add_handle(multi_, (*transfer)->easy());
  if (code != CURLM_OK) {
    transfers_.erase((*transfer)->easy());
    return Fail(Code::kInternal, fmt::format("curl_multi_add_handle: {}", curl_multi_strerror(code)));
  }
  return transfer;
}

void CurlEngine::Abort(const std::shared_ptr<CurlTransfer>& transfer, Error error) {
  if (transfers_.erase(transfer->easy()) == 0) return;
  curl_multi_remove_handle(multi_, transfer->easy());
  transfer->Fail(std::move(error));
  Settle();
}

void CurlEngine::Resume(CurlTransfer& transfer) {
  if (!transfers_.contains(transfer.easy())) return;
  transfer.Unpause();
  Settle();
}

void CurlEngine::Shutdown() {
  if (is_shut_) return;
  is_shut_ = true;
  const auto running = std::exchange(transfers_, {});
  for (const auto& [easy, transfer] : running) {
    curl_multi_remove_handle(multi_, easy);
    transfer->Fail(Error(Code::kCancelled, "the HTTP client has shut down"));
  }
  Settle();
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  for (const auto& [fd, socket] : sockets_) loop_.Unwatch(fd);
  sockets_.clear();
  SetTimer(-1);
}

int CurlEngine::OnSocket(void*, int fd, int what, void* self, void*) {
  return static_cast<CurlEngine*>(self)->WatchSocket(fd, what);
}

int CurlEngine::WatchSocket(int fd, int what) {
  const auto known = sockets_.find(fd);
  if (what == CURL_POLL_REMOVE) {
    if (known == sockets_.end()) return 0;
    loop_.Unwatch(fd);
    sockets_.erase(known);
    return 0;
  }
  if (known != sockets_.end()) {
    return loop_.Modify(fd, EpollEvents(what), known->second.get()) ? 0 : -1;
  }
  auto socket = std::make_unique<Socket>(*this, fd);
  if (!loop_.Watch(fd, EpollEvents(what), socket.get())) return -1;
  sockets_.emplace(fd, std::move(socket));
  return 0;
}

int CurlEngine::OnTimer(void*, long timeout_ms, void* self) {
  static_cast<CurlEngine*>(self)->SetTimer(timeout_ms);
  return 0;
}

void CurlEngine::SetTimer(long timeout_ms) {
  if (timer_ != 0) loop_.Cancel(std::exchange(timer_, 0));
  if (timeout_ms < 0) return;
  timer_ = loop_.PostAfter(std::chrono::milliseconds(timeout_ms), [weak = std::weak_ptr<CurlEngine*>(self_)] {
    const auto alive = weak.lock();
    if (!alive) return;
    (*alive)->timer_ = 0;
    (*alive)->Act(CURL_SOCKET_TIMEOUT, 0);
  });
}

void CurlEngine::Act(int fd, int curl_events) {
  int running = 0;
  const CURLMcode code = curl_multi_socket_action(multi_, fd, curl_events, &running);
  if (code != CURLM_OK) {
    // curl gives the whole handle up (a watch failed: no descriptors or memory left).
    const auto all = transfers_;
    for (const auto& [easy, transfer] : all) {
      Abort(transfer, Error(Code::kUnavailable, fmt::format("curl: {}", curl_multi_strerror(code))));
    }
  }
  Settle();
}

void CurlEngine::Settle() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode result = message->data.result;
    const auto found = transfers_.find(message->easy_handle);
    if (found == transfers_.end()) continue;
    const std::shared_ptr<CurlTransfer> transfer = std::move(found->second);
    transfers_.erase(found);
    curl_multi_remove_handle(multi_, transfer->easy());
    transfer->Finish(result);
  }
  const CurlTransfer::List touched = std::exchange(touched_, {});
  for (const auto& transfer : touched) transfer->Settle();
}

}  // namespace hearth::http
