#include "base/cancel.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace hearth {

// A plain std::mutex: the condition variable needs it, and the analysis cannot follow the hand-over
// of a callback out of the lock.
struct CancelToken::State {
  std::atomic<bool> cancelled = false;
  std::mutex mutex;
  std::condition_variable finished;
  std::map<std::uint64_t, std::function<void()>> callbacks;
  std::uint64_t next_id = 1;
  std::uint64_t running = 0;  // id of the callback that runs now
  std::thread::id runner;
};

bool CancelToken::IsCancelled() const { return state_ && state_->cancelled.load(std::memory_order_acquire); }

CancelToken::Registration CancelToken::OnCancel(std::function<void()> callback) const {
  if (!state_) return {};
  std::unique_lock lock(state_->mutex);
  if (state_->cancelled.load(std::memory_order_acquire)) {
    lock.unlock();
    callback();
    return {};
  }
  const std::uint64_t id = state_->next_id++;
  state_->callbacks.emplace(id, std::move(callback));
  return {state_, id};
}

CancelToken::Registration::Registration(Registration&& other) noexcept
    : state_(std::move(other.state_)), id_(std::exchange(other.id_, 0)) {}

CancelToken::Registration& CancelToken::Registration::operator=(Registration&& other) noexcept {
  if (this != &other) {
    Release();
    state_ = std::move(other.state_);
    id_ = std::exchange(other.id_, 0);
  }
  return *this;
}

CancelToken::Registration::~Registration() { Release(); }

void CancelToken::Registration::Release() {
  if (!state_ || id_ == 0) return;
  // Dropped after the lock: what a callback holds may own a registration of the same token.
  decltype(state_->callbacks)::node_type dropped;
  std::unique_lock lock(state_->mutex);
  dropped = state_->callbacks.extract(id_);
  if (state_->runner != std::this_thread::get_id()) {
    state_->finished.wait(lock, [&] { return state_->running != id_; });
  }
  id_ = 0;
}

CancelSource::CancelSource() : state_(std::make_shared<CancelToken::State>()) {}

void CancelSource::Cancel() {
  const std::shared_ptr<CancelToken::State> state = state_;
  std::unique_lock lock(state->mutex);
  if (state->cancelled.exchange(true, std::memory_order_acq_rel)) return;
  state->runner = std::this_thread::get_id();
  while (!state->callbacks.empty()) {
    auto node = state->callbacks.extract(state->callbacks.begin());
    state->running = node.key();
    lock.unlock();
    node.mapped()();
    node.mapped() = nullptr;  // without the lock, as in Release
    lock.lock();
    state->running = 0;
    state->finished.notify_all();
  }
  state->runner = {};
}

}  // namespace hearth
