#include "base/error.h"

#include <cerrno>
#include <system_error>

namespace hearth {

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kNotFound: return "not_found";
    case Code::kInvalidArgument: return "invalid_argument";
    case Code::kPreconditionFailed: return "precondition_failed";
    case Code::kPermissionDenied: return "permission_denied";
    case Code::kUnauthenticated: return "unauthenticated";
    case Code::kThrottled: return "throttled";
    case Code::kUnavailable: return "unavailable";
    case Code::kDeadlineExceeded: return "deadline_exceeded";
    case Code::kCancelled: return "cancelled";
    case Code::kNoSpace: return "no_space";
    case Code::kCorruption: return "corruption";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

Error Error::With(std::string_view context) && {
  message_ = std::string(context) + ": " + message_;
  return std::move(*this);
}

std::string Error::ToString() const { return std::string(CodeName(code_)) + ": " + message_; }

Error ErrorFromErrno(int error_number, std::string_view what) {
  Code code = Code::kUnavailable;
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: code = Code::kNotFound; break;
    case ENOSPC:
    case EDQUOT: code = Code::kNoSpace; break;
    case EACCES:
    case EPERM: code = Code::kPermissionDenied; break;
    case EINVAL:
    case ENAMETOOLONG:
    case ELOOP: code = Code::kInvalidArgument; break;
    default: break;
  }
  return {code, std::string(what) + ": " + std::generic_category().message(error_number)};
}

}  // namespace hearth
