#include "base/memory_budget.h"

#include <algorithm>
#include <utility>

namespace hearth {

MemoryBudget::Grant::Grant(Grant&& other) noexcept
    : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

MemoryBudget::Grant& MemoryBudget::Grant::operator=(Grant&& other) noexcept {
  if (this != &other) {
    Release();
    budget_ = std::exchange(other.budget_, nullptr);
    bytes_ = std::exchange(other.bytes_, 0);
  }
  return *this;
}

void MemoryBudget::Grant::Release() {
  if (budget_ != nullptr) std::exchange(budget_, nullptr)->Return(std::exchange(bytes_, 0));
}

void MemoryBudget::Grant::ShrinkTo(std::uint64_t bytes) {
  if (budget_ == nullptr || bytes >= bytes_) return;
  budget_->Return(bytes_ - bytes);
  bytes_ = bytes;
}

void MemoryBudget::Return(std::uint64_t bytes) {
  {
    MutexLock lock(mutex_);
    used_ -= bytes;
  }
  returned_.NotifyAll();
}

MemoryBudget::Grant MemoryBudget::TryAcquire(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  if (!queue_.empty() || bytes > bytes_max_ - used_) return {};
  used_ += bytes;
  return {this, bytes};
}

Task<Result<MemoryBudget::Grant>> MemoryBudget::Acquire(std::uint64_t bytes, TimePoint deadline, CancelToken cancel) {
  if (bytes > bytes_max_) co_return Fail(Code::kInvalidArgument, "larger than the memory budget");
  std::uint64_t ticket = 0;
  {
    MutexLock lock(mutex_);
    ticket = next_ticket_++;
    queue_.push_back(ticket);
  }
  Signal::Woke woke = Signal::Woke::kChanged;
  bool granted = false;
  while (true) {
    std::uint64_t seen = 0;
    {
      MutexLock lock(mutex_);
      if (queue_.front() == ticket && bytes <= bytes_max_ - used_) {
        queue_.pop_front();
        used_ += bytes;
        granted = true;
        break;
      }
      if (woke != Signal::Woke::kChanged) {
        std::erase(queue_, ticket);
        break;
      }
      seen = returned_.generation();
    }
    woke = co_await returned_.Wait(seen, deadline, cancel);
  }
  returned_.NotifyAll();  // the next in the queue may fit now
  if (granted) co_return Grant(this, bytes);
  if (woke == Signal::Woke::kCancelled) co_return Fail(Code::kCancelled, "the caller has gone away");
  co_return Fail(Code::kDeadlineExceeded, "no memory in flight became free in time");
}

std::uint64_t MemoryBudget::used() const {
  MutexLock lock(mutex_);
  return used_;
}

}  // namespace hearth
