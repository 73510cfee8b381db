// SteadyOrigin: an origin behind good manners, whatever day it has. A decorator around the real one.
//
//   down?       while the origin does not answer at all (origin_health.h), requests fail at once, and a prober asks for
//               one object's metadata four times a second: the first word from it opens the way again
//   slots       as many requests at once as it bears (request_slots.h)
//   hedge       a GET that has no answer when 95 of 100 have theirs is asked once more; the first answer is taken, the
//               other request is cancelled before its body. At most one in twenty.
//   retries     AdmitRetry waits with full jitter and says no once a tenth of the requests has been spent on retries
//
// Borrows clock and metrics. Stop before destruction: it ends the prober and what hedges have left. Any thread.
#pragma once

#include <memory>

#include "base/random.h"
#include "base/task_scope.h"
#include "origin/latency_window.h"
#include "origin/origin.h"
#include "origin/origin_health.h"
#include "origin/request_slots.h"
#include "origin/token_bucket.h"
#include "telemetry/metrics.h"

namespace hearth::origin {

class SteadyOrigin final : public Origin {
 public:
  struct Environment {
    const Clock& clock;
    telemetry::Registry& metrics;
    std::uint64_t seed = 0;  // of the jitter
  };
  static constexpr Duration kProbeInterval = std::chrono::milliseconds(250);
  static constexpr Duration kProbeTimeoutMin = std::chrono::milliseconds(500);
  static constexpr double kRetryShare = 0.10;
  static constexpr double kHedgeShare = 0.05;
  static constexpr double kBurst = 10;

  SteadyOrigin(std::unique_ptr<Origin> inner, Environment env);

  const OriginName& name() const override { return inner_->name(); }
  Task<Result<GetAnswer>> Get(GetRequest request, RequestContext context) override;
  Task<Result<ObjectMeta>> Head(HeadRequest request, RequestContext context) override;
  Task<Result<ForwardAnswer>> Forward(ForwardRequest request, RequestContext context) override;
  Task<bool> AdmitRetry(int attempt) override;

  Task<void> Stop();

  bool down() const { return health_.down(); }
  std::size_t concurrency_limit() const { return slots_.limit(); }

 private:
  struct Race;

  // Waits for a slot; an error while the origin is down.
  Task<Result<RequestSlots::Slot>> Begin(RequestContext context);
  // What an answer, or its absence, says about the origin.
  void NoteAnswered(TimePoint asked);
  void NoteError(const Error& error, const HeadRequest& about);
  template <typename Answer>
  void Note(const Result<Answer>& answer, TimePoint asked, const HeadRequest& about) {
    if (answer) {
      NoteAnswered(asked);
    } else {
      NoteError(answer.error(), about);
    }
  }
  Task<Result<GetAnswer>> GetHedged(GetRequest request, RequestContext context, Duration patience);
  static Task<void> RunLane(SteadyOrigin& self, std::shared_ptr<Race> race, int lane, GetRequest request,
                            RequestContext context);
  bool StartLane(const std::shared_ptr<Race>& race, int lane, const GetRequest& request, const RequestContext& context);
  static Task<void> ProbeUntilHeard(SteadyOrigin& self, HeadRequest question);

  const std::unique_ptr<Origin> inner_;
  const Environment env_;
  OriginHealth health_;
  LatencyWindow latency_;
  RequestSlots slots_{{}};
  TokenBucket retries_{kRetryShare, kBurst};
  TokenBucket hedges_{kHedgeShare, kBurst};
  Mutex random_mutex_;
  Random random_ GUARDED_BY(random_mutex_);
  CancelSource stop_;
  TaskScope scope_;  // the prober, and lanes of hedged requests
};

}  // namespace hearth::origin
