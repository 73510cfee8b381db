// CheckedBody: an HTTP answer's body as an origin's, held to its promise: exactly `length` bytes after the
// first `skip`. Fewer are kUnavailable, more are never seen.
#pragma once

#include <memory>

#include "http/client.h"
#include "origin/origin.h"

namespace hearth::origin {

// `first_byte_by`: for its first byte; afterwards only a stall ends it.
std::unique_ptr<Body> MakeCheckedBody(std::unique_ptr<http::ClientBody> body, std::uint64_t skip, std::uint64_t length,
                                      TimePoint first_byte_by = TimePoint::max());

}  // namespace hearth::origin
