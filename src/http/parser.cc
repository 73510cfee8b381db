#include "http/parser.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "http/authority.h"

namespace hearth::http {
namespace {

constexpr std::size_t kHeaderLinesMax = 128;

using ByteSet = std::array<bool, 256>;

// token = 1*tchar (RFC 9110 5.6.2)
constexpr ByteSet kTokenBytes = [] {
  ByteSet set{};
  for (int c = '0'; c <= '9'; ++c) set[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) set[static_cast<std::size_t>(c)] = set[static_cast<std::size_t>(c - 32)] = true;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'}) {
    set[static_cast<unsigned char>(c)] = true;
  }
  return set;
}();

// VCHAR, obs-text, SP and HTAB (RFC 9110 5.5)
constexpr ByteSet kValueBytes = [] {
  ByteSet set{};
  for (std::size_t c = 0x20; c < 0x100; ++c) set[c] = c != 0x7f;
  set['\t'] = true;
  return set;
}();

// Visible ASCII but '#': more than RFC 3986 allows, since clients in the field leave [ ] | and their like
// as they are, and no two readers disagree on where such a target ends.
constexpr ByteSet kTargetBytes = [] {
  ByteSet set{};
  for (std::size_t c = 0x21; c < 0x7f; ++c) set[c] = c != '#';
  return set;
}();

bool AllIn(std::string_view text, const ByteSet& set) {
  for (const char c : text) {
    if (!set[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

bool IsToken(std::string_view text) { return !text.empty() && AllIn(text, kTokenBytes); }

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool IsTarget(std::string_view text) {
  if (text.empty() || !AllIn(text, kTargetBytes)) return false;
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (text.size() - at < 3 || !IsHexDigit(text[at + 1]) || !IsHexDigit(text[at + 2])) return false;
  }
  return true;
}

std::string_view TrimWhitespace(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> ParseLength(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

// Calls `take` with each element of a comma-separated list.
template <typename Take>
void ForEachElement(std::string_view list, Take take) {
  while (true) {
    const std::size_t comma = list.find(',');
    take(TrimWhitespace(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> Request::Header(std::string_view name) const {
  for (const auto& [header, value] : headers) {
    if (EqualsIgnoringCase(header, name)) return value;
  }
  return std::nullopt;
}

void RequestParser::Reset() {
  skipped_ = line_begin_ = looked_at_ = head_bytes_ = 0;
  error_ = {};
}

bool RequestParser::Refuse(ErrorAnswer answer) {
  error_ = answer;
  return false;
}

RequestParser::State RequestParser::Parse(std::string_view bytes, Request& request) {
  // Another protocol (TLS begins with 0x16) is told at its first byte, since its line may never end.
  const std::string_view start = bytes.substr(bytes.starts_with("\r\n") ? 2 : 0);
  if (!start.empty() && start[0] != '\r' && start[0] != '\n' && !kTokenBytes[static_cast<unsigned char>(start[0])]) {
    Refuse("a request begins with a method");
    return State::kBad;
  }
  const State found = FindEnd(bytes);
  if (found != State::kComplete) return found;
  return ParseHead(bytes.substr(skipped_, head_bytes_ - skipped_), request) ? State::kComplete : State::kBad;
}

// Looks for the empty line. Each LF must follow a CR, so a client that ends its lines otherwise is told at
// once instead of at its deadline.
RequestParser::State RequestParser::FindEnd(std::string_view bytes) {
  while (looked_at_ < bytes.size()) {
    const void* found = std::memchr(bytes.data() + looked_at_, '\n', bytes.size() - looked_at_);
    if (found == nullptr) {
      looked_at_ = bytes.size();
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    looked_at_ = at + 1;
    if (at == line_begin_ || bytes[at - 1] != '\r') {
      Refuse("a line does not end with CRLF");
      return State::kBad;
    }
    const bool is_empty = at == line_begin_ + 1;
    line_begin_ = at + 1;
    if (!is_empty) continue;
    if (at == 1) {
      skipped_ = 2;  // one empty line before a request is to be ignored (RFC 9112 2.2)
      continue;
    }
    if (at + 1 == skipped_ + 2) {
      Refuse("empty lines instead of a request");
      return State::kBad;
    }
    head_bytes_ = at + 1;
    if (head_bytes_ <= header_bytes_max_) return State::kComplete;
    break;
  }
  if (bytes.size() <= header_bytes_max_) return State::kNeedMore;
  Refuse({431, "RequestHeaderSectionTooLarge", "Your request header section exceeds the maximum allowed size"});
  return State::kBad;
}

bool RequestParser::ParseHead(std::string_view head, Request& request) {
  request.headers.clear();
  request.content_length = 0;
  request.chunked = false;
  request.expect_continue = false;
  Seen seen;
  std::size_t at = head.find('\n');
  if (!ParseRequestLine(head.substr(0, at - 1), request, seen)) return false;
  for (std::size_t begin = at + 1;; begin = at + 1) {
    at = head.find('\n', begin);
    const std::string_view line = head.substr(begin, at - 1 - begin);
    if (line.empty()) break;
    if (!ParseHeaderLine(line, request, seen)) return false;
  }
  return Conclude(request, seen);
}

bool RequestParser::ParseRequestLine(std::string_view line, Request& request, Seen& seen) {
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return Refuse("the request line is not METHOD TARGET VERSION");
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, second - first - 1);
  const std::string_view version = line.substr(second + 1);
  if (!IsToken(request.method)) return Refuse("the method is not a token");
  if (!IsTarget(request.target)) return Refuse("the request target is not a URI");
  const bool is_http = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' && version[5] >= '0' &&
                       version[5] <= '9' && version[7] >= '0' && version[7] <= '9';
  if (!is_http) return Refuse("the request line does not end with an HTTP version");
  if (version[5] != '1')
    return Refuse({505, "HttpVersionNotSupported", "The HTTP version specified is not supported."});
  seen.http_1_0 = version[7] == '0';
  return true;
}

bool RequestParser::ParseHeaderLine(std::string_view line, Request& request, Seen& seen) {
  const std::size_t colon = line.find(':');
  // An obs-fold begins with whitespace, which no token does.
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) {
    return Refuse("a header line does not begin with a name and a colon");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = TrimWhitespace(line.substr(colon + 1));
  if (!AllIn(value, kValueBytes)) return Refuse("a header value holds a control byte");
  if (request.headers.size() == kHeaderLinesMax) {
    return Refuse({431, "RequestHeaderSectionTooLarge", "Your request has too many header lines"});
  }
  request.headers.emplace_back(name, value);
  return Interpret(name, value, request, seen);
}

bool RequestParser::Interpret(std::string_view name, std::string_view value, Request& request, Seen& seen) {
  // The lengths are tried first: nearly every header is none of these.
  switch (name.size()) {
    case 4:
      if (!EqualsIgnoringCase(name, "host")) return true;
      seen.host = value;
      ++seen.hosts;
      return true;
    case 6:
      if (!EqualsIgnoringCase(name, "expect")) return true;
      request.expect_continue = EqualsIgnoringCase(value, "100-continue");
      return request.expect_continue || Refuse({417, "ExpectationFailed", "The only expectation is 100-continue"});
    case 10:
      if (!EqualsIgnoringCase(name, "connection")) return true;
      ForEachElement(value, [&](std::string_view option) {
        seen.close |= EqualsIgnoringCase(option, "close");
        seen.keep_alive |= EqualsIgnoringCase(option, "keep-alive");
      });
      return true;
    case 14: {
      if (!EqualsIgnoringCase(name, "content-length")) return true;
      const auto length = ParseLength(value);
      if (seen.content_length || !length) return Refuse("Content-Length is not one number");
      seen.content_length = true;
      request.content_length = *length;
      return true;
    }
    case 17: return !EqualsIgnoringCase(name, "transfer-encoding") || ParseTransferEncoding(value, request, seen);
    default: return true;
  }
}

bool RequestParser::ParseTransferEncoding(std::string_view value, Request& request, Seen& seen) {
  if (seen.transfer_encoding) return Refuse("two Transfer-Encoding lines");
  seen.transfer_encoding = true;
  request.chunked = EqualsIgnoringCase(value, "chunked");
  if (request.chunked) return true;
  const std::size_t comma = value.rfind(',');
  const bool ends_chunked =
      comma != std::string_view::npos && EqualsIgnoringCase(TrimWhitespace(value.substr(comma + 1)), "chunked");
  if (!ends_chunked) return Refuse("the last transfer coding is not chunked");
  return Refuse({501, "NotImplemented", "No transfer coding but chunked is implemented"});
}

bool RequestParser::Conclude(Request& request, const Seen& seen) {
  if (seen.transfer_encoding && (seen.content_length || seen.http_1_0)) {
    return Refuse("Transfer-Encoding with Content-Length, or in HTTP/1.0");
  }
  if (seen.hosts > 1 || (seen.hosts == 0 && !seen.http_1_0)) return Refuse("there must be one Host line");
  const bool has_body = request.chunked || request.content_length > 0;
  if (has_body && (request.method == "GET" || request.method == "HEAD")) {
    return Refuse("a GET or HEAD request has no body");
  }
  request.http_1_0 = seen.http_1_0;
  request.keep_alive = !seen.close && (!seen.http_1_0 || seen.keep_alive);
  return ConcludeTarget(request, seen);
}

bool RequestParser::ConcludeTarget(Request& request, const Seen& seen) {
  Authority host;
  if (seen.hosts == 1 && !ParseAuthority(seen.host, host)) return Refuse("the Host line names no host");

  std::string_view path = request.target;
  if (path == "*" && request.method == "OPTIONS") path = "/";
  if (!path.starts_with('/')) {
    const std::size_t scheme_end = path.find("://");
    const std::string_view scheme = path.substr(0, scheme_end);
    const bool is_https = EqualsIgnoringCase(scheme, "https");
    if (scheme_end == std::string_view::npos || (!is_https && !EqualsIgnoringCase(scheme, "http"))) {
      return Refuse("the request target is neither a path nor an http URI");
    }
    path.remove_prefix(scheme_end + 3);
    const std::size_t authority_end = std::min(path.find_first_of("/?"), path.size());
    Authority target;
    if (!ParseAuthority(path.substr(0, authority_end), target)) return Refuse("the request target names no host");
    const std::uint16_t default_port = is_https ? 443 : 80;
    const bool agrees = EqualsIgnoringCase(target.host, host.host) &&
                        target.port.value_or(default_port) == host.port.value_or(default_port);
    if (seen.hosts == 1 && !agrees) return Refuse("the request target and the Host line contradict each other");
    host = target;
    path.remove_prefix(authority_end);
  }
  request.host = host.host;
  const std::size_t question = path.find('?');
  request.path = path.empty() || question == 0 ? std::string_view("/") : path.substr(0, question);
  request.query = question == std::string_view::npos ? std::string_view() : path.substr(question + 1);
  return true;
}

}  // namespace hearth::http
