// FakeOrigin: object storage in memory, which keeps the promises of origin/origin.h until it is told not to.
//
// Put() makes the next version of an object (1, 2, ...); its bytes are ObjectBytes("bucket/key", version),
// its ETag names the version, so that an answer's ETag tells which bytes are right. A request takes a random
// virtual time and meets the object as it is somewhere in between; a body comes in chunks of random size and
// goes on with its version when the object is overwritten, as S3 does.
//
// Runs on any executor (SimWorld's, or real ones): it waits on timers of the one that calls. Any thread may
// call. Bodies may outlive the origin. Before it is destroyed no Get, Head or Forward may wait in it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "origin/origin.h"

namespace hearth::sim {

enum class OriginFault : std::uint8_t {
  kRefuse,         // connection refused: kUnavailable
  kSilent,         // no answer until the deadline, first_byte_timeout or a cancel
  kServerError,    // 500: kUnavailable
  kThrottle,       // 503 SlowDown: kThrottled
  kWrongLength,    // the length contradicts the range: kUnavailable, as a strict client notices
  kWeakETag,       // nothing to tell versions apart: Version kNone, the weak ETag is shown
  kNoETag,         // likewise, without an ETag
  kIgnoreIfMatch,  // another version comes although one was named: kPreconditionFailed without RemoteError
  kCut,            // the body ends early: kUnavailable from Read
  kStall,          // the body stops: kDeadlineExceeded from Read after stall_timeout
  kOverwrite,      // somebody overwrites the object in the middle of the body; the body goes on or breaks
};
inline constexpr std::size_t kOriginFaults = 11;
std::string_view OriginFaultName(OriginFault fault);

struct FakeOriginOptions {
  OriginName name{"s3"};
  Duration latency_max = std::chrono::milliseconds(20);     // to the headers
  Duration chunk_delay_max = std::chrono::milliseconds(2);  // before each chunk
  std::size_t chunk_bytes_max = 64_KiB;
  Duration first_byte_timeout = std::chrono::seconds(20);
  Duration stall_timeout = std::chrono::seconds(20);
  bool versioned = false;  // show x-amz-version-id; version_id is understood in any case
};

// One request as the origin saw it.
struct OriginRequest {
  enum class Kind : std::uint8_t { kGet, kHead, kForward };
  Kind kind = Kind::kGet;
  std::string object;     // "bucket/key"; of a forwarded request without a key the bucket
  std::string operation;  // of a forwarded request
  std::optional<ByteRange> range;
  std::optional<Version> if_match;
  std::uint64_t version = 0;     // that was answered, 0: an error
  std::uint64_t body_bytes = 0;  // that were read from the body
  bool body_complete = false;
  std::optional<OriginFault> fault;  // that was played
};

struct OriginCounters {
  std::uint64_t gets = 0;
  std::uint64_t heads = 0;
  std::uint64_t forwards = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t bodies_complete = 0;
  std::uint64_t bodies_dropped = 0;  // before their end
  std::array<std::uint64_t, kOriginFaults> faults{};

  std::uint64_t of(OriginFault fault) const { return faults[static_cast<std::size_t>(fault)]; }
};

class FakeOrigin final : public origin::Origin {
 public:
  FakeOrigin(const Clock& clock, std::uint64_t seed, FakeOriginOptions options = {});
  ~FakeOrigin() override;

  // The new version's number.
  std::uint64_t Put(std::string_view bucket, std::string_view key, std::uint64_t size, origin::Headers headers = {});
  void Delete(std::string_view bucket, std::string_view key);
  // Current version's number; 0 if there is no such object.
  std::uint64_t Current(std::string_view bucket, std::string_view key) const;
  std::uint64_t Newest(std::string_view bucket, std::string_view key) const;  // also of a deleted one

  // `"v3-<hash>"` of version 3, and back.
  static ETag MakeETag(std::string_view bucket, std::string_view key, std::uint64_t version);
  static std::optional<std::uint64_t> VersionNumber(const ETag& etag);
  static Version MakeVersion(std::string_view bucket, std::string_view key, std::uint64_t version);

  void SetFaultRate(OriginFault fault, double probability);
  void SetNoFaults();
  // The next `times` requests that can show it meet this fault, before any by probability.
  void FailNext(OriginFault fault, std::size_t times = 1);

  // Ends every call that waits and every body with kUnavailable, and refuses new ones until Restart: the
  // process is gone, or the network is.
  void HangUp();
  void Restart();

  OriginCounters counters() const;
  std::vector<OriginRequest> Requests() const;
  void ForgetRequests();  // and counters
  std::size_t open_bodies() const;

  const OriginName& name() const override;
  Task<Result<origin::GetAnswer>> Get(origin::GetRequest request, RequestContext context) override;
  Task<Result<origin::ObjectMeta>> Head(origin::HeadRequest request, RequestContext context) override;
  Task<Result<origin::ForwardAnswer>> Forward(origin::ForwardRequest request, RequestContext context) override;

 private:
  class FakeBody;
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace hearth::sim
