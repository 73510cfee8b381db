// What an S3 server's answer means: metadata, the range that the body holds, or the error.
//
// Pure; any thread. This is where an origin that lies is found out: whatever does not fit the request comes
// out as an error here, before a byte of the body is looked at.
#pragma once

#include <cstdint>

#include "http/client.h"
#include "origin/origin.h"
#include "origin/s3_error.h"

namespace hearth::origin {

struct S3Get {
  ObjectMeta meta;
  ByteRange range;         // what the caller gets
  std::uint64_t skip = 0;  // bytes of the body before it: the server ignored the Range header
};

// A server that ignores Range is read from the start up to here; beyond it is no use as an origin.
inline constexpr std::uint64_t kSkipBytesMax = 64 << 20;

// For 200 and 206 answers to GET `request`.
// kPreconditionFailed (remote status 412): another version than `request.if_match`, even if the server said 200.
// kInvalidArgument with remote status 416: the server sent the whole object, and the range begins past it.
// kUnavailable: length or range do not fit the request.
Result<S3Get> ReadGetAnswer(const GetRequest& request, const http::ClientAnswer& answer);

// For a 200 answer to HEAD `request`. kUnavailable: no length, or another version than was named.
Result<ObjectMeta> ReadHeadAnswer(const HeadRequest& request, const http::ClientAnswer& answer);

// No object is as large: who says so lies, and everything that walks over an object's blocks would take for ever.
inline constexpr std::uint64_t kObjectBytesMax = std::uint64_t{1} << 46;

// For every other status; `document` is empty for HEAD.
Error ReadErrorAnswer(int status, const S3ErrorDocument& document);

// The value of the Range header for `range` (not empty); open where its end is past any object's.
std::string RangeHeader(ByteRange range);

// What an answer that is passed on shows to clients: what describes it, not what belongs to the connection or to the
// origin's own logs.
Headers ForwardedHeaders(const http::HeaderList& headers);

}  // namespace hearth::origin
