// What a FakeOrigin and its bodies share, and how a request goes: part of fake_origin*.cc and of nothing else.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/signal.h"
#include "base/thread_annotations.h"
#include "support/fake_objects.h"
#include "support/fake_origin.h"
#include "support/object_bytes.h"

namespace hearth::sim {

inline std::string ObjectText(std::string_view bucket, std::string_view key) {
  return std::string(bucket) + "/" + std::string(key);
}
inline bool IsBodyFault(OriginFault fault) { return fault >= OriginFault::kCut; }
inline bool HidesVersion(std::optional<OriginFault> fault) {
  return fault == OriginFault::kWeakETag || fault == OriginFault::kNoETag;
}

struct FakeOrigin::State : std::enable_shared_from_this<FakeOrigin::State> {
  State(const Clock& origin_clock, std::uint64_t seed, FakeOriginOptions origin_options)
      : clock(origin_clock), options(std::move(origin_options)), random(seed) {}

  const Clock& clock;
  const FakeOriginOptions options;
  Signal hung_up;
  mutable Mutex mutex;
  FakeObjects objects GUARDED_BY(mutex);
  Random random GUARDED_BY(mutex);
  std::array<double, kOriginFaults> rates GUARDED_BY(mutex){};
  std::array<std::size_t, kOriginFaults> scripted GUARDED_BY(mutex){};
  std::vector<OriginRequest> requests GUARDED_BY(mutex);
  std::uint64_t forgotten GUARDED_BY(mutex) = 0;  // requests before requests[0]
  OriginCounters counters GUARDED_BY(mutex);
  std::size_t open_bodies GUARDED_BY(mutex) = 0;
  bool down GUARDED_BY(mutex) = false;

  using Kind = OriginRequest::Kind;

  // Writes the request down; its number is its handle.
  std::uint64_t Begin(OriginRequest request);
  void Update(std::uint64_t number, const std::function<void(OriginRequest&)>& change);
  void UpdateLocked(std::uint64_t number, const std::function<void(OriginRequest&)>& change) REQUIRES(mutex);
  std::optional<OriginFault> DrawFault(Kind kind) REQUIRES(mutex);
  Duration DrawDelay(Duration most);
  std::uint64_t PutLocked(std::string_view bucket, std::string_view key, std::uint64_t size, origin::Headers headers)
      REQUIRES(mutex);

  struct Call {
    std::uint64_t number = 0;
    std::uint64_t epoch = 0;  // hung_up's generation when it began
    std::optional<OriginFault> fault;
  };
  // The way of every request to the point where the object is looked at.
  static Task<Result<Call>> Reach(std::shared_ptr<State> state, OriginRequest request, RequestContext context);
  // Waits, ending early with an error: the caller's deadline, its cancel, HangUp.
  static Task<Status> Wait(std::shared_ptr<State> state, std::uint64_t epoch, Duration delay, RequestContext context);
  static Task<Status> Misbehave(std::shared_ptr<State> state, Call call, RequestContext context);

  origin::ObjectMeta Describe(std::string_view bucket, std::string_view key, const FakeVersion& version,
                              std::optional<OriginFault> fault) const;
  Result<origin::GetAnswer> Answer(const origin::GetRequest& request, const Call& call, CancelToken cancel)
      REQUIRES(mutex);
};

// One answer's body.
class FakeOrigin::FakeBody final : public origin::Body {
 public:
  struct Plan {
    State::Call call;
    std::string bucket;
    std::string key;
    FakeVersion version;
    ByteRange range;
    std::uint64_t fault_at = 0;  // offset at which call.fault is played
    bool breaks_on_overwrite = false;
    CancelToken cancel;
  };
  FakeBody(std::shared_ptr<State> state, Plan plan)
      : state_(std::move(state)),
        plan_(std::move(plan)),
        bytes_(ObjectText(plan_.bucket, plan_.key), plan_.version.number),
        position_(plan_.range.begin) {}
  ~FakeBody() override;

  Task<Result<std::size_t>> Read(std::span<std::byte> to) override;

 private:
  Task<Result<std::size_t>> Next(std::span<std::byte> to);
  Task<Status> PlayFault();
  RequestContext Context() const { return {.request_id = {}, .deadline = TimePoint::max(), .cancel = plan_.cancel}; }

  const std::shared_ptr<State> state_;
  Plan plan_;
  const ObjectBytes bytes_;
  std::uint64_t position_;
  bool fault_played_ = false;
  bool complete_ = false;
  std::optional<Error> broken_;
};

}  // namespace hearth::sim
