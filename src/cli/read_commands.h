// `hearth get` and `hearth head`: objects through the cache.
//
// Block; return the exit status. What went wrong is on console.err.
#pragma once

#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/node.h"

namespace hearth::cli {

// A file that is named appears whole or not at all, also after Ctrl-C.
int RunGet(const GetOptions& options, Node& node, const Console& console);

int RunHead(const HeadOptions& options, Node& node, const Console& console);

}  // namespace hearth::cli
