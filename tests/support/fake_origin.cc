// The outside of a FakeOrigin: its objects, its knobs, its three calls.
#include "support/fake_origin.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "support/fake_origin_state.h"

namespace hearth::sim {

std::string_view OriginFaultName(OriginFault fault) {
  static constexpr std::array<std::string_view, kOriginFaults> kNames = {
      "refuse",  "silent",          "server_error", "throttle", "wrong_length", "weak_etag",
      "no_etag", "ignore_if_match", "cut",          "stall",    "overwrite"};
  return kNames[static_cast<std::size_t>(fault)];
}

FakeOrigin::FakeOrigin(const Clock& clock, std::uint64_t seed, FakeOriginOptions options)
    : state_(std::make_shared<State>(clock, seed, std::move(options))) {}
FakeOrigin::~FakeOrigin() = default;

std::uint64_t FakeOrigin::Put(std::string_view bucket, std::string_view key, std::uint64_t size,
                              origin::Headers headers) {
  const MutexLock lock(state_->mutex);
  return state_->PutLocked(bucket, key, size, std::move(headers));
}

void FakeOrigin::Delete(std::string_view bucket, std::string_view key) {
  const MutexLock lock(state_->mutex);
  state_->objects.Delete(bucket, key);
}

std::uint64_t FakeOrigin::Current(std::string_view bucket, std::string_view key) const {
  const MutexLock lock(state_->mutex);
  const FakeObject* object = state_->objects.Find(bucket, key);
  const FakeVersion* current = object == nullptr ? nullptr : object->current();
  return current == nullptr ? 0 : current->number;
}

std::uint64_t FakeOrigin::Newest(std::string_view bucket, std::string_view key) const {
  const MutexLock lock(state_->mutex);
  const FakeObject* object = state_->objects.Find(bucket, key);
  return object == nullptr ? 0 : object->versions.size();
}

ETag FakeOrigin::MakeETag(std::string_view bucket, std::string_view key, std::uint64_t version) {
  return ETag(fmt::format("\"v{}-{:016x}\"", version, HashParts64({bucket, key, std::to_string(version)})));
}

std::optional<std::uint64_t> FakeOrigin::VersionNumber(const ETag& etag) {
  const std::size_t begin = etag.value.find("\"v");
  if (begin == std::string::npos) return std::nullopt;
  std::uint64_t number = 0;
  const char* digits = etag.value.data() + begin + 2;
  const auto [end, error] = std::from_chars(digits, etag.value.data() + etag.value.size(), number);
  return error == std::errc() && end != digits ? std::optional(number) : std::nullopt;
}

Version FakeOrigin::MakeVersion(std::string_view bucket, std::string_view key, std::uint64_t version) {
  return {VersionKind::kETag, MakeETag(bucket, key, version).value};
}

void FakeOrigin::SetFaultRate(OriginFault fault, double probability) {
  const MutexLock lock(state_->mutex);
  state_->rates[static_cast<std::size_t>(fault)] = probability;
}

void FakeOrigin::SetNoFaults() {
  const MutexLock lock(state_->mutex);
  state_->rates.fill(0);
  state_->scripted.fill(0);
}

void FakeOrigin::FailNext(OriginFault fault, std::size_t times) {
  const MutexLock lock(state_->mutex);
  state_->scripted[static_cast<std::size_t>(fault)] += times;
}

void FakeOrigin::HangUp() {
  {
    const MutexLock lock(state_->mutex);
    state_->down = true;
  }
  state_->hung_up.NotifyAll();
}

void FakeOrigin::Restart() {
  const MutexLock lock(state_->mutex);
  state_->down = false;
}

OriginCounters FakeOrigin::counters() const {
  const MutexLock lock(state_->mutex);
  return state_->counters;
}

std::vector<OriginRequest> FakeOrigin::Requests() const {
  const MutexLock lock(state_->mutex);
  return state_->requests;
}

void FakeOrigin::ForgetRequests() {
  const MutexLock lock(state_->mutex);
  state_->forgotten += state_->requests.size();
  state_->requests.clear();
  state_->counters = {};
}

std::size_t FakeOrigin::open_bodies() const {
  const MutexLock lock(state_->mutex);
  return state_->open_bodies;
}

const OriginName& FakeOrigin::name() const { return state_->options.name; }

Task<Result<origin::GetAnswer>> FakeOrigin::Get(origin::GetRequest request, RequestContext context) {
  const std::shared_ptr<State> state = state_;
  OriginRequest seen;
  seen.object = ObjectText(request.bucket.value, request.key.value);
  seen.range = request.range;
  seen.if_match = request.if_match;
  const auto call = co_await State::Reach(state, std::move(seen), context);
  if (!call) co_return Fail(call.error());
  auto answer = [&]() -> Result<origin::GetAnswer> {
    const MutexLock lock(state->mutex);
    return state->Answer(request, *call, context.cancel);
  }();
  const Duration delay = state->DrawDelay(state->options.latency_max / 2);
  HEARTH_CO_TRY(co_await State::Wait(state, call->epoch, delay, std::move(context)));
  co_return answer;
}

Task<Result<origin::ObjectMeta>> FakeOrigin::Head(origin::HeadRequest request, RequestContext context) {
  const std::shared_ptr<State> state = state_;
  OriginRequest seen;
  seen.kind = OriginRequest::Kind::kHead;
  seen.object = ObjectText(request.bucket.value, request.key.value);
  const auto call = co_await State::Reach(state, std::move(seen), context);
  if (!call) co_return Fail(call.error());
  const auto version = [&] {
    const MutexLock lock(state->mutex);
    return state->objects.Resolve(request.bucket.value, request.key.value, request.version_id);
  }();
  const Duration delay = state->DrawDelay(state->options.latency_max / 2);
  HEARTH_CO_TRY(co_await State::Wait(state, call->epoch, delay, std::move(context)));
  if (!version) co_return Fail(version.error());
  state->Update(call->number, [&](OriginRequest& answered) { answered.version = version->number; });
  co_return state->Describe(request.bucket.value, request.key.value, *version, call->fault);
}

Task<Result<origin::ForwardAnswer>> FakeOrigin::Forward(origin::ForwardRequest request, RequestContext context) {
  const std::shared_ptr<State> state = state_;
  OriginRequest seen;
  seen.kind = OriginRequest::Kind::kForward;
  seen.object = request.key.empty() ? request.bucket.value : ObjectText(request.bucket.value, request.key.value);
  seen.operation = request.operation;
  const auto call = co_await State::Reach(state, std::move(seen), context);
  if (!call) co_return Fail(call.error());
  const Duration delay = state->DrawDelay(state->options.latency_max / 2);
  HEARTH_CO_TRY(co_await State::Wait(state, call->epoch, delay, std::move(context)));
  const MutexLock lock(state->mutex);
  co_return state->objects.Forward(request);
}

}  // namespace hearth::sim
