#include "load/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>

namespace hearth::load {

const char* FailureName(Failure failure) {
  switch (failure) {
    case Failure::kNone: return "none";
    case Failure::kConnect: return "connect";
    case Failure::kHead: return "head";
    case Failure::kStatus: return "status";
    case Failure::kLength: return "length";
    case Failure::kRange: return "range";
    case Failure::kShort: return "short";
    case Failure::kBytes: return "bytes";
  }
  return "unknown";
}

Result<Connection> Connection::Open(const Endpoint& endpoint) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(endpoint.port);
  if (inet_pton(AF_INET, endpoint.address.c_str(), &to.sin_addr) != 1) {
    return hearth::Fail(Code::kInvalidArgument, "not an IPv4 address: " + endpoint.address);
  }
  io::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return hearth::Fail(ErrorFromErrno(errno, "socket"));
  const std::string& congestion = endpoint.congestion_control;
  if (!congestion.empty() && ::setsockopt(fd.get(), IPPROTO_TCP, TCP_CONGESTION, congestion.data(),
                                          static_cast<socklen_t>(congestion.size())) != 0) {
    return hearth::Fail(ErrorFromErrno(errno, "TCP_CONGESTION " + congestion));
  }
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    return hearth::Fail(ErrorFromErrno(errno, fmt::format("connect to {}:{}", endpoint.address, endpoint.port)));
  }
  if (::fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return hearth::Fail(ErrorFromErrno(errno, "O_NONBLOCK"));
  return Connection(std::move(fd));
}

bool Connection::Send(std::string_view head, Expected expected) {
  expected_ = std::move(expected);
  head_.clear();
  head_done_ = false;
  body_read_ = 0;
  awaiting_ = true;
  // The one request under way is far smaller than the socket's buffer: what is not taken whole is a broken connection.
  const ssize_t sent = ::send(fd_.get(), head.data(), head.size(), MSG_NOSIGNAL);
  if (std::cmp_equal(sent, head.size())) return true;
  Fail(Failure::kConnect, ErrorFromErrno(errno, "send").ToString());
  return false;
}

Connection::Progress Connection::Fail(Failure failure, std::string text) {
  failure_ = failure;
  failure_text_ = std::move(text);
  return Progress::kFailed;
}

Connection::Progress Connection::CheckHead() {
  const std::uint64_t length = expected_.range.length();
  if (answer_.status != expected_.status) return Fail(Failure::kStatus, fmt::format("status {}", answer_.status));
  if (answer_.content_length != length) {
    return Fail(Failure::kLength,
                fmt::format("Content-Length {} for {} bytes", answer_.content_length.value_or(0), length));
  }
  if (answer_.status == 206 && answer_.content_range != expected_.range) {
    return Fail(Failure::kRange, fmt::format("another range than {}-{}", expected_.range.begin, expected_.range.end));
  }
  return Progress::kMore;
}

Connection::Progress Connection::TakeBody(std::span<const std::byte> bytes) {
  if (body_read_ + bytes.size() > expected_.range.length()) return Fail(Failure::kLength, "bytes behind the answer");
  const std::uint64_t offset = expected_.range.begin + body_read_;
  if (expected_.content) {
    if (const auto wrong = expected_.content->FirstWrong(offset, bytes)) {
      return Fail(Failure::kBytes, fmt::format("byte {} of the object is wrong", offset + *wrong));
    }
  }
  body_read_ += bytes.size();
  if (body_read_ < expected_.range.length()) return Progress::kMore;
  awaiting_ = false;
  return Progress::kDone;
}

Connection::Progress Connection::Take(std::span<const std::byte> bytes) {
  if (!awaiting_) return Fail(Failure::kLength, "bytes that nobody asked for");
  if (head_done_) return TakeBody(bytes);
  // Nearly always the head arrives in one piece; then it is parsed where it lies.
  const bool whole = head_.empty();
  if (!whole) head_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string_view text =
      whole ? std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) : head_;
  auto parsed = ParseResponseHead(text);
  if (!parsed) return Fail(Failure::kHead, parsed.error().ToString());
  if (!*parsed) {
    if (whole) head_ = text;
    return Progress::kMore;
  }
  const std::size_t body_here = text.size() - (*parsed)->size;
  answer_ = std::move(**parsed);
  head_done_ = true;
  if (CheckHead() == Progress::kFailed) return Progress::kFailed;
  return body_here == 0 ? Progress::kMore : TakeBody(bytes.last(body_here));
}

Connection::Progress Connection::Read(std::span<std::byte> scratch) {
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), scratch.data(), scratch.size(), 0);
    if (got == 0) return Fail(Failure::kShort, fmt::format("closed after {} bytes of the body", body_read_));
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return Progress::kMore;
      return Fail(Failure::kShort, ErrorFromErrno(errno, "recv").ToString());
    }
    const Progress progress = Take(scratch.first(static_cast<std::size_t>(got)));
    // A short read has emptied the socket, and the next arrival is a new edge for epoll.
    if (progress != Progress::kMore || std::cmp_less(got, scratch.size())) return progress;
  }
}

}  // namespace hearth::load
