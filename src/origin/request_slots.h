// RequestSlots: how many requests may wait for an origin's answer at once; as many as it bears.
//
// The limit grows by one for each limit's worth of answers and shrinks by a third when the origin says 503 SlowDown or
// 429, or answers much later than it used to; not twice within kShrinkPause, since one overload makes many such
// answers. A slot is held until the answer's headers are there: a transfer that is under way asks for nothing.
// Any thread may call any method; slots may outlive nothing but must go before this does.
#pragma once

#include <chrono>
#include <cstddef>
#include <utility>

#include "base/result.h"
#include "base/signal.h"
#include "base/task.h"

namespace hearth::origin {

class RequestSlots {
 public:
  struct Options {
    double initial = 64;
    double min = 4;
    double max = 512;
  };
  static constexpr Duration kShrinkPause = std::chrono::milliseconds(500);

  class Slot {
   public:
    Slot() = default;
    Slot(Slot&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)) {}
    Slot& operator=(Slot&& other) noexcept;
    ~Slot() { Release(); }
    void Release();

   private:
    friend class RequestSlots;
    explicit Slot(RequestSlots* slots) : slots_(slots) {}
    RequestSlots* slots_ = nullptr;
  };

  explicit RequestSlots(Options options) : options_(options), limit_(options.initial) {}

  // Waits for a slot. kDeadlineExceeded, kCancelled.
  Task<Result<Slot>> Acquire(TimePoint deadline, CancelToken cancel);
  void NoteAnswered();
  void NoteOverload(TimePoint now);

  std::size_t limit() const;
  std::size_t used() const;

 private:
  bool TryTake(std::uint64_t& seen);

  const Options options_;
  mutable Mutex mutex_;
  double limit_ GUARDED_BY(mutex_);
  std::size_t used_ GUARDED_BY(mutex_) = 0;
  TimePoint shrunk_ GUARDED_BY(mutex_){};
  Signal freed_;
};

}  // namespace hearth::origin
