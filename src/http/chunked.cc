#include "http/chunked.h"

#include <algorithm>

namespace hearth::http {
namespace {

constexpr std::size_t kSkippedMax = 4096;
constexpr int kSizeDigitsMax = 15;  // cannot overflow

bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::Feed(std::string_view input, std::string& body) {
  std::size_t at = 0;
  while (at < input.size()) {
    if (at_ == At::kData) {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - at));
      body.append(input.substr(at, n));
      left_ -= n;
      at += n;
      if (left_ == 0) at_ = At::kDataCr;
      continue;
    }
    const State state = TakeByte(input[at++]);
    if (state != State::kNeedMore) return {state, at};
  }
  return {State::kNeedMore, at};
}

ChunkedDecoder::State ChunkedDecoder::TakeByte(char c) {
  switch (at_) {
    case At::kSize: return TakeSizeByte(c);
    case At::kExtension:
    case At::kTrailer:
      if (c == '\r') {
        at_ = at_ == At::kExtension ? At::kSizeLf : At::kTrailerLf;
        return State::kNeedMore;
      }
      return IsText(c) && ++skipped_ <= kSkippedMax ? State::kNeedMore : State::kBad;
    case At::kSizeLf:
      skipped_ = 0;
      at_ = left_ > 0 ? At::kData : At::kTrailerStart;
      size_digits_ = 0;
      if (left_ > left_max_) return State::kTooLong;
      left_max_ -= left_;
      break;
    case At::kDataCr: at_ = At::kDataLf; return c == '\r' ? State::kNeedMore : State::kBad;
    case At::kDataLf: at_ = At::kSize; break;
    case At::kTrailerStart:
      if (c == '\r') {
        at_ = At::kEndLf;
        return State::kNeedMore;
      }
      at_ = At::kTrailer;
      return IsText(c) && c != ' ' && c != '\t' ? State::kNeedMore : State::kBad;
    case At::kTrailerLf: at_ = At::kTrailerStart; break;
    case At::kEndLf: return c == '\n' ? State::kComplete : State::kBad;
    case At::kData: return State::kBad;  // taken in Feed
  }
  return c == '\n' ? State::kNeedMore : State::kBad;
}

ChunkedDecoder::State ChunkedDecoder::TakeSizeByte(char c) {
  int digit = -1;
  if (c >= '0' && c <= '9') digit = c - '0';
  if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
  if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
  if (digit >= 0) {
    if (size_digits_ == 0) left_ = 0;
    if (++size_digits_ > kSizeDigitsMax) return State::kBad;
    left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
    return State::kNeedMore;
  }
  if (size_digits_ == 0) return State::kBad;
  if (c == '\r') {
    at_ = At::kSizeLf;
    return State::kNeedMore;
  }
  at_ = At::kExtension;
  return c == ';' ? State::kNeedMore : State::kBad;
}

}  // namespace hearth::http
