// The way of a request through a FakeOrigin, to the answer whose body is still to be read.
#include "support/fake_origin_state.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace hearth::sim {

std::uint64_t FakeOrigin::State::Begin(OriginRequest request) {
  const MutexLock lock(mutex);
  switch (request.kind) {
    case Kind::kGet: ++counters.gets; break;
    case Kind::kHead: ++counters.heads; break;
    case Kind::kForward: ++counters.forwards; break;
  }
  request.fault = DrawFault(request.kind);
  if (request.fault) ++counters.faults[static_cast<std::size_t>(*request.fault)];
  requests.push_back(std::move(request));
  return forgotten + requests.size() - 1;
}

void FakeOrigin::State::Update(std::uint64_t number, const std::function<void(OriginRequest&)>& change) {
  const MutexLock lock(mutex);
  UpdateLocked(number, change);
}

void FakeOrigin::State::UpdateLocked(std::uint64_t number, const std::function<void(OriginRequest&)>& change) {
  if (number >= forgotten) change(requests[number - forgotten]);
}

std::optional<OriginFault> FakeOrigin::State::DrawFault(Kind kind) {
  const auto possible = [&](OriginFault fault) {
    if (kind == Kind::kGet) return true;
    if (kind == Kind::kForward) return fault <= OriginFault::kThrottle;
    return !IsBodyFault(fault) && fault != OriginFault::kWrongLength && fault != OriginFault::kIgnoreIfMatch;
  };
  for (std::size_t i = 0; i < kOriginFaults; ++i) {
    const auto fault = static_cast<OriginFault>(i);
    if (scripted[i] == 0 || !possible(fault)) continue;
    --scripted[i];
    return fault;
  }
  for (std::size_t i = 0; i < kOriginFaults; ++i) {
    const auto fault = static_cast<OriginFault>(i);
    if (rates[i] > 0 && random.Fraction() < rates[i] && possible(fault)) return fault;
  }
  return std::nullopt;
}

Duration FakeOrigin::State::DrawDelay(Duration most) {
  const MutexLock lock(mutex);
  return Duration(random.Below(static_cast<std::uint64_t>(most.count()) + 1));
}

Task<Status> FakeOrigin::State::Wait(std::shared_ptr<State> state, std::uint64_t epoch, Duration delay,
                                     RequestContext context) {
  const Clock& clock = Executor::Current()->clock();
  const TimePoint end = clock.Now() + delay;
  if (context.cancel.IsCancelled()) co_return Fail(Code::kCancelled, "the caller has gone away");
  const TimePoint until = std::min(end, context.deadline);
  const Signal::Woke woke = co_await state->hung_up.Wait(epoch, until, context.cancel);
  if (woke == Signal::Woke::kCancelled) co_return Fail(Code::kCancelled, "the caller has gone away");
  if (woke == Signal::Woke::kChanged) co_return Fail(Code::kUnavailable, "the origin hung up");
  if (context.deadline < end) co_return Fail(Code::kDeadlineExceeded, "no answer before the deadline");
  co_return Status();
}

Task<Status> FakeOrigin::State::Misbehave(std::shared_ptr<State> state, Call call, RequestContext context) {
  if (!call.fault) co_return Status();
  switch (*call.fault) {
    case OriginFault::kRefuse: co_return Fail(Code::kUnavailable, "connection refused");
    case OriginFault::kServerError:
      co_return Fail(RemoteFailure(Code::kUnavailable, 500, "InternalError", "We encountered an internal error."));
    case OriginFault::kThrottle:
      co_return Fail(RemoteFailure(Code::kThrottled, 503, "SlowDown", "Please reduce your request rate."));
    case OriginFault::kWrongLength: co_return Fail(Code::kUnavailable, "the length contradicts the range");
    case OriginFault::kSilent: {
      const Duration timeout = state->options.first_byte_timeout;
      HEARTH_CO_TRY(co_await Wait(state, call.epoch, timeout, std::move(context)));
      co_return Fail(Code::kDeadlineExceeded, "the origin is silent");
    }
    default: co_return Status();
  }
}

