// Connection: one keep-alive connection of a load client, and the exchange that is under way on it.
//
// One thread. Send, then Read whenever the socket has something, until it says kDone or kFailed; after kFailed the
// connection is of no more use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/range.h"
#include "base/result.h"
#include "io/unique_fd.h"
#include "load/response_head.h"

#include "support/object_bytes.h"

namespace hearth::load {

struct Endpoint {
  std::string address = "127.0.0.1";  // IPv4
  std::uint16_t port = 0;
  std::string congestion_control = "cubic";  // empty: the kernel's
};

// What a right answer is.
struct Expected {
  int status = 206;
  ByteRange range;                          // of the object
  std::optional<sim::ObjectBytes> content;  // the object's bytes, if they are to be compared
};

enum class Failure : std::uint8_t { kNone, kConnect, kHead, kStatus, kLength, kRange, kShort, kBytes };
const char* FailureName(Failure failure);

class Connection {
 public:
  enum class Progress : std::uint8_t { kMore, kDone, kFailed };

  // Connects, waiting for it; from then on the socket never waits.
  static Result<Connection> Open(const Endpoint& endpoint);

  int fd() const { return fd_.get(); }
  // `head` is the whole request. False: the connection is broken.
  bool Send(std::string_view head, Expected expected);
  // Takes what has arrived, `scratch` bytes at a time.
  Progress Read(std::span<std::byte> scratch);

  // Of the exchange that is under way or has just ended.
  bool body_begun() const { return body_read_ > 0; }
  std::uint64_t body_read() const { return body_read_; }
  Failure failure() const { return failure_; }
  const std::string& failure_text() const { return failure_text_; }
  const std::string& x_cache() const { return answer_.x_cache; }

 private:
  explicit Connection(io::UniqueFd fd) : fd_(std::move(fd)) {}

  Progress Take(std::span<const std::byte> bytes);
  Progress TakeBody(std::span<const std::byte> bytes);
  Progress CheckHead();
  Progress Fail(Failure failure, std::string text);

  io::UniqueFd fd_;
  Expected expected_;
  std::string head_;       // of the answer, as far as it has arrived
  bool awaiting_ = false;  // a request is under way
  bool head_done_ = false;
  ResponseHead answer_;
  std::uint64_t body_read_ = 0;
  Failure failure_ = Failure::kNone;
  std::string failure_text_;
};

}  // namespace hearth::load
