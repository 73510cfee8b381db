// `hearth config check` and `hearth docs`: what needs no running node.
//
// Return the exit status.
#pragma once

#include "cli/command_line.h"
#include "cli/console.h"
#include "server/config_defaults.h"
#include "server/config_problem.h"

namespace hearth::cli {

// Reads FILE as `hearth serve --config FILE` would. Problems: kWrongUsage.
int RunConfigCheck(const ConfigCheckOptions& options, const server::Surroundings& surroundings, const Console& console);

int RunDocs(const DocsOptions& options, const Console& console);

// One problem a line, as `serve` and `config check` print them.
void PrintProblems(const server::ConfigProblems& problems, const Console& console);

}  // namespace hearth::cli
