// Worker: what the connections of one loop share, and the accepting of new ones.
//
//   ServerImpl --owns--> Worker (one per loop) --owns--> Listener, Connection
//                                  \--borrows--> Loop, Handler, ServerShared
//
// Everything runs on the loop's thread, except the two counts, which any thread may read. A connection that has
// ended is kept until the next turn of the loop, so that whoever is on the stack may still touch it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/random.h"
#include "http/output_buffer.h"
#include "http/server.h"
#include "io/host_addresses.h"
#include "io/unique_fd.h"

namespace hearth::http {

class Connection;

// One per server; any thread.
struct ServerShared {
  explicit ServerShared(ServerOptions server_options) : options(std::move(server_options)) {}

  const ServerOptions options;
  io::HostAddresses host_addresses{SystemClock()};
  std::atomic<std::size_t> connections = 0;
};

class Worker {
 public:
  Worker(io::Loop& loop, Handler& handler, ServerShared& shared);
  ~Worker();

  // Before Start.
  void AddListener(io::UniqueFd socket, bool is_unix);

  // On the loop.
  void Start();
  void Drain();
  // Cuts everything; calls `gone` on the loop when the last connection (and its task) has ended.
  void Stop(std::function<void()> gone);

  std::size_t active_requests() const { return active_.load(std::memory_order_relaxed); }

  // For connections.
  io::Loop& loop() { return loop_; }
  Handler& handler() { return handler_; }
  const ServerOptions& options() const { return shared_.options; }
  bool closes_after_answers() const { return draining_ && shared_.options.close_when_draining; }
  // For composing one answer; empty when it is handed out.
  OutputBuffer& scratch() {
    scratch_.Clear();
    return scratch_;
  }
  // "Server: Hearth\r\nDate: ...\r\n" as of `now`.
  std::string_view StampLines(TimePoint now);
  void WriteRequestId(std::string& to);
  std::size_t input_bytes() const;
  std::unique_ptr<char[]> TakeInput();
  void GiveInput(std::unique_ptr<char[]> input);
  void CountActive(int change) {
    // The only writer is this loop: no read-modify-write that others would wait for.
    active_.store(active_.load(std::memory_order_relaxed) + static_cast<std::size_t>(change),
                  std::memory_order_relaxed);
  }
  // The connection has ended: its descriptor is closed and its task over.
  void Retire(Connection& connection);

 private:
  class Listener;
  friend class Listener;

  void Adopt(io::UniqueFd socket, Peer peer);
  void FinishStopIfEmpty();

  io::Loop& loop_;
  Handler& handler_;
  ServerShared& shared_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Connection>> ended_;
  std::vector<std::unique_ptr<char[]>> free_inputs_;
  OutputBuffer scratch_;
  std::string stamp_;
  TimePoint stamp_valid_until_ = TimePoint::min();
  Random ids_;
  bool draining_ = false;
  std::function<void()> gone_;
  std::atomic<std::size_t> active_ = 0;
};

}  // namespace hearth::http
