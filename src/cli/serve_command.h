// `hearth serve`: flags and configuration in, a running daemon out.
//
// Blocks until the daemon has ended; returns the exit status.
#pragma once

#include <functional>

#include "cli/command_line.h"
#include "cli/console.h"
#include "server/config.h"
#include "server/config_defaults.h"

namespace hearth::cli {

// server::RunDaemon, or a test's stand-in.
using DaemonRunner = std::function<int(const server::Config&)>;

int RunServe(const ServeOptions& options, const server::Surroundings& surroundings, const Console& console,
             const DaemonRunner& run);

}  // namespace hearth::cli
