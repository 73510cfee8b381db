// ChunkedDecoder: the body of a request with Transfer-Encoding: chunked (RFC 9112 7.1), strictly.
//
// Incremental and bounded: it keeps nothing of the input. Chunk extensions and trailer fields are read over,
// at most 4 KiB of each in a row. One per request; its owner's thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hearth::http {

class ChunkedDecoder {
 public:
  enum class State : std::uint8_t { kNeedMore, kComplete, kBad, kTooLong };

  explicit ChunkedDecoder(std::uint64_t body_bytes_max) : left_max_(body_bytes_max) {}

  struct Step {
    State state = State::kNeedMore;
    std::size_t consumed = 0;  // of the input; all of it unless complete or wrong
  };
  // Appends what `input` holds of the body to `body`.
  Step Feed(std::string_view input, std::string& body);

 private:
  enum class At : std::uint8_t {
    kSize,          // hex digits of a chunk's size
    kExtension,     // behind ';', up to CR
    kSizeLf,        // LF of the size line
    kData,          // left_ bytes of data
    kDataCr,        // CR behind the data
    kDataLf,        // LF behind the data
    kTrailerStart,  // first byte of a trailer line, or CR of the last line
    kTrailer,       // within a trailer line, up to CR
    kTrailerLf,     // LF of a trailer line
    kEndLf,         // LF of the last line
  };
  State TakeByte(char c);
  State TakeSizeByte(char c);

  std::uint64_t left_max_;  // body bytes that are still allowed
  std::uint64_t left_ = 0;  // data bytes of this chunk that are to come
  int size_digits_ = 0;
  std::size_t skipped_ = 0;  // of extensions or trailers
  At at_ = At::kSize;
};

}  // namespace hearth::http
