#include "base/executor.h"

namespace hearth {
namespace {

thread_local Executor* current_executor = nullptr;

class RealClock final : public Clock {
 public:
  TimePoint Now() const override { return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()); }
  WallTime Wall() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace

const Clock& SystemClock() {
  static const RealClock clock;
  return clock;
}

Executor* Executor::Current() { return current_executor; }

Executor::Scope::Scope(Executor* executor) : previous_(current_executor) { current_executor = executor; }
Executor::Scope::~Scope() { current_executor = previous_; }

}  // namespace hearth
