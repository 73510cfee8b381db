#include "read/resolver.h"

#include <algorithm>

#include "cache/fill.h"
#include "read/version_selector.h"

namespace hearth::read {
namespace {

// How long one failed revalidation spares the others the wait.
constexpr Duration kUnreachablePause = std::chrono::seconds(1);
// How long a question may take in all; the origin's own deadlines are shorter.
constexpr Duration kQuestionTimeout = std::chrono::seconds(28);
constexpr int kAttemptsMax = 2;
constexpr std::size_t kUnreachableMax = 4096;

bool OriginCannotBeAsked(const Error& error) {
  return error.code() == Code::kUnavailable || error.code() == Code::kThrottled ||
         error.code() == Code::kDeadlineExceeded;
}

bool BeginsPastTheEnd(const Error& error) { return error.remote() != nullptr && error.remote()->status == 416; }

}  // namespace

// One question under way.
struct Resolver::Flight {
  MetaKey key;
  TimePoint begun{};  // before the origin was asked: what it says is at least as new
  WallTime begun_wall{};
  // Set by the one who asks, before it ends the flight: remembered only then, so that who finds it in memory finds
  // the transfer that came along as well.
  MetaPtr to_remember;

  // Guarded by the resolver's mutex.
  bool invalidated = false;  // the answer is not to be remembered
  bool finished = false;
  std::optional<Result<Resolved>> outcome;  // without body and lead, for those who wait
  Signal done;
};

Resolver::Lead& Resolver::Lead::operator=(Lead&& other) noexcept {
  if (this != &other) {
    Release();
    resolver_ = std::exchange(other.resolver_, nullptr);
    flight_ = std::move(other.flight_);
  }
  return *this;
}

void Resolver::Lead::Release() {
  if (!flight_) return;
  resolver_->Finish(*flight_);
  flight_ = nullptr;
}

MetaPtr Resolver::FindFresh(const MetaKey& key, const FreshnessRule& rule) const {
  MetaPtr meta = store_.Find(key);
  if (!meta) return nullptr;
  // What names a version never changes.
  if (!key.selector.empty() || IsFresh(rule, clock_.Now() - meta->fetched)) return meta;
  return nullptr;
}

std::shared_ptr<Resolver::Flight> Resolver::Join(const MetaKey& key, bool& leader) {
  MutexLock lock(mutex_);
  std::shared_ptr<Flight>& flight = flights_[key];
  leader = flight == nullptr;
  if (leader) {
    flight = std::make_shared<Flight>();
    flight->key = key;
    flight->begun = clock_.Now();
    flight->begun_wall = clock_.Wall();
  }
  return flight;
}

void Resolver::Finish(Flight& flight) {
  {
    MutexLock lock(mutex_);
    if (flight.finished) return;
    flight.finished = true;
    Remember(flight);
    if (const auto found = flights_.find(flight.key); found != flights_.end() && found->second.get() == &flight) {
      flights_.erase(found);
    }
  }
  flight.done.NotifyAll();
}

void Resolver::NoteChanged(const MetaEntry& seen) {
  if (!seen.key.selector.empty()) return;  // names a version: the binding holds, its bytes may still be here
  MutexLock lock(mutex_);                  // what is remembered does not change between the look and the deed
  const MetaPtr known = store_.Find(seen.key);
  if (known && known->meta.version == seen.meta.version) store_.Forget(seen.key);
}

std::vector<MetaPtr> Resolver::ForgetObject(const ObjectId& object) {
  MutexLock lock(mutex_);
  std::erase_if(flights_, [&](const auto& each) {
    if (each.first.object != object) return false;
    each.second->invalidated = true;
    return true;
  });
  return store_.ForgetObject(object);
}

Resolver::Resolved Resolver::Learned(Flight& flight, origin::ObjectMeta meta) {
  // S3's name for what a bucket without versions holds: the one id whose bytes may change. Passed through.
  if (flight.key.selector == kNullVersionSelector) meta.uncacheable = true;
  flight.to_remember = std::make_shared<const MetaEntry>(flight.key, std::move(meta), flight.begun_wall, flight.begun);
  return {.meta = flight.to_remember, .origin_asked = true, .confirmed = true};
}

void Resolver::Remember(const Flight& flight) {
  if (!flight.to_remember) return;
  unreachable_until_.erase(flight.key);
  if (flight.invalidated) return;
  const origin::ObjectMeta& meta = flight.to_remember->meta;
  if (meta.version.cacheable() && !meta.uncacheable) {
    store_.Put(flight.to_remember);
  } else {
    store_.Forget(flight.key);
  }
}

Resolver::Resolved Resolver::StaleAnswer(const Request& request, MetaPtr known) const {
  const Duration over = clock_.Now() - known->fetched - request.rule->ttl;
  Resolved resolved;
  resolved.meta = std::move(known);
  resolved.stale_for = std::max(std::chrono::seconds(0), std::chrono::duration_cast<std::chrono::seconds>(over));
  return resolved;
}

Task<Result<Resolver::Resolved>> Resolver::AskByGet(Request request, std::shared_ptr<Flight> flight,
                                                    RequestContext context) {
  origin::GetRequest get{.bucket = request.key.object.bucket,
                         .key = request.key.object.key,
                         .range = request.first_range,
                         .if_match = std::nullopt,
                         .version_id = request.version_id};
  RequestContext copy = context;
  Result<origin::GetAnswer> answer = co_await request.origin->Get(std::move(get), std::move(copy));
  if (!answer && BeginsPastTheEnd(answer.error())) {
    co_return co_await AskByHead(std::move(request), std::move(flight), nullptr, std::move(context));
  }
  if (!answer) co_return Fail(std::move(answer).error());
  answer->meta.of_part = true;
  Resolved resolved = Learned(*flight, answer->meta);
  resolved.opened = std::move(*answer);
  co_return resolved;
}

Task<Result<Resolver::Resolved>> Resolver::AskByHead(Request request, std::shared_ptr<Flight> flight, MetaPtr known,
                                                     RequestContext context) {
  origin::HeadRequest head{
      .bucket = request.key.object.bucket, .key = request.key.object.key, .version_id = request.version_id};
  Result<origin::ObjectMeta> meta = co_await request.origin->Head(std::move(head), std::move(context));
  if (meta) co_return Learned(*flight, std::move(*meta));
  const bool may_be_stale = known && !request.force && OriginCannotBeAsked(meta.error()) &&
                            MayServeStale(*request.rule, clock_.Now() - known->fetched);
  if (may_be_stale) {
    {
      MutexLock lock(mutex_);
      if (unreachable_until_.size() >= kUnreachableMax) unreachable_until_.clear();
      unreachable_until_[request.key] = clock_.Now() + kUnreachablePause;
    }
    Resolved stale = StaleAnswer(request, std::move(known));
    stale.origin_asked = true;
    co_return stale;
  }
  if (meta.error().code() == Code::kNotFound) store_.Forget(request.key);
  co_return Fail(std::move(meta).error());
}

Task<Result<Resolver::Resolved>> Resolver::Ask(Request request, std::shared_ptr<Flight> flight,
                                               std::string request_id) {
  // Not the client's cancel token: others wait for this answer, and a fill outlives its first reader.
  RequestContext context{
      .request_id = std::move(request_id), .deadline = clock_.Now() + kQuestionTimeout, .cancel = stop_.token()};
  const MetaPtr known = store_.Find(request.key);
  for (int attempt = 1;; ++attempt) {
    Request question = request;
    std::shared_ptr<Flight> same = flight;
    RequestContext copy = context;
    MetaPtr before = known;
    Result<Resolved> resolved =
        !known && request.first_range
            ? co_await AskByGet(std::move(question), std::move(same), std::move(copy))
            : co_await AskByHead(std::move(question), std::move(same), std::move(before), std::move(copy));
    // A connection that broke, or had been left in a bad state by the answer before: a new one may do.
    const bool again = !resolved && cache::IsRetryable(resolved.error()) && !stop_.token().IsCancelled();
    if (!again || attempt >= kAttemptsMax || !co_await request.origin->AdmitRetry(attempt)) co_return resolved;
  }
}

void Resolver::ShareOutcome(Flight& flight, const Result<Resolved>& resolved) {
  MutexLock lock(mutex_);
  if (resolved) {
    flight.outcome.emplace(
        Resolved{.meta = resolved->meta, .origin_asked = resolved->origin_asked, .stale_for = resolved->stale_for});
  } else {
    flight.outcome.emplace(std::unexpected(resolved.error()));
  }
}

Task<Status> Resolver::Wait(std::shared_ptr<Flight> flight, Resolver& resolver, RequestContext context) {
  while (true) {
    std::uint64_t seen = 0;
    {
      MutexLock lock(resolver.mutex_);
      if (flight->finished) co_return Status();
      seen = flight->done.generation();
    }
    const Signal::Woke woke = co_await flight->done.Wait(seen, context.deadline, context.cancel);
    if (woke == Signal::Woke::kDeadline) co_return Fail(Code::kDeadlineExceeded, "the origin did not answer in time");
    if (woke == Signal::Woke::kCancelled) co_return Fail(Code::kCancelled, "the client has gone away");
  }
}

// What a finished flight means for a call that began at `start` and waited for it. Nothing: it was begun too long
// before that, and the origin is to be asked once more.
std::optional<Result<Resolver::Resolved>> Resolver::OutcomeFor(const Flight& flight, const Request& request,
                                                               TimePoint start) {
  MutexLock lock(mutex_);
  HEARTH_CHECK(flight.outcome.has_value());
  const bool since_start = flight.begun >= start;
  const bool new_enough =
      since_start ||
      (!request.force && (!request.key.selector.empty() || IsFresh(*request.rule, start - flight.begun)));
  if (!*flight.outcome) {
    // That the origin could not be asked was so a moment ago, whenever the attempt began. That the object was not
    // there says nothing of one that was made since.
    if (!since_start && !OriginCannotBeAsked(flight.outcome->error())) return std::nullopt;
    return Fail(flight.outcome->error());
  }
  const Resolved& shared = **flight.outcome;
  if (shared.stale_for) {
    if (request.force) return Fail(Code::kUnavailable, "the origin cannot be asked just now");
    return Resolved{.meta = shared.meta, .origin_asked = true, .stale_for = shared.stale_for};
  }
  if (!new_enough) return std::nullopt;
  return Resolved{.meta = shared.meta, .origin_asked = shared.origin_asked, .confirmed = since_start};
}

// What needs no question: fresh, or stale while the origin is known to be out of reach.
std::optional<Resolver::Resolved> Resolver::FromMemory(const Request& request) {
  if (request.force) return std::nullopt;
  if (MetaPtr fresh = FindFresh(request.key, *request.rule)) return Resolved{.meta = std::move(fresh)};
  MetaPtr known = store_.Find(request.key);
  if (!known || !MayServeStale(*request.rule, clock_.Now() - known->fetched)) return std::nullopt;
  MutexLock lock(mutex_);
  const auto pause = unreachable_until_.find(request.key);
  if (pause == unreachable_until_.end() || clock_.Now() >= pause->second) return std::nullopt;
  return StaleAnswer(request, std::move(known));
}

Task<Result<Resolver::Resolved>> Resolver::Resolve(Request request, RequestContext context) {
  const TimePoint start = clock_.Now();
  while (true) {
    if (std::optional<Resolved> known = FromMemory(request)) co_return std::move(*known);
    bool leader = false;
    const std::shared_ptr<Flight> flight = Join(request.key, leader);
    std::shared_ptr<Flight> same = flight;
    if (leader) {
      Lead lead(this, flight);
      Result<Resolved> resolved = co_await Ask(std::move(request), std::move(same), context.request_id);
      ShareOutcome(*flight, resolved);
      if (resolved && resolved->opened) resolved->lead = std::move(lead);
      co_return resolved;
    }
    RequestContext copy = context;
    HEARTH_CO_TRY(co_await Wait(std::move(same), *this, std::move(copy)));
    if (std::optional<Result<Resolved>> outcome = OutcomeFor(*flight, request, start)) co_return std::move(*outcome);
  }
}

}  // namespace hearth::read
