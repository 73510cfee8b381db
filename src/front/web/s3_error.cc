#include "front/web/s3_error.h"

namespace hearth::front {
namespace {

std::string_view DefaultCode(int status) {
  switch (status) {
    case 304: return "NotModified";
    case 400: return "InvalidRequest";
    case 401:
    case 403: return "AccessDenied";
    case 404: return "NoSuchKey";
    case 405: return "MethodNotAllowed";
    case 409: return "OperationAborted";
    case 412: return "PreconditionFailed";
    case 416: return "InvalidRange";
    case 429: return "SlowDown";
    case 501: return "NotImplemented";
    case 503: return "ServiceUnavailable";
    default: return status >= 500 ? "InternalError" : "InvalidRequest";
  }
}

S3Error ByCode(Code code) {
  switch (code) {
    case Code::kNotFound: return {404, "NoSuchKey", ""};
    case Code::kInvalidArgument: return {400, "InvalidArgument", ""};
    case Code::kPreconditionFailed: return {412, "PreconditionFailed", ""};
    case Code::kPermissionDenied:
    case Code::kUnauthenticated: return {403, "AccessDenied", ""};
    case Code::kThrottled: return {503, "SlowDown", ""};
    case Code::kInternal: return {500, "InternalError", ""};
    case Code::kUnavailable:
    case Code::kDeadlineExceeded:
    case Code::kCancelled:
    case Code::kNoSpace:
    case Code::kCorruption: return {503, "ServiceUnavailable", ""};
  }
  return {};
}

}  // namespace

S3Error ToS3Error(const Error& error) {
  const RemoteError* remote = error.remote();
  if (remote == nullptr || remote->status < 400 || remote->status > 599) {
    S3Error mapped = ByCode(error.code());
    mapped.message = error.message();
    return mapped;
  }
  S3Error kept{remote->status, remote->code, remote->message.empty() ? error.message() : remote->message};
  if (kept.code.empty()) kept.code = DefaultCode(kept.status);
  return kept;
}

std::string EscapeXml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default:
        // XML 1.0 has no way to write control characters, and bytes above 0x7f may not be UTF-8.
        escaped += static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
    }
  }
  return escaped;
}

void ReplyError(http::Exchange& exchange, const S3Error& error, std::string_view header_lines) {
  http::ResponseHead head{.status = error.status, .headers = std::string(header_lines)};
  head.Add("Content-Type", "application/xml");
  if (error.status == 503 || error.status == 429) head.Add("Retry-After", "1");
  std::string body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>";
  body.append(EscapeXml(error.code)).append("</Code><Message>").append(EscapeXml(error.message));
  body.append("</Message><Resource>").append(EscapeXml(exchange.request().path));
  body.append("</Resource><RequestId>").append(EscapeXml(exchange.context().request_id)).append("</RequestId></Error>");
  exchange.Reply(head, body);
}

void ReplyError(http::Exchange& exchange, const S3Error& error) { ReplyError(exchange, error, {}); }

}  // namespace hearth::front
