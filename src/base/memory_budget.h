// MemoryBudget: the bytes in flight that the process may hold (invariant 9).
//
// Whoever is about to allocate for a transfer first takes the bytes here and waits while there are none;
// the Grant gives them back when it is dropped. First come, first served, so that a large request is not
// starved by small ones. Any thread may call; the budget outlives its grants.
#pragma once

#include <cstdint>
#include <deque>

#include "base/result.h"
#include "base/signal.h"
#include "base/task.h"

namespace hearth {

class MemoryBudget {
 public:
  class Grant {
   public:
    Grant() = default;
    Grant(Grant&& other) noexcept;
    Grant& operator=(Grant&& other) noexcept;
    ~Grant() { Release(); }

    std::uint64_t bytes() const { return bytes_; }
    void Release();
    // Gives back what is more than `bytes`.
    void ShrinkTo(std::uint64_t bytes);

   private:
    friend class MemoryBudget;
    Grant(MemoryBudget* budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {}
    MemoryBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  explicit MemoryBudget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // Waits for `bytes` (at most capacity, else kInvalidArgument). kDeadlineExceeded, kCancelled.
  Task<Result<Grant>> Acquire(std::uint64_t bytes, TimePoint deadline, CancelToken cancel);
  // An empty grant (bytes() == 0) if they are not there right now.
  Grant TryAcquire(std::uint64_t bytes);

  std::uint64_t capacity() const { return bytes_max_; }
  std::uint64_t used() const;

 private:
  void Return(std::uint64_t bytes);

  const std::uint64_t bytes_max_;
  mutable Mutex mutex_;
  std::uint64_t used_ GUARDED_BY(mutex_) = 0;
  std::uint64_t next_ticket_ GUARDED_BY(mutex_) = 0;
  std::deque<std::uint64_t> queue_ GUARDED_BY(mutex_);  // tickets that wait, oldest first
  Signal returned_;
};

}  // namespace hearth
