#include "base/task_scope.h"

namespace hearth {

bool TaskScope::Enter() {
  MutexLock lock(mutex_);
  if (closed_) return false;
  ++running_;
  return true;
}

void TaskScope::Leave() {
  // Notified under the lock: Join may destroy the scope as soon as it has seen zero.
  MutexLock lock(mutex_);
  --running_;
  if (running_ == 0) left_.NotifyAll();
}

Task<void> TaskScope::Run(TaskScope& scope, Task<void> task) {
  {
    // The task's arguments go before it is counted out: after that the owner of what they hold may go.
    Task<void> owned = std::move(task);
    co_await std::move(owned);
  }
  scope.Leave();
}

bool TaskScope::Start(Executor& where, Task<void> task) {
  if (!Enter()) return false;
  where.Post([wrapped = Run(*this, std::move(task))]() mutable { StartDetached(std::move(wrapped)); });
  return true;
}

bool TaskScope::StartHere(Task<void> task) {
  if (!Enter()) return false;
  StartDetached(Run(*this, std::move(task)));
  return true;
}

void TaskScope::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
}

Task<void> TaskScope::Join() {
  while (true) {
    std::uint64_t seen = 0;
    {
      MutexLock lock(mutex_);
      if (running_ == 0) co_return;
      seen = left_.generation();
    }
    co_await left_.Wait(seen);
  }
}

std::size_t TaskScope::running() const {
  MutexLock lock(mutex_);
  return running_;
}

}  // namespace hearth
