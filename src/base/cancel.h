// CancelSource and CancelToken: "the one who asked is gone".
//
// The source belongs to whoever starts a request; tokens are copied down with it. Any thread may call
// any method. A callback runs at most once, on the thread that cancels (or at once in OnCancel, when it
// is too late already); it must not wait. Destroying the registration keeps the callback from starting;
// one that runs already on another thread is waited for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace hearth {

class CancelToken {
 public:
  class Registration;

  // A token that is never cancelled.
  CancelToken() = default;

  bool IsCancelled() const;
  [[nodiscard]] Registration OnCancel(std::function<void()> callback) const;

 private:
  friend class CancelSource;
  struct State;
  explicit CancelToken(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

class CancelToken::Registration {
 public:
  Registration() = default;
  Registration(Registration&& other) noexcept;
  Registration& operator=(Registration&& other) noexcept;
  ~Registration();

 private:
  friend class CancelToken;
  Registration(std::shared_ptr<State> state, std::uint64_t id) : state_(std::move(state)), id_(id) {}
  void Release();
  std::shared_ptr<State> state_;
  std::uint64_t id_ = 0;
};

class CancelSource {
 public:
  CancelSource();
  void Cancel();
  CancelToken token() const { return CancelToken(state_); }

 private:
  std::shared_ptr<CancelToken::State> state_;
};

}  // namespace hearth
