// Client: HTTP/1.1 requests to origins and peers, over libcurl's multi interface on fetch loops.
//
// The implementation owns no thread: it is bound to the io::Loop's it is given, one curl multi handle each;
// a call from a job of one of them stays there, a call from elsewhere hops to one and back.
// Never follows redirects, never decodes content, sends the encoded path as it is (PATH_AS_IS), keeps
// connections alive. Any thread may call, from a job of an executor; the client outlives its bodies.
//
// Errors: kUnavailable (refused, reset, DNS, TLS, protocol garbage, headers over 64 KiB, body shorter than
// its Content-Length), kDeadlineExceeded (connect, first byte, stall), kCancelled. An HTTP status is not an
// error here.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/request_context.h"
#include "base/result.h"
#include "base/task.h"

namespace hearth::io {
class Loop;
}

namespace hearth::http {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

// First value of `name`, compared without case; null if it is not there.
const std::string* FindHeader(const HeaderList& headers, std::string_view name);

struct ClientOptions {
  Duration connect_timeout = std::chrono::seconds(5);
  Duration first_byte_timeout = std::chrono::seconds(20);  // from the request to the answer's headers
  Duration stall_timeout = std::chrono::seconds(20);       // below 1 byte/s for so long: kDeadlineExceeded
  std::size_t connections_max = 256;                       // kept per loop
  std::string ca_file = {};                                // PEM; empty: the system's
  std::string congestion_control = {};                     // TCP_CONGESTION of its sockets; empty: the kernel's default
};

struct ClientRequest {
  std::string method = "GET";
  std::string url = {};     // absolute; path and query already encoded
  HeaderList headers = {};  // Host as in url unless given
  std::string body = {};    // sent if not empty
};

// The answer's body, streamed with back pressure. Dropping it cancels the transfer.
class ClientBody {
 public:
  virtual ~ClientBody() = default;
  virtual Task<Result<std::size_t>> Read(std::span<std::byte> to) = 0;  // 0 at the end
  // A Read that waits at `deadline` fails with kDeadlineExceeded. max (as at first): only a stall ends it.
  virtual void EndBy(TimePoint deadline) = 0;
};

struct ClientAnswer {
  int status = 0;
  HeaderList headers;
  std::optional<std::uint64_t> content_length;
  std::unique_ptr<ClientBody> body;
};

class Client {
 public:
  virtual ~Client() = default;
  virtual Task<Result<ClientAnswer>> Send(ClientRequest request, RequestContext context) = 0;
};

std::unique_ptr<Client> MakeCurlClient(const std::vector<io::Loop*>& loops, const ClientOptions& options);

// Reads the whole body, at most `bytes_max` (kUnavailable beyond), until `deadline`.
Task<Result<std::string>> ReadAll(std::unique_ptr<ClientBody> body, std::size_t bytes_max,
                                  TimePoint deadline = TimePoint::max());

}  // namespace hearth::http
