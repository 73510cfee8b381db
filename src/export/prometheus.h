// The registry as Prometheus reads it: text exposition format 0.0.4.
//
// Runs the registry's collectors, so on a thread that may. Every family has its HELP and TYPE lines, also before
// it has a series. Bytes of a label value that are not UTF-8 become \xNN, since Prometheus would
// refuse the whole page for one of them.
#pragma once

#include <string>
#include <string_view>

#include "telemetry/metrics.h"

namespace hearth {

inline constexpr std::string_view kPrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

std::string WritePrometheusText(const telemetry::Registry& registry);

}  // namespace hearth
