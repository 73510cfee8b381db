#include "origin/steady_origin.h"

#include <algorithm>
#include <array>

namespace hearth::origin {
namespace {

using telemetry::Family;

constexpr Duration kBackoffFirst = std::chrono::milliseconds(50);
constexpr Duration kBackoffMax = std::chrono::seconds(2);
// A hedge sooner than this gains nothing on a machine's own noise.
constexpr Duration kPatienceMin = std::chrono::milliseconds(5);
// Answers this much later than half of the recent ones mean that the origin is asked too much at once.
constexpr int kLateFactor = 8;
constexpr Duration kLateMin = std::chrono::milliseconds(200);

HeadRequest QuestionAbout(const GetRequest& request) {
  return {.bucket = request.bucket, .key = request.key, .version_id = {}};
}

}  // namespace

// One GET, asked in up to two lanes.
struct SteadyOrigin::Race {
  std::array<CancelSource, 2> cancels;

  Mutex mutex;
  Signal changed;
  int running GUARDED_BY(mutex) = 0;
  // The first answer, else the last error.
  std::optional<Result<GetAnswer>> outcome GUARDED_BY(mutex);
  int winner GUARDED_BY(mutex) = -1;

  bool Over(std::uint64_t& seen) {
    MutexLock lock(mutex);
    seen = changed.generation();
    return (outcome && *outcome) || running == 0;
  }
};

SteadyOrigin::SteadyOrigin(std::unique_ptr<Origin> inner, Environment env)
    : inner_(std::move(inner)), env_(env), random_(env.seed) {
  env_.metrics.AddCollector([this] {
    const std::string_view origin = inner_->name().value;
    env_.metrics.GetGauge(Family::kOriginDown, {origin}).Set(health_.down() ? 1 : 0);
    env_.metrics.GetGauge(Family::kOriginConcurrency, {origin}).Set(static_cast<std::int64_t>(slots_.limit()));
  });
}

Task<void> SteadyOrigin::Stop() {
  scope_.Close();
  stop_.Cancel();
  co_await scope_.Join();
}

// --- manners ---

Task<Result<RequestSlots::Slot>> SteadyOrigin::Begin(RequestContext context) {
  if (health_.down()) co_return Fail(health_.DownError(env_.clock.Now()));
  retries_.Earn();
  hedges_.Earn();
  co_return co_await slots_.Acquire(context.deadline, context.cancel);
}

void SteadyOrigin::NoteAnswered(TimePoint asked) {
  const TimePoint now = env_.clock.Now();
  const Duration took = now - asked;
  const std::optional<Duration> usual = latency_.Percentile(0.5);
  latency_.Add(took);
  health_.NoteHeard(now);
  if (usual && took > kLateFactor * *usual && took > kLateMin) {
    slots_.NoteOverload(now);
  } else {
    slots_.NoteAnswered();
  }
}

void SteadyOrigin::NoteError(const Error& error, const HeadRequest& about) {
  const TimePoint now = env_.clock.Now();
  if (error.code() == Code::kThrottled) slots_.NoteOverload(now);
  if (!OriginHealth::IsFailure(error)) {
    // A request that was given up says nothing.
    if (error.code() != Code::kCancelled) health_.NoteHeard(now);
    return;
  }
  if (!health_.NoteFailed(now, error)) return;
  scope_.StartHere(ProbeUntilHeard(*this, about));
}

Task<bool> SteadyOrigin::AdmitRetry(int attempt) {
  const bool admitted = !health_.down() && retries_.TryTake();
  env_.metrics.GetCounter(Family::kOriginRetries, {inner_->name().value, admitted ? "asked" : "refused"}).Add();
  if (!admitted) co_return false;
  const Duration most = std::min(kBackoffMax, kBackoffFirst * (1 << std::clamp(attempt, 0, 10)));
  Duration wait{};
  {
    MutexLock lock(random_mutex_);
    wait = Duration(static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(most.count()) + 1)));
  }
  co_await SleepFor(wait);
  co_return true;
}

// --- requests ---

Task<Result<GetAnswer>> SteadyOrigin::Get(GetRequest request, RequestContext context) {
  RequestContext copy = context;
  Result<RequestSlots::Slot> slot = co_await Begin(std::move(copy));
  if (!slot) co_return Fail(std::move(slot).error());
  const HeadRequest about = QuestionAbout(request);
  const TimePoint asked = env_.clock.Now();
  const std::optional<Duration> patience = latency_.Percentile(0.95);
  Result<GetAnswer> answer =
      patience ? co_await GetHedged(std::move(request), std::move(context), std::max(*patience, kPatienceMin))
               : co_await inner_->Get(std::move(request), std::move(context));
  Note(answer, asked, about);
  co_return answer;
}

Task<Result<ObjectMeta>> SteadyOrigin::Head(HeadRequest request, RequestContext context) {
  RequestContext copy = context;
  Result<RequestSlots::Slot> slot = co_await Begin(std::move(copy));
  if (!slot) co_return Fail(std::move(slot).error());
  const HeadRequest about = request;
  const TimePoint asked = env_.clock.Now();
  Result<ObjectMeta> meta = co_await inner_->Head(std::move(request), std::move(context));
  Note(meta, asked, about);
  co_return meta;
}

