// What can go wrong, said in the few words that decide what the caller does next.
//
// An Error is a value: cheap to move, never thrown, safe on any thread. Ordinary outcomes
// (a miss, "not modified") are cases of an enum of the call that has them, not errors.
// Add context as an error rises (`Error::With`); log it once, where it is handled.
// Never put a secret into a message (invariant 12).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hearth {

enum class Code : std::uint8_t {
  kNotFound,            // the thing does not exist; asking again will not help
  kInvalidArgument,     // the caller asked for something that makes no sense
  kPreconditionFailed,  // the version that was named is not the current one
  kPermissionDenied,    // known, but not allowed
  kUnauthenticated,     // not known
  kThrottled,           // wait, then retry
  kUnavailable,         // try elsewhere, or later
  kDeadlineExceeded,    // the caller's time is over
  kCancelled,           // the caller has gone away
  kNoSpace,             // the disk or the budget is full
  kCorruption,          // the bytes were wrong and have been dropped already
  kInternal,            // a bug or a broken machine
};

// Lower-case name of a code ("not_found"), for logs and metrics.
std::string_view CodeName(Code code);

// What a remote HTTP server said, kept so that the front can say the same.
struct RemoteError {
  int status = 0;       // HTTP status
  std::string code;     // S3 error code ("NoSuchKey"), empty if the server gave none
  std::string message;  // the server's own words
};

class [[nodiscard]] Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}
  Error(Code code, std::string message, RemoteError remote)
      : code_(code), message_(std::move(message)), remote_(std::make_shared<const RemoteError>(std::move(remote))) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  // Null unless a remote server answered with this error.
  const RemoteError* remote() const { return remote_.get(); }

  // The same error with `context` in front: "context: message".
  Error With(std::string_view context) &&;

  // "code: message", for logs.
  std::string ToString() const;

 private:
  Code code_;
  std::string message_;
  std::shared_ptr<const RemoteError> remote_;
};

// The error that errno means: ENOENT kNotFound, ENOSPC and EDQUOT kNoSpace, EACCES and EPERM
// kPermissionDenied, EINVAL and ENAMETOOLONG kInvalidArgument, the rest kUnavailable.
// `what` names the call and the place ("open /var/lib/hearth/lock").
Error ErrorFromErrno(int error_number, std::string_view what);

}  // namespace hearth
