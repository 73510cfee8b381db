// BlockOn: runs a task on an executor and waits for it, from a thread that is no executor's: start, stop and tools.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/task.h"

namespace hearth {

namespace block_on_internal {
struct Done {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
};
template <typename T>
Task<void> Run(Task<T> task, std::optional<T>& result, Done& done) {
  result.emplace(co_await std::move(task));
  const std::lock_guard lock(done.mutex);
  done.done = true;
  done.changed.notify_all();
}
inline Task<void> RunVoid(Task<void> task, Done& done) {
  co_await std::move(task);
  const std::lock_guard lock(done.mutex);
  done.done = true;
  done.changed.notify_all();
}
inline void StartAndWait(Executor& executor, Task<void> task, Done& done) {
  HEARTH_CHECK(Executor::Current() == nullptr);
  executor.Post([task = std::move(task)]() mutable { StartDetached(std::move(task)); });
  std::unique_lock lock(done.mutex);
  done.changed.wait(lock, [&] { return done.done; });
}
}  // namespace block_on_internal

template <typename T>
T BlockOn(Executor& executor, Task<T> task) {
  block_on_internal::Done done;
  std::optional<T> result;
  block_on_internal::StartAndWait(executor, block_on_internal::Run(std::move(task), result, done), done);
  return std::move(*result);
}

inline void BlockOn(Executor& executor, Task<void> task) {
  block_on_internal::Done done;
  block_on_internal::StartAndWait(executor, block_on_internal::RunVoid(std::move(task), done), done);
}

}  // namespace hearth