Task<Result<ForwardAnswer>> SteadyOrigin::Forward(ForwardRequest request, RequestContext context) {
  RequestContext copy = context;
  Result<RequestSlots::Slot> slot = co_await Begin(std::move(copy));
  if (!slot) co_return Fail(std::move(slot).error());
  // What a prober may ask: any object's metadata, there or not. Of the service itself nothing is known to ask.
  const HeadRequest about{.bucket = request.bucket, .key = ObjectKey("-"), .version_id = {}};
  Result<ForwardAnswer> answer = co_await inner_->Forward(std::move(request), std::move(context));
  // Its latency is a list's: another thing. Any status is an answer here, also those that say the origin is unwell.
  std::optional<Error> error;
  if (!answer) {
    error = answer.error();
  } else if (answer->status >= 500 || answer->status == 429) {
    const bool throttled = answer->status == 503 || answer->status == 429;
    error.emplace(throttled ? Code::kThrottled : Code::kUnavailable, "a list was refused",
                  RemoteError{answer->status, {}, {}});
  }
  if (!error) {
    health_.NoteHeard(env_.clock.Now());
  } else if (!about.bucket.empty()) {
    NoteError(*error, about);
  }
  co_return answer;
}

// --- hedging ---

Task<void> SteadyOrigin::RunLane(SteadyOrigin& self, std::shared_ptr<Race> race, int lane, GetRequest request,
                                 RequestContext context) {
  context.cancel = race->cancels[static_cast<std::size_t>(lane)].token();
  Result<GetAnswer> answer = co_await self.inner_->Get(std::move(request), std::move(context));
  std::optional<Result<GetAnswer>> dropped;  // a loser's body ends its transfer, outside of the lock
  bool won = false;
  {
    MutexLock lock(race->mutex);
    --race->running;
    const bool decided = race->outcome && *race->outcome;
    if (decided) {
      dropped.emplace(std::move(answer));
    } else {
      won = answer.has_value();
      if (won) race->winner = lane;
      race->outcome.emplace(std::move(answer));
    }
  }
  if (won) race->cancels[static_cast<std::size_t>(1 - lane)].Cancel();
  race->changed.NotifyAll();
}

bool SteadyOrigin::StartLane(const std::shared_ptr<Race>& race, int lane, const GetRequest& request,
                             const RequestContext& context) {
  {
    MutexLock lock(race->mutex);
    ++race->running;
  }
  if (scope_.StartHere(RunLane(*this, race, lane, request, context))) return true;
  MutexLock lock(race->mutex);
  --race->running;
  return false;
}

Task<Result<GetAnswer>> SteadyOrigin::GetHedged(GetRequest request, RequestContext context, Duration patience) {
  const auto race = std::make_shared<Race>();
  const TimePoint hedge_at = env_.clock.Now() + patience;
  if (!StartLane(race, 0, request, context)) co_return Fail(Code::kCancelled, "the origin is being stopped");
  const CancelToken::Registration on_cancel = context.cancel.OnCancel([race] {
    for (CancelSource& each : race->cancels) each.Cancel();
  });
  bool may_hedge = true;
  std::uint64_t seen = 0;
  while (!race->Over(seen)) {
    const Signal::Woke woke = co_await race->changed.Wait(seen, may_hedge ? hedge_at : TimePoint::max());
    if (woke != Signal::Woke::kDeadline) continue;
    may_hedge = false;
    if (context.cancel.IsCancelled() || !hedges_.TryTake()) continue;
    StartLane(race, 1, request, context);
  }
  MutexLock lock(race->mutex);
  if (!may_hedge && race->winner >= 0) {
    env_.metrics.GetCounter(Family::kOriginHedges, {inner_->name().value, race->winner == 1 ? "won" : "lost"}).Add();
  }
  co_return std::move(*race->outcome);
}

// --- while it is down ---

Task<void> SteadyOrigin::ProbeUntilHeard(SteadyOrigin& self, HeadRequest question) {
  const Clock& clock = self.env_.clock;
  while (self.health_.down() && !self.stop_.token().IsCancelled()) {
    const TimePoint next = clock.Now() + kProbeInterval;
    const Duration usual = self.latency_.Percentile(0.95).value_or(kProbeTimeoutMin);
    RequestContext context{.request_id = "probe",
                           .deadline = clock.Now() + std::max(kProbeTimeoutMin, 2 * usual),
                           .cancel = self.stop_.token()};
    HeadRequest copy = question;
    const Result<ObjectMeta> heard = co_await self.inner_->Head(std::move(copy), std::move(context));
    if (heard || !OriginHealth::IsFailure(heard.error())) {
      if (!self.stop_.token().IsCancelled()) self.health_.NoteHeard(clock.Now());
      co_return;
    }
    if (next > clock.Now()) co_await SleepFor(next - clock.Now());
  }
}

}  // namespace hearth::origin
