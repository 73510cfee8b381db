// BlockingCall: one HTTP request that waits for its answer, for the command line.
//
// For programs without loops only: it blocks the calling thread (the daemon uses Client). Over TCP or a Unix
// socket, never through a proxy, never following a redirect. Any thread may call; calls share nothing.
//
// Errors: kUnavailable (nobody listens, reset, an answer shorter than it said), kDeadlineExceeded (connect, or
// nothing arrives), kCancelled (`cancelled` was set), and what on_body returned. An HTTP status is no error.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/executor.h"
#include "base/result.h"
#include "http/client.h"

namespace hearth::http {

struct CallAnswer {
  int status = 0;
  HeaderList headers;
  std::optional<std::uint64_t> content_length;  // as the headers say
  std::string body;                             // what was not handed to on_body
};

struct CallRequest {
  std::string method = "GET";
  std::string url = {};          // http://HOST[:PORT]/path, path and query already encoded
  std::string unix_socket = {};  // not empty: connect here; the URL's host is only what Host says
  HeaderList headers = {};
  std::string body = {};  // sent if not empty
  // Called with pieces of the body of a 2xx answer as they come; without it, and for other answers, the body
  // is gathered (at most 16 MiB; kUnavailable beyond).
  std::function<Status(const CallAnswer& head, std::span<const std::byte> piece)> on_body = {};
  const std::atomic<bool>* cancelled = nullptr;  // looked at several times a second; may be null
  Duration connect_timeout = std::chrono::seconds(5);
  Duration stall_timeout = std::chrono::seconds(60);  // below 1 byte/s for so long: kDeadlineExceeded
};

Result<CallAnswer> BlockingCall(const CallRequest& request);

}  // namespace hearth::http
