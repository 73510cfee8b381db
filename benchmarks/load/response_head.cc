#include "load/response_head.h"

#include <algorithm>
#include <charconv>

namespace hearth::load {
namespace {

constexpr std::size_t kHeadMax = 16384;
constexpr std::string_view kVersion = "HTTP/1.1 ";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool IsName(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) { return Lower(a) == b; });
}

// The number at the front of `text`, which is cut off there.
std::optional<std::uint64_t> TakeNumber(std::string_view& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// "bytes 0-99/1000"
std::optional<ByteRange> ParseContentRange(std::string_view text) {
  if (!text.starts_with("bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const auto first = TakeNumber(text);
  if (!first || !text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  const auto last = TakeNumber(text);
  if (!last || *last < *first) return std::nullopt;
  return ByteRange{*first, *last + 1};
}

Status ReadField(std::string_view line, ResponseHead& head) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return Fail(Code::kInvalidArgument, "a header line without a colon");
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  if (IsName(name, "content-length")) {
    head.content_length = TakeNumber(value);
    if (!head.content_length) return Fail(Code::kInvalidArgument, "a Content-Length that is no number");
  } else if (IsName(name, "content-range")) {
    head.content_range = ParseContentRange(value);
    if (!head.content_range) return Fail(Code::kInvalidArgument, "a Content-Range that is none");
  } else if (IsName(name, "x-cache")) {
    head.x_cache = value;
  } else if (IsName(name, "transfer-encoding")) {
    return Fail(Code::kInvalidArgument, "a body without a stated length");
  }
  return {};
}

}  // namespace

Result<std::optional<ResponseHead>> ParseResponseHead(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() > kHeadMax) return Fail(Code::kInvalidArgument, "a head over 16 KiB");
    return std::nullopt;
  }
  ResponseHead head;
  head.size = end + 4;
  std::string_view rest = bytes.substr(0, end + 2);
  if (!rest.starts_with(kVersion)) return Fail(Code::kInvalidArgument, "no HTTP/1.1 status line");
  std::string_view status = rest.substr(kVersion.size());
  head.status = static_cast<int>(TakeNumber(status).value_or(0));
  rest.remove_prefix(rest.find("\r\n") + 2);
  while (!rest.empty()) {
    const auto line_end = rest.find("\r\n");
    HEARTH_TRY(ReadField(rest.substr(0, line_end), head));
    rest.remove_prefix(line_end + 2);
  }
  return head;
}

}  // namespace hearth::load
