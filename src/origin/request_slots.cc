#include "origin/request_slots.h"

#include <algorithm>

namespace hearth::origin {
namespace {
constexpr double kShrink = 0.67;
}  // namespace

RequestSlots::Slot& RequestSlots::Slot::operator=(Slot&& other) noexcept {
  if (this != &other) {
    Release();
    slots_ = std::exchange(other.slots_, nullptr);
  }
  return *this;
}

void RequestSlots::Slot::Release() {
  RequestSlots* const slots = std::exchange(slots_, nullptr);
  if (slots == nullptr) return;
  {
    MutexLock lock(slots->mutex_);
    --slots->used_;
  }
  slots->freed_.NotifyAll();
}

bool RequestSlots::TryTake(std::uint64_t& seen) {
  MutexLock lock(mutex_);
  seen = freed_.generation();
  if (used_ >= static_cast<std::size_t>(limit_)) return false;
  ++used_;
  return true;
}

Task<Result<RequestSlots::Slot>> RequestSlots::Acquire(TimePoint deadline, CancelToken cancel) {
  while (true) {
    std::uint64_t seen = 0;
    if (TryTake(seen)) co_return Slot(this);
    const Signal::Woke woke = co_await freed_.Wait(seen, deadline, cancel);
    if (woke == Signal::Woke::kDeadline) {
      co_return Fail(Code::kDeadlineExceeded, "the origin is busy with as many requests as it bears");
    }
    if (woke == Signal::Woke::kCancelled) co_return Fail(Code::kCancelled, "the client has gone away");
  }
}

void RequestSlots::NoteAnswered() {
  {
    MutexLock lock(mutex_);
    // Only where it is needed: an idle hour says nothing of what the origin bears.
    if (2 * used_ < static_cast<std::size_t>(limit_)) return;
    limit_ = std::min(options_.max, limit_ + 1 / limit_);
  }
  freed_.NotifyAll();
}

void RequestSlots::NoteOverload(TimePoint now) {
  MutexLock lock(mutex_);
  if (shrunk_ != TimePoint{} && now - shrunk_ < kShrinkPause) return;
  shrunk_ = now;
  limit_ = std::max(options_.min, limit_ * kShrink);
}

std::size_t RequestSlots::limit() const {
  MutexLock lock(mutex_);
  return static_cast<std::size_t>(limit_);
}

std::size_t RequestSlots::used() const {
  MutexLock lock(mutex_);
  return used_;
}

}  // namespace hearth::origin
