#include "http/response.h"

namespace hearth::http {

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

void ResponseHead::Add(std::string_view name, std::string_view value) {
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return;
  headers.append(name).append(": ").append(value).append("\r\n");
}

void AppendHead(OutputBuffer& to, const ResponseHead& head, const HeadFrame& frame) {
  // The two that nearly every answer has, in one piece.
  if (head.status == 200) {
    to.Append("HTTP/1.1 200 OK\r\n");
  } else if (head.status == 206) {
    to.Append("HTTP/1.1 206 Partial Content\r\n");
  } else {
    to.Append("HTTP/1.1 ");
    to.AppendNumber(static_cast<std::uint64_t>(head.status));
    to.Append(" ");
    to.Append(ReasonPhrase(head.status));
    to.Append("\r\n");
  }
  to.Append(frame.stamp);
  to.Append("x-amz-request-id: ");
  to.Append(frame.request_id);
  to.Append("\r\n");
  to.Append(head.headers);
  if (frame.content_length) {
    to.Append("Content-Length: ");
    to.AppendNumber(*frame.content_length);
    to.Append("\r\n");
  }
  if (!frame.keep_alive) {
    to.Append("Connection: close\r\n\r\n");
  } else if (frame.http_1_0) {
    to.Append("Connection: keep-alive\r\n\r\n");
  } else {
    to.Append("\r\n");
  }
}

ErrorBody MakeErrorBody(int status, std::string_view code, std::string_view message, std::string_view request_id) {
  ErrorBody error;
  error.head.status = status;
  error.head.Add("Content-Type", "application/xml");
  error.body.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>")
      .append(code)
      .append("</Code><Message>")
      .append(message)
      .append("</Message><RequestId>")
      .append(request_id)
      .append("</RequestId></Error>");
  return error;
}

}  // namespace hearth::http
