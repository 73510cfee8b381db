// How the head of an answer is written, and the answers that the server gives by itself.
// Pure; the owner's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/output_buffer.h"
#include "http/server.h"

namespace hearth::http {

// "Not Found" for 404; "Unknown" for a status that has no name.
std::string_view ReasonPhrase(int status);

// What the exchange adds to a ResponseHead.
struct HeadFrame {
  std::string_view stamp = {};  // "Date" and "Server" lines
  std::string_view request_id = {};
  std::optional<std::uint64_t> content_length = {};
  bool keep_alive = true;
  bool http_1_0 = false;  // of the request: keep-alive must be said
};

void AppendHead(OutputBuffer& to, const ResponseHead& head, const HeadFrame& frame);

// S3's XML for an error that no handler has seen, with its head (which lacks the frame's lines).
struct ErrorBody {
  ResponseHead head;
  std::string body;
};
// `code` and `message` are literals of ours and need no escaping.
ErrorBody MakeErrorBody(int status, std::string_view code, std::string_view message, std::string_view request_id);

}  // namespace hearth::http
