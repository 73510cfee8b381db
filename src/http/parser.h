// RequestParser: the head of an HTTP/1.1 request, strictly (RFC 9112), without copying.
//
// Incremental: Parse() is called with all bytes since the request's first one, again and again as more
// arrive; it remembers how far it has looked and does the work once, when the head is complete. The views
// in the Request point into those bytes. One parser per connection, reused; its owner's thread only.
//
// 400: bare LF or CR, whitespace before a colon, obs-fold, a name that is no token, control bytes, no or two
// Hosts (HTTP/1.1), a Host that is none, two Content-Lengths or one that is no number, Content-Length with
// Transfer-Encoding, Transfer-Encoding in HTTP/1.0, a target that is none or contradicts Host, a body with
// GET or HEAD. 417: an expectation other than 100-continue. 431: more than `header_bytes_max` or 128 lines.
// 501: a transfer coding before chunked. 505: another major version.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/server.h"

namespace hearth::http {

class RequestParser {
 public:
  enum class State : std::uint8_t {
    kNeedMore,  // the head is not complete; nothing wrong so far
    kComplete,  // `request` is filled; head_bytes() says how long the head was
    kBad,       // error() says what to answer; the connection must close
  };
  struct ErrorAnswer {
    int status = 400;
    std::string_view code;     // S3's
    std::string_view message;  // a literal
  };

  explicit RequestParser(std::size_t header_bytes_max) : header_bytes_max_(header_bytes_max) {}

  // Before the first Parse of each request.
  void Reset();
  State Parse(std::string_view bytes, Request& request);

  std::size_t head_bytes() const { return head_bytes_; }
  const ErrorAnswer& error() const { return error_; }

 private:
  // What the header lines said, beyond what the Request keeps.
  struct Seen {
    bool http_1_0 = false;
    bool content_length = false;
    bool transfer_encoding = false;
    bool close = false;
    bool keep_alive = false;
    int hosts = 0;
    std::string_view host;  // value of the Host line
  };

  State FindEnd(std::string_view bytes);
  bool ParseHead(std::string_view head, Request& request);
  bool ParseRequestLine(std::string_view line, Request& request, Seen& seen);
  bool ParseHeaderLine(std::string_view line, Request& request, Seen& seen);
  bool Interpret(std::string_view name, std::string_view value, Request& request, Seen& seen);
  bool ParseTransferEncoding(std::string_view value, Request& request, Seen& seen);
  bool Conclude(Request& request, const Seen& seen);
  bool ConcludeTarget(Request& request, const Seen& seen);
  bool Refuse(std::string_view message) { return Refuse({400, "InvalidRequest", message}); }
  bool Refuse(ErrorAnswer answer);

  const std::size_t header_bytes_max_;
  std::size_t skipped_ = 0;     // an empty line before the request line
  std::size_t line_begin_ = 0;  // of the line that is being looked for
  std::size_t looked_at_ = 0;
  std::size_t head_bytes_ = 0;
  ErrorAnswer error_;
};

// Letters of ASCII without case.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace hearth::http
