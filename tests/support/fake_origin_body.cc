// The body of a FakeOrigin's answer, with the faults that come after the headers.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "support/fake_origin_state.h"

namespace hearth::sim {

FakeOrigin::FakeBody::~FakeBody() {
  const MutexLock lock(state_->mutex);
  --state_->open_bodies;
  ++(complete_ ? state_->counters.bodies_complete : state_->counters.bodies_dropped);
}

Task<Result<std::size_t>> FakeOrigin::FakeBody::Read(std::span<std::byte> to) {
  if (broken_) co_return Fail(*broken_);
  auto read = co_await Next(to);
  if (!read) broken_ = read.error();
  co_return read;
}

Task<Status> FakeOrigin::FakeBody::PlayFault() {
  fault_played_ = true;
  if (plan_.call.fault == OriginFault::kCut) co_return Fail(Code::kUnavailable, "the body ended early");
  if (plan_.call.fault == OriginFault::kStall) {
    const Duration timeout = state_->options.stall_timeout;
    HEARTH_CO_TRY(co_await State::Wait(state_, plan_.call.epoch, timeout, Context()));
    co_return Fail(Code::kDeadlineExceeded, "the body stalled");
  }
  if (plan_.call.fault == OriginFault::kOverwrite) {
    const MutexLock lock(state_->mutex);
    state_->PutLocked(plan_.bucket, plan_.key, plan_.version.size, plan_.version.headers);
    if (plan_.breaks_on_overwrite) co_return Fail(Code::kUnavailable, "the object changed while it was read");
  }
  co_return Status();
}

Task<Result<std::size_t>> FakeOrigin::FakeBody::Next(std::span<std::byte> to) {
  HEARTH_CHECK(!to.empty());
  const Duration delay = state_->DrawDelay(state_->options.chunk_delay_max);
  HEARTH_CO_TRY(co_await State::Wait(state_, plan_.call.epoch, delay, Context()));
  const bool fault_ahead = !fault_played_ && plan_.call.fault && IsBodyFault(*plan_.call.fault);
  if (fault_ahead && position_ >= plan_.fault_at) HEARTH_CO_TRY(co_await PlayFault());

  std::uint64_t length = std::min<std::uint64_t>(to.size(), plan_.range.end - position_);
  if (!fault_played_ && fault_ahead) length = std::min(length, plan_.fault_at - position_);
  {
    const MutexLock lock(state_->mutex);
    if (length > 0) length = std::min(length, 1 + state_->random.Below(state_->options.chunk_bytes_max));
    state_->counters.body_bytes += length;
  }
  bytes_.Fill(position_, to.first(length));
  position_ += length;
  complete_ = complete_ || length == 0;
  state_->Update(plan_.call.number, [&](OriginRequest& request) {
    request.body_bytes += length;
    request.body_complete = position_ == plan_.range.end;
  });
  co_return static_cast<std::size_t>(length);
}

}  // namespace hearth::sim
