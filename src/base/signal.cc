#include "base/signal.h"

#include <algorithm>

#include "base/check.h"

namespace hearth {

// One suspended coroutine. Whoever fires it first (notify, timer, cancel) decides why it woke; it is
// resumed once it is armed, so a timer or a cancel that comes while it is being set up is not lost.
struct Signal::Waiter {
  static constexpr int kIdle = 0;
  static constexpr int kArmed = 1;
  static constexpr int kFired = 2;  // kFired + reason

  std::atomic<int> state = kIdle;
  Executor* executor = nullptr;
  std::coroutine_handle<> handle;
  Executor::TimerId timer = 0;

  // True if it may suspend now, false if something fired already.
  bool Arm() {
    int idle = kIdle;
    return state.compare_exchange_strong(idle, kArmed, std::memory_order_acq_rel);
  }

  void Fire(Woke reason) {
    int current = state.load(std::memory_order_acquire);
    do {
      if (current >= kFired) return;
    } while (!state.compare_exchange_weak(current, kFired + static_cast<int>(reason), std::memory_order_acq_rel));
    if (current == kArmed) executor->Post([resume = handle] { resume.resume(); });
  }

  Woke reason() const {
    const int current = state.load(std::memory_order_acquire);
    return current >= kFired ? static_cast<Woke>(current - kFired) : Woke::kChanged;
  }
};

void Signal::NotifyAll() {
  std::vector<std::shared_ptr<Waiter>> waiters;
  {
    MutexLock lock(mutex_);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    waiters.swap(waiters_);
  }
  for (const auto& waiter : waiters) waiter->Fire(Woke::kChanged);
}

Signal::Awaiter Signal::Wait(std::uint64_t seen, TimePoint deadline, CancelToken cancel) {
  return {*this, seen, deadline, std::move(cancel)};
}

Signal::Awaiter::Awaiter(Signal& signal, std::uint64_t seen, TimePoint deadline, CancelToken cancel)
    : signal_(signal), seen_(seen), deadline_(deadline), cancel_(std::move(cancel)) {}
Signal::Awaiter::Awaiter(Awaiter&&) noexcept = default;
Signal::Awaiter::~Awaiter() = default;

bool Signal::Awaiter::await_ready() { return signal_.generation() != seen_; }

bool Signal::Awaiter::await_suspend(std::coroutine_handle<> handle) {
  Executor* executor = Executor::Current();
  HEARTH_CHECK(executor != nullptr);
  auto waiter = std::make_shared<Waiter>();
  waiter->executor = executor;
  waiter->handle = handle;
  waiter_ = waiter;
  if (deadline_ != TimePoint::max()) {
    const Duration delay = std::max(Duration::zero(), deadline_ - executor->clock().Now());
    waiter->timer = executor->PostAfter(delay, [weak = std::weak_ptr<Waiter>(waiter)] {
      if (auto alive = weak.lock()) alive->Fire(Woke::kDeadline);
    });
  }
  on_cancel_ = cancel_.OnCancel([weak = std::weak_ptr<Waiter>(waiter)] {
    if (auto alive = weak.lock()) alive->Fire(Woke::kCancelled);
  });
  // Once armed, another thread may resume the coroutine and destroy this awaiter: only locals below.
  Signal& signal = signal_;
  const std::uint64_t seen = seen_;
  MutexLock lock(signal.mutex_);
  if (signal.generation() != seen || !waiter->Arm()) return false;
  signal.waiters_.push_back(std::move(waiter));
  return true;
}

Signal::Woke Signal::Awaiter::await_resume() {
  on_cancel_ = {};
  if (!waiter_) return Woke::kChanged;
  if (waiter_->timer != 0) waiter_->executor->Cancel(waiter_->timer);
  const Woke reason = waiter_->reason();
  if (reason != Woke::kChanged) {
    MutexLock lock(signal_.mutex_);
    std::erase(signal_.waiters_, waiter_);
  }
  return reason;
}

}  // namespace hearth
