// Server: HTTP/1.1 for the doors: listeners, connections, the strict parser, answers by sendfile.
//
// One listener per loop (SO_REUSEPORT) on a TCP address, or a Unix socket on the first loop. A connection
// lives on one loop; everything of it happens there. Requests of a connection are answered in order
// (pipelining: the next is parsed when the answer before it is complete).
//
// Life of a request: bytes -> parser -> Handler::Handle(exchange) on the loop. The handler answers at once
// (Reply, ReplySlice), or starts a coroutine on the exchange (Start) that sends the head, then pieces of the
// body, then ends. The Exchange is alive until the coroutine has ended, even when the client has left; then
// its sends fail with kCancelled and context().cancel is cancelled.
//
// Strict: what RFC 9112 forbids is 400 and a close (bare LF, space before colon, obs-fold, two
// Content-Lengths, Content-Length with Transfer-Encoding, no or two Hosts, ...); headers over 16 KiB: 431;
// an absolute-form target that contradicts Host: 400. Deadlines: request head, idle, each send that makes
// no progress. A client that has shut down its sending side still gets its answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/request_context.h"
#include "base/result.h"
#include "base/task.h"
#include "io/file_slice.h"
#include "io/loop.h"

namespace hearth::http {

// Who is at the other end.
struct Peer {
  std::string address;  // "127.0.0.1", "::1"; empty on a Unix socket
  std::uint16_t port = 0;
  bool own_host = false;  // loopback, or one of this host's own addresses
  bool unix_socket = false;
  std::uint32_t uid = 0;  // of the peer, on a Unix socket (SO_PEERCRED)
};

// A parsed request. Views point into the connection's buffer: valid until the answer is complete.
struct Request {
  std::string_view method;
  std::string_view target;  // as it came
  std::string_view path;    // still percent-encoded, every escape well formed, begins with '/'
  std::string_view query;   // without '?', still encoded; empty if there is none
  std::string_view host;    // without port and brackets, of the Host line or an absolute-form target
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // names as they came
  std::uint64_t content_length = 0;
  bool chunked = false;  // Transfer-Encoding: chunked: there is a body of unknown length
  bool expect_continue = false;
  bool http_1_0 = false;
  bool keep_alive = true;  // what the client wants; the server may close all the same

  // First value, name compared without case; nullopt if it is not there.
  std::optional<std::string_view> Header(std::string_view name) const;
};

// Status line and headers of an answer, written once into one string.
// Date, Server, x-amz-request-id and Connection are added by the exchange; Content-Length by the reply.
struct ResponseHead {
  int status = 200;
  std::string headers;  // whole lines, each ended by CRLF: "ETag: \"a\"\r\n"

  void Add(std::string_view name, std::string_view value);  // value must hold no CR, LF or NUL: dropped if it does
};

class Exchange {
 public:
  virtual const Request& request() const = 0;
  virtual const Peer& peer() const = 0;
  virtual const RequestContext& context() const = 0;
  virtual Executor& executor() = 0;

  // The whole answer at once. `body` is left out, but counted, for HEAD.
  virtual void Reply(const ResponseHead& head, std::string_view body) = 0;
  // Head, and slices by sendfile: they are resident. Their lengths add up to Content-Length. Less than
  // io::kCopiedBelow is copied and need not be resident: false if some of it is not, and then nothing was answered.
  [[nodiscard]] virtual bool ReplySlices(const ResponseHead& head, std::span<const io::FileSlice> slices) = 0;
  // Head without body, Content-Length as given: HEAD and 304 (nullopt: no Content-Length line).
  virtual void ReplyHead(const ResponseHead& head, std::optional<std::uint64_t> content_length) = 0;

  // Runs `task` on the exchange's loop, keeping the exchange alive until it has ended. In it:
  //   SendHead once, then SendBytes and SendSlice for exactly content_length bytes, in any mixture.
  // Ending with less, or Abort, cuts the connection (never a clean end). Ending without SendHead or Reply
  // answers 500. The sends wait while the client is slower than its socket buffer.
  virtual void Start(Task<void> task) = 0;
  virtual Task<Status> SendHead(ResponseHead head, std::uint64_t content_length) = 0;
  virtual Task<Status> SendBytes(BufferSlice bytes) = 0;
  virtual Task<Status> SendSlice(io::FileSlice slice) = 0;
  virtual void Abort() = 0;
  virtual bool head_sent() const = 0;

  // Reads the request's body, at most `bytes_max`; kInvalidArgument beyond.
  virtual Task<Result<std::string>> ReadBody(std::size_t bytes_max) = 0;

  // What the access log and the counters say of this answer.
  struct Outcome {
    int status = 0;
    std::uint64_t body_bytes = 0;
    Duration first_byte{};
    Duration total{};
    bool aborted = false;
  };
  // Called once, on the loop, when the answer is complete or cut.
  virtual void OnDone(std::function<void(const Outcome&)> done) = 0;

 protected:
  ~Exchange() = default;
};

class Handler {
 public:
  virtual ~Handler() = default;
  virtual void Handle(Exchange& exchange) = 0;
};

struct ServerOptions {
  std::size_t header_bytes_max = 16 * 1024;
  Duration head_timeout = std::chrono::seconds(15);  // from the first byte of a request to its last header
  Duration idle_timeout = std::chrono::seconds(75);  // between requests
  Duration send_timeout = std::chrono::seconds(30);  // no byte taken by the client for so long: cut
  std::size_t connections_max = 16384;
  std::string congestion_control;  // TCP_CONGESTION of accepted sockets; empty: the kernel's
  bool close_when_draining = true;
};

class Server {
 public:
  virtual ~Server() = default;

  // `address` is "ADDR:PORT" ("[::1]:0"; port 0 picks one). Returns the bound address. Before Start.
  virtual Result<std::string> ListenTcp(std::string_view address) = 0;
  // Makes the socket file, mode 0600; a stale one is replaced, a live one is kUnavailable.
  virtual Status ListenUnix(const std::string& path) = 0;

  virtual void Start() = 0;
  // Answers what is under way with "Connection: close" and accepts no longer; idle connections close.
  virtual void Drain() = 0;
  virtual std::size_t connections() const = 0;
  virtual std::size_t active_requests() const = 0;
  // Cuts what is left. Blocks until the loops have let go, so before they stop, and not on one of them; the tasks
  // of exchanges that were cut must end by themselves.
  virtual void Stop() = 0;
};

// Borrows loops and handler, which outlive it.
std::unique_ptr<Server> MakeServer(std::vector<io::Loop*> loops, Handler& handler, ServerOptions options);

}  // namespace hearth::http
