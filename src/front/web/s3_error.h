// Errors as S3 says them: a status, a code word, and an XML document. The one function that maps Error to HTTP.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "http/server.h"

namespace hearth::front {

struct S3Error {
  int status = 500;
  std::string code = "InternalError";
  std::string message;
};

// An origin's own status and code are kept. Else by the error's code:
//   kNotFound 404 NoSuchKey, kInvalidArgument 400 InvalidArgument, kPreconditionFailed 412 PreconditionFailed,
//   kPermissionDenied and kUnauthenticated 403 AccessDenied, kThrottled 503 SlowDown,
//   kInternal 500 InternalError, the rest 503 ServiceUnavailable.
S3Error ToS3Error(const Error& error);

// Sends the error, with Retry-After where waiting helps; the body is left out for HEAD.
void ReplyError(http::Exchange& exchange, const S3Error& error);
// The same with more headers (Content-Range of a 416).
void ReplyError(http::Exchange& exchange, const S3Error& error, std::string_view header_lines);

// The characters that XML reserves, and those that it cannot hold, escaped.
std::string EscapeXml(std::string_view text);

}  // namespace hearth::front
