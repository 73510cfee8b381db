// The Range header (RFC 9110 14.2) and Content-Range: HTTP's closed ranges become half-open here, and
// are closed again here. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/range.h"

namespace hearth::http {

// No Range header, or one that is to be ignored.
struct WholeObject {
  bool operator==(const WholeObject&) const = default;
};
// bytes=first-last, both included.
struct ClosedRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool operator==(const ClosedRange&) const = default;
};
// bytes=first-
struct OpenRange {
  std::uint64_t first = 0;
  bool operator==(const OpenRange&) const = default;
};
// bytes=-length, the last `length` bytes.
struct SuffixRange {
  std::uint64_t length = 0;
  bool operator==(const SuffixRange&) const = default;
};

using RangeSpec = std::variant<WholeObject, ClosedRange, OpenRange, SuffixRange>;

// Never fails: several ranges, other units and what is malformed come out as WholeObject, since AWS answers
// them with 200 and everything. Numbers past 2^64 are as good as 2^64 - 1.
RangeSpec ParseRange(std::string_view header_value);

// What `spec` means for an object of `size` bytes, cut at its end. nullopt: unsatisfiable (416): it begins
// past the end, asks for the last 0 bytes, or asks for a part of an empty object. WholeObject always fits.
std::optional<ByteRange> ResolveRange(const RangeSpec& spec, std::uint64_t size);

// "bytes 0-99/1000" for an answer 206; `range` is not empty.
std::string ContentRange(ByteRange range, std::uint64_t size);
// "bytes */1000" for an answer 416.
std::string UnsatisfiedContentRange(std::uint64_t size);

}  // namespace hearth::http
