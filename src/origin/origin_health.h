// OriginHealth: whether an origin answers at all, as its own traffic tells. Pure but for its lock; any thread.
//
//   well --kFailuresMax failures in a row, and nothing heard for kQuietMin--> down --anything heard--> well
//
// While it is down, requests are to fail at once; one probe after the other asks whether it is back
// (steady_origin.h). Anything that the origin says counts as heard, 404 and 403 too: only silence, refusals and 5xx do
// not, and 503 SlowDown is an answer.
#pragma once

#include <chrono>
#include <string>

#include "base/executor.h"
#include "base/result.h"
#include "base/thread_annotations.h"

namespace hearth::origin {

class OriginHealth {
 public:
  static constexpr int kFailuresMax = 5;
  static constexpr Duration kQuietMin = std::chrono::seconds(1);

  // Whether the error says that the origin, rather than the request, is at fault.
  static bool IsFailure(const Error& error);

  void NoteHeard(TimePoint now);
  // True: this one made it down, and a prober is to be started.
  bool NoteFailed(TimePoint now, const Error& error);

  bool down() const;
  // Why requests fail now: since when, and the last error.
  Error DownError(TimePoint now) const;

 private:
  mutable Mutex mutex_;
  int failures_ GUARDED_BY(mutex_) = 0;  // in a row
  bool down_ GUARDED_BY(mutex_) = false;
  TimePoint heard_ GUARDED_BY(mutex_){};
  TimePoint down_since_ GUARDED_BY(mutex_){};
  std::string last_error_ GUARDED_BY(mutex_);
};

}  // namespace hearth::origin
