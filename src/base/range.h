// Ranges of bytes and of small integers, half-open everywhere inside Hearth.
//
// HTTP's ranges are closed; they become half-open where they are parsed (http/range.h) and closed again
// where they are written, and nowhere else.
#pragma once

#include <algorithm>
#include <cstdint>

namespace hearth {

// [begin, end) of byte offsets.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  std::uint64_t length() const { return end - begin; }
  bool empty() const { return begin >= end; }
  bool Contains(std::uint64_t offset) const { return begin <= offset && offset < end; }
  bool Covers(ByteRange other) const { return begin <= other.begin && other.end <= end; }
  ByteRange Intersect(ByteRange other) const {
    const std::uint64_t low = std::max(begin, other.begin);
    return {low, std::max(low, std::min(end, other.end))};
  }
  bool operator==(const ByteRange&) const = default;
};

// Number of a block within a version (0 is the first).
struct BlockIndex {
  std::uint64_t value = 0;
  auto operator<=>(const BlockIndex&) const = default;
};

// [begin, end) of sub-blocks within one block.
struct SubRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  std::uint32_t count() const { return end - begin; }
  bool empty() const { return begin >= end; }
  bool operator==(const SubRange&) const = default;
};

}  // namespace hearth
