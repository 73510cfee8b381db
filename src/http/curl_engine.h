// CurlEngine: one curl multi handle on one io::Loop: sockets and timers of curl become watches and timers
// of the loop.
//
// Shared by the client and by the bodies that it handed out. Everything but construction and destruction
// happens on the loop's thread and never blocks; name resolution runs on threads of curl's own.
// Shutdown() fails what runs with kCancelled and refuses what comes; without it (the loop has stopped and
// drops its jobs) destruction takes curl down without touching the loop.
#pragma once

#include <map>
#include <memory>

#include "http/client.h"
#include "http/curl_transfer.h"
#include "io/loop.h"

namespace hearth::http {

class CurlEngine {
 public:
  CurlEngine(io::Loop& loop, ClientOptions options);
  ~CurlEngine();
  CurlEngine(const CurlEngine&) = delete;
  CurlEngine& operator=(const CurlEngine&) = delete;

  io::Loop& loop() { return loop_; }
  const ClientOptions& options() const { return options_; }

  Result<std::shared_ptr<CurlTransfer>> Start(ClientRequest request);
  // Ends `transfer` with `error` unless it has ended: its connection is closed.
  void Abort(const std::shared_ptr<CurlTransfer>& transfer, Error error);
  // Lets a paused transfer go on, now that somebody reads.
  void Resume(CurlTransfer& transfer);
  void Shutdown();

 private:
  class Socket;

  static int OnSocket(void* easy, int fd, int what, void* self, void* unused);
  static int OnTimer(void* multi, long timeout_ms, void* self);
  int WatchSocket(int fd, int what);
  void SetTimer(long timeout_ms);
  // Tells curl what happened on `fd` (none: a timer), then looks at what came of it.
  void Act(int fd, int curl_events);
  void Settle();

  io::Loop& loop_;
  const ClientOptions options_;
  void* const multi_;
  bool is_shut_ = false;

  CurlTransfer::List touched_;
  std::map<void*, std::shared_ptr<CurlTransfer>> transfers_;  // by easy handle: those inside multi_
  std::map<int, std::unique_ptr<Socket>> sockets_;
  Executor::TimerId timer_ = 0;
  // Timers of the loop hold a weak reference: one may still be queued when the engine goes.
  const std::shared_ptr<CurlEngine*> self_ = std::make_shared<CurlEngine*>(this);
};

}  // namespace hearth::http
