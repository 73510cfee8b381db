// RequestContext: what travels with a request through every layer.
#pragma once

#include <string>

#include "base/cancel.h"
#include "base/executor.h"

namespace hearth {

struct RequestContext {
  std::string request_id;                 // in every answer and log line
  TimePoint deadline = TimePoint::max();  // for the first byte of the answer
  CancelToken cancel;                     // the client has gone
};

}  // namespace hearth
