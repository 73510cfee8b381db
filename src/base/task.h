// Task<T>: a lazy coroutine. It runs when it is awaited, on the thread that awaits it, and goes on
// there until it awaits something that switches executor.
//
// Rules (docs/adr/0001-engine.md):
// - a Task is awaited exactly once, by co_await std::move(task) or directly;
// - whatever suspends resumes on the executor that was current when it suspended, unless it is
//   ResumeOn(executor), which is how a coroutine moves;
// - name every argument before co_await and move it in; no capturing lambda is a coroutine;
// - dropping a Task that was never awaited drops its arguments; a Task that was started runs to its
//   end, and ends early only by noticing its CancelToken.
// Exceptions do not cross: one that escapes a task's body aborts the program.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "base/check.h"
#include "base/executor.h"

namespace hearth {

template <typename T>
class Task;

namespace task_internal {

struct PromiseBase {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
      return self.promise().continuation;
    }
    void await_resume() noexcept {}
  };

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { std::terminate(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <typename U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
};

}  // namespace task_internal

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
    handle_.promise().continuation = awaiting;
    return handle_;
  }
  T await_resume() {
    if constexpr (!std::is_void_v<T>) {
      HEARTH_CHECK(handle_.promise().value.has_value());
      return std::move(*handle_.promise().value);
    }
  }

 private:
  Handle handle_;
};

namespace task_internal {
template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

// A coroutine that owns itself: the bottom of every detached chain.
struct Detached {
  struct promise_type {
    Detached get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};
inline Detached RunDetached(Task<void> task) { co_await std::move(task); }
}  // namespace task_internal

// Starts `task` at once on the calling thread and forgets it: it owns itself and must end by itself.
// Prefer TaskScope (base/task_scope.h), which can be waited for.
inline void StartDetached(Task<void> task) { task_internal::RunDetached(std::move(task)); }

// co_await ResumeOn(executor): goes on as a job of `executor`.
class ResumeOn {
 public:
  explicit ResumeOn(Executor& executor) : executor_(executor) {}
  bool await_ready() const noexcept { return Executor::Current() == &executor_; }
  void await_suspend(std::coroutine_handle<> handle) const {
    executor_.Post([handle] { handle.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Executor& executor_;
};

// Runs `work()` as a job of `where` and comes back to the executor that called.
// This is how a blocking call leaves an event loop.
template <typename Work>
Task<std::invoke_result_t<Work&>> RunOn(Executor& where, Work work) {
  Executor* home = Executor::Current();
  HEARTH_CHECK(home != nullptr);
  co_await ResumeOn(where);
  if constexpr (std::is_void_v<std::invoke_result_t<Work&>>) {
    work();
    co_await ResumeOn(*home);
  } else {
    auto result = work();
    co_await ResumeOn(*home);
    co_return result;
  }
}

// co_await Yield(): lets the other jobs of the current executor go first.
class Yield {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const {
    Executor::Current()->Post([handle] { handle.resume(); });
  }
  void await_resume() const noexcept {}
};

// co_await SleepFor(duration): a timer of the current executor. Not cancellable; for short waits.
class SleepFor {
 public:
  explicit SleepFor(Duration duration) : duration_(duration) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) const {
    Executor::Current()->PostAfter(duration_, [handle] { handle.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Duration duration_;
};

}  // namespace hearth
