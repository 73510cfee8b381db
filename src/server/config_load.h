// From defaults, file, environment and flags to the one Config that everything else is built from.
//
// A flag beats the environment, which beats the file, which beats the defaults. Reads the file (blocks), and
// asks nothing else of the world: the surroundings are a value. Any thread; called once at start.
#pragma once

#include <expected>
#include <string>

#include "server/config.h"
#include "server/config_defaults.h"
#include "server/config_problem.h"
#include "server/flags.h"

namespace hearth::server {

struct LoadedConfig {
  Config config;
  ConfigProblems warnings;  // to be logged once
};

// The configuration of a daemon started with `flags`. Every problem of file, environment and flags at once.
std::expected<LoadedConfig, ConfigProblems> LoadConfig(const ServeFlags& flags, const Surroundings& surroundings);

}  // namespace hearth::server
