// Signal: how coroutines wait for a change that another one, perhaps on another thread, makes.
//
// A condition variable without the lock: read the generation while holding the lock that guards the
// state, look at the state, drop the lock, then wait for the generation to move on. No wake is lost,
// since a Notify in between has moved it already.
//
//   while (true) {
//     std::uint64_t seen;
//     { MutexLock lock(mutex_); if (ready_) break; seen = changed_.generation(); }
//     if (co_await changed_.Wait(seen, deadline, cancel) != Signal::Woke::kChanged) ...
//   }
//
// Any thread may call any method. The waiter resumes as a job of the executor it waited on. The
// Signal outlives its waiters.
#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/cancel.h"
#include "base/executor.h"
#include "base/thread_annotations.h"

namespace hearth {

class Signal {
 public:
  enum class Woke : std::uint8_t { kChanged, kDeadline, kCancelled };
  class Awaiter;

  Signal() = default;
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  void NotifyAll();

  // Waits until generation() != seen. TimePoint::max() is no deadline.
  Awaiter Wait(std::uint64_t seen, TimePoint deadline = TimePoint::max(), CancelToken cancel = {});

 private:
  struct Waiter;

  std::atomic<std::uint64_t> generation_ = 0;
  Mutex mutex_;
  std::vector<std::shared_ptr<Waiter>> waiters_ GUARDED_BY(mutex_);
};

class [[nodiscard]] Signal::Awaiter {
 public:
  Awaiter(Signal& signal, std::uint64_t seen, TimePoint deadline, CancelToken cancel);
  Awaiter(Awaiter&&) noexcept;
  ~Awaiter();

  bool await_ready();
  // False (go on at once) when the signal moved meanwhile.
  bool await_suspend(std::coroutine_handle<> handle);
  Woke await_resume();

 private:
  Signal& signal_;
  std::uint64_t seen_;
  TimePoint deadline_;
  CancelToken cancel_;
  std::shared_ptr<Waiter> waiter_;
  CancelToken::Registration on_cancel_;
};

}  // namespace hearth
