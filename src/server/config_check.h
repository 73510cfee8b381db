// What single values cannot show: ranges that depend on other settings, impossible combinations, and
// settings of parts that are not built yet.
//
// Pure; any thread.
#pragma once

#include "server/config.h"
#include "server/config_defaults.h"
#include "server/config_problem.h"

namespace hearth::server {

struct CheckInput {
  const Config& config;  // as it would be used, defaults filled in
  const Places& places;  // what was set, and where
  const Surroundings& surroundings;
  Place file;  // where to point for what was set nowhere
};

struct CheckOutcome {
  ConfigProblems problems;  // each stops the start
  ConfigProblems warnings;  // each is said once; the start goes on
};

CheckOutcome CheckConfig(const CheckInput& input);

}  // namespace hearth::server
