// TokenBucket: a share of the traffic: what may be done besides, for every request that is done anyway.
//
// Retries get a tenth of a token for each request, hedges a twentieth: so they add at most that share to what an origin
// is asked, however bad its day is, and a short burst when it was well. Any thread; nothing waits.
#pragma once

#include <algorithm>

#include "base/thread_annotations.h"

namespace hearth::origin {

class TokenBucket {
 public:
  // `share`: tokens earned by each Earn(). Starts full, with `tokens_max`.
  TokenBucket(double share, double tokens_max) : share_(share), tokens_max_(tokens_max), tokens_(tokens_max) {}

  void Earn() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    tokens_ = std::min(tokens_max_, tokens_ + share_);
  }
  // One token, if there is one.
  bool TryTake() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  const double share_;
  const double tokens_max_;
  Mutex mutex_;
  double tokens_ GUARDED_BY(mutex_);
};

}  // namespace hearth::origin
