// The program: from its arguments to an exit status.
//
// What it needs of the world is handed in, so that tests run it as it is.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/node.h"
#include "cli/serve_command.h"
#include "server/config_defaults.h"

namespace hearth::cli {

struct ProgramInput {
  std::vector<std::string> arguments;  // without the program's name
  server::Surroundings surroundings;
  Caller call;          // how nodes are asked
  DaemonRunner daemon;  // what `serve` runs
};

int RunProgram(const ProgramInput& input, const Console& console);

}  // namespace hearth::cli
