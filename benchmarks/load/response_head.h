// ResponseHead: what a benchmark must know of an answer: did it say what was asked for, and how long is it.
//
// A parser of its own: Hearth's are for requests, and a client that shares code with the server that it measures
// shares its mistakes. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/range.h"
#include "base/result.h"

namespace hearth::load {

struct ResponseHead {
  int status = 0;
  std::optional<std::uint64_t> content_length;
  std::optional<ByteRange> content_range;
  std::string x_cache;   // empty if there is none; nginx, Varnish and Hearth all can say it
  std::size_t size = 0;  // bytes of the head, with the empty line
};

// nullopt: the head is not whole yet. kInvalidArgument: this is no answer that can be counted.
Result<std::optional<ResponseHead>> ParseResponseHead(std::string_view bytes);

}  // namespace hearth::load
