// `hearth status`, `hearth explain` and `hearth evict`: what a node says and does about its cache.
//
// Block; return the exit status. What went wrong is on console.err.
#pragma once

#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/node.h"

namespace hearth::cli {

int RunStatus(const StatusOptions& options, Node& node, const Console& console);
int RunExplain(const ExplainOptions& options, Node& node, const Console& console);
int RunEvict(const EvictOptions& options, Node& node, const Console& console);

}  // namespace hearth::cli
