// MeteredOrigin: an origin whose requests and bytes are counted (hearth_origin_*). A decorator, so that no origin
// counts for itself.
#pragma once

#include <memory>

#include "origin/origin.h"
#include "telemetry/metrics.h"

namespace hearth::read {

// `code` is the HTTP status where the origin gave one ("200", "206", "404"), else the error's name.
std::unique_ptr<origin::Origin> MakeMeteredOrigin(std::unique_ptr<origin::Origin> inner, telemetry::Registry& metrics);

}  // namespace hearth::read
