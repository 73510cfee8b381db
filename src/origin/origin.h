// Origin: where objects live. Reading only; writing is a second interface (a later issue).
//
// Life of a read: Get() resumes when the answer's headers are there, with the metadata of the version
// that the body has; then body->Read() until it returns 0. Dropping the body cancels the transfer.
// Every implementation passes tests/contract/origin_contract_test.cc.
//
// Promises of every implementation:
// - what it returns is what the origin said, checked: a range answer covers exactly the range that was
//   asked (or its part inside the object), its length is right, and a body that ends early is an error;
// - with `if_match`, bytes of another version never come: the condition is sent and the answer's version
//   is compared as well (invariant 2);
// - it never follows a redirect to another host, and never outlives the deadlines of its options.
//
// Errors: kNotFound, kPermissionDenied, kUnauthenticated (with RemoteError as the origin said it);
// kPreconditionFailed: the version named is not what the origin has; kInvalidArgument with remote status
// 416: the range begins past the end; kThrottled: 503 SlowDown, 429; kUnavailable: refused, reset, 5xx,
// lied; kDeadlineExceeded: silent for too long; kCancelled.
// Any thread may call, from a job of any executor; calls resume there.
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/names.h"
#include "base/range.h"
#include "base/request_context.h"
#include "base/result.h"
#include "base/task.h"

namespace hearth::origin {

// Headers in the order they came, names as the origin spelled them.
using Headers = std::vector<std::pair<std::string, std::string>>;

// One version of an object as the origin describes it.
struct ObjectMeta {
  Version version;
  std::uint64_t size = 0;     // of the whole object, bytes
  ETag etag;                  // what clients are shown; empty if there is none
  std::string last_modified;  // IMF-fixdate (RFC 9110 5.6.7), empty if unknown
  std::string version_id;     // x-amz-version-id, empty if none
  // What else is shown to clients of a whole object: Content-Type, Content-Encoding, Cache-Control,
  // x-amz-meta-*, x-amz-checksum-*, ... Never hop-by-hop, length, range or date headers.
  Headers headers;
  // From an answer of a range: headers about the whole object, its checksums, may be missing.
  bool of_part = false;
  // The bytes must not be kept (file younger than a second, http no-store): read through only.
  bool uncacheable = false;
};

// The body of an answer.
class Body {
 public:
  virtual ~Body() = default;
  // Copies the next bytes into `to` (not empty); returns how many, 0 at the end. Waits for the origin.
  // After an error the body is dead. One call at a time.
  virtual Task<Result<std::size_t>> Read(std::span<std::byte> to) = 0;
};

struct GetRequest {
  BucketName bucket;
  ObjectKey key;
  // Absent: the whole object. The end may lie past the object's.
  std::optional<ByteRange> range;
  // Set: only this version (If-Match, or a comparison for origins that have no conditions).
  std::optional<Version> if_match;
  // S3 versionId: that version, old or current. Empty: the current one.
  std::string version_id;
  // S3 partNumber (1 to 10,000): the bytes of that part; `range` is absent then. Origins without parts say
  // kInvalidArgument for any but 1, which is the whole object.
  std::optional<std::uint32_t> part_number = std::nullopt;
};

struct GetAnswer {
  ObjectMeta meta;
  ByteRange range;  // what the body holds, in offsets of the object
  std::unique_ptr<Body> body;
};

struct HeadRequest {
  BucketName bucket;
  ObjectKey key;
  std::string version_id;
};

// What only reads and only the origin can answer: lists, sub-resources of objects, facts about buckets.
// The query goes to the origin as it is, without what signs a request; so do `headers`.
struct ForwardRequest {
  std::string operation = {};  // S3's name for it: what an origin that is no S3 server goes by
  std::string method = "GET";  // or HEAD
  BucketName bucket = {};      // empty: the service (ListBuckets)
  ObjectKey key = {};          // empty: the bucket
  std::vector<std::pair<std::string, std::string>> query = {};  // decoded; order does not matter
  Headers headers = {};                                         // x-amz-* that belong to the operation
  std::size_t bytes_max = 16 << 20;                             // of the answer's body; more is kUnavailable
};
// Whatever the origin answered, with whatever status: an Error means that it gave no answer.
struct ForwardAnswer {
  int status = 200;
  Headers headers;   // Content-Type, Last-Modified and x-amz-*
  std::string body;  // S3's XML, as a rule
};

class Origin {
 public:
  virtual ~Origin() = default;

  virtual const OriginName& name() const = 0;

  virtual Task<Result<GetAnswer>> Get(GetRequest request, RequestContext context) = 0;
  virtual Task<Result<ObjectMeta>> Head(HeadRequest request, RequestContext context) = 0;
  virtual Task<Result<ForwardAnswer>> Forward(ForwardRequest request, RequestContext context) = 0;

  // Before a request is made again that has failed `attempt` times (1 and up): waits a moment, then says whether it may
  // be. An origin that keeps accounts (steady_origin.h) says no to more than its share.
  virtual Task<bool> AdmitRetry(int attempt);
};

inline Task<bool> Origin::AdmitRetry(int attempt) {
  co_await SleepFor(std::chrono::milliseconds(50) * (1 << std::min(attempt, 6)));
  co_return true;
}

}  // namespace hearth::origin
