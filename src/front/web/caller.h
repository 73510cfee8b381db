// Who is calling, for the gate: from the connection and the headers of a request.
#pragma once

#include "gate/gate.h"
#include "http/server.h"

namespace hearth::front {

// Borrows from the exchange; lives as long as its request.
gate::Caller CallerOf(const http::Exchange& exchange);

}  // namespace hearth::front