Task<Result<FakeOrigin::State::Call>> FakeOrigin::State::Reach(std::shared_ptr<State> state, OriginRequest request,
                                                               RequestContext context) {
  Call call;
  call.epoch = state->hung_up.generation();
  {
    const MutexLock lock(state->mutex);
    if (state->down) co_return Fail(Code::kUnavailable, "connection refused");
  }
  call.number = state->Begin(std::move(request));
  state->Update(call.number, [&](OriginRequest& begun) { call.fault = begun.fault; });
  const Duration delay = state->DrawDelay(state->options.latency_max / 2);
  HEARTH_CO_TRY(co_await Wait(state, call.epoch, delay, context));
  HEARTH_CO_TRY(co_await Misbehave(state, call, context));
  co_return call;
}

origin::ObjectMeta FakeOrigin::State::Describe(std::string_view bucket, std::string_view key,
                                               const FakeVersion& version, std::optional<OriginFault> fault) const {
  origin::ObjectMeta meta;
  meta.size = version.size;
  meta.etag = MakeETag(bucket, key, version.number);
  meta.version = MakeVersion(bucket, key, version.number);
  meta.last_modified = version.last_modified;
  meta.headers = version.headers;
  if (options.versioned) meta.version_id = fmt::format("v{}", version.number);
  if (HidesVersion(fault)) meta.version = {};
  if (fault == OriginFault::kWeakETag) meta.etag.value.insert(0, "W/");
  if (fault == OriginFault::kNoETag) meta.etag = {};
  return meta;
}

Result<origin::GetAnswer> FakeOrigin::State::Answer(const origin::GetRequest& request, const Call& call,
                                                    CancelToken cancel) {
  auto version = objects.Resolve(request.bucket.value, request.key.value, request.version_id);
  if (!version) return Fail(version.error());
  origin::ObjectMeta meta = Describe(request.bucket.value, request.key.value, *version, call.fault);
  if (request.if_match && meta.version != *request.if_match) {
    // The condition was honoured, or it was not and the answer's version gave it away.
    if (call.fault == OriginFault::kIgnoreIfMatch || HidesVersion(call.fault)) {
      return Fail(Code::kPreconditionFailed, "the origin sent another version than the one named");
    }
    return Fail(RemoteFailure(Code::kPreconditionFailed, 412, "PreconditionFailed",
                              "At least one of the pre-conditions you specified did not hold"));
  }
  if (request.part_number.value_or(1) != 1) return Fail(Code::kInvalidArgument, "the object has one part");
  ByteRange range{0, version->size};
  if (request.range) {
    if (request.range->empty()) return Fail(Code::kInvalidArgument, "an empty range");
    if (request.range->begin >= version->size) {
      return Fail(RemoteFailure(Code::kInvalidArgument, 416, "InvalidRange", "The requested range is not satisfiable"));
    }
    range = request.range->Intersect(range);
  }
  FakeBody::Plan plan{.call = call,
                      .bucket = request.bucket.value,
                      .key = request.key.value,
                      .version = *version,
                      .range = range,
                      .fault_at = range.begin + (range.empty() ? 0 : random.Below(range.length())),
                      .breaks_on_overwrite = random.OneIn(2),
                      .cancel = std::move(cancel)};
  UpdateLocked(call.number, [&](OriginRequest& seen) { seen.version = version->number; });
  ++open_bodies;
  return origin::GetAnswer{std::move(meta), range, std::make_unique<FakeBody>(shared_from_this(), std::move(plan))};
}

std::uint64_t FakeOrigin::State::PutLocked(std::string_view bucket, std::string_view key, std::uint64_t size,
                                           origin::Headers headers) {
  FakeVersion version;
  version.size = size;
  version.last_modified = HttpDate(clock.Wall());
  version.headers = std::move(headers);
  return objects.Put(bucket, key, std::move(version));
}

}  // namespace hearth::sim
