#include "origin/origin_health.h"

namespace hearth::origin {

bool OriginHealth::IsFailure(const Error& error) {
  const RemoteError* remote = error.remote();
  if (remote != nullptr) return remote->status >= 500 && error.code() != Code::kThrottled;
  return error.code() == Code::kUnavailable || error.code() == Code::kDeadlineExceeded;
}

void OriginHealth::NoteHeard(TimePoint now) {
  MutexLock lock(mutex_);
  failures_ = 0;
  down_ = false;
  heard_ = now;
}

bool OriginHealth::NoteFailed(TimePoint now, const Error& error) {
  MutexLock lock(mutex_);
  ++failures_;
  last_error_ = error.message();
  // An origin that is refused for a moment, in the middle of good answers, is not down.
  if (down_ || failures_ < kFailuresMax || now - heard_ < kQuietMin) return false;
  down_ = true;
  down_since_ = now;
  return true;
}

bool OriginHealth::down() const {
  MutexLock lock(mutex_);
  return down_;
}

Error OriginHealth::DownError(TimePoint now) const {
  MutexLock lock(mutex_);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - down_since_).count();
  return {Code::kUnavailable, "the origin has not answered for " + std::to_string(seconds) +
                                  " s and is being probed; last: " + last_error_};
}

}  // namespace hearth::origin
