// The request parser and the chunk decoder on arbitrary bytes: no crash, views inside the input, and the same
// answer however the input is cut.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/chunked.h"
#include "http/parser.h"
#include "http/percent.h"

namespace hearth::http {
namespace {

constexpr std::size_t kHeaderBytesMax = 4096;

bool IsInside(std::string_view part, std::string_view whole) {
  return part.empty() || part == "/" ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void CheckRequest(const Request& request, std::string_view input) {
  HEARTH_CHECK(request.path.starts_with('/'));
  for (const std::string_view part : {request.method, request.target, request.path, request.query, request.host}) {
    HEARTH_CHECK(IsInside(part, input));
  }
  for (const auto& [name, value] : request.headers) {
    HEARTH_CHECK(!name.empty() && IsInside(name, input) && IsInside(value, input));
    HEARTH_CHECK(value.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
  }
  HEARTH_CHECK(!(request.chunked && request.content_length > 0));
  HEARTH_CHECK(PercentDecode(request.path).has_value() && PercentDecode(request.query).has_value());
}

void FuzzParser(std::string_view input, std::size_t step) {
  RequestParser whole(kHeaderBytesMax);
  RequestParser pieces(kHeaderBytesMax);
  Request request;
  Request again;
  whole.Reset();
  const auto state = whole.Parse(input, request);
  pieces.Reset();
  auto last = RequestParser::State::kNeedMore;
  for (std::size_t size = step; last == RequestParser::State::kNeedMore; size += step) {
    const bool is_all = size >= input.size();
    last = pieces.Parse(input.substr(0, size), again);
    if (is_all) break;
  }
  // A head that is too long may be refused before the mistake behind the limit is seen, or after.
  const bool both_bad = state == RequestParser::State::kBad && last == RequestParser::State::kBad;
  HEARTH_CHECK(state == last);
  HEARTH_CHECK(both_bad || whole.head_bytes() == pieces.head_bytes() || state == RequestParser::State::kNeedMore);
  if (state != RequestParser::State::kComplete) return;
  HEARTH_CHECK(whole.head_bytes() <= input.size() && whole.head_bytes() <= kHeaderBytesMax);
  HEARTH_CHECK(request.target == again.target && request.headers == again.headers);
  CheckRequest(request, input);
}

void FuzzChunks(std::string_view input, std::size_t step) {
  ChunkedDecoder whole(kHeaderBytesMax);
  ChunkedDecoder pieces(kHeaderBytesMax);
  std::string body;
  std::string again;
  const auto result = whole.Feed(input, body);
  ChunkedDecoder::Step last;
  std::size_t consumed = 0;
  while (consumed < input.size() && last.state == ChunkedDecoder::State::kNeedMore) {
    last = pieces.Feed(input.substr(consumed, step), again);
    consumed += last.consumed;
  }
  HEARTH_CHECK(result.state == last.state && result.consumed == consumed && body == again);
  HEARTH_CHECK(body.size() <= kHeaderBytesMax);
}

}  // namespace
}  // namespace hearth::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte says into how large pieces the rest is cut.
  const std::size_t step = std::size_t{data[0]} + 1;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  hearth::http::FuzzParser(input, step);
  hearth::http::FuzzChunks(input, step);
  return 0;
}
