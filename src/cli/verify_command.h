// `hearth verify DIR`: the offline check of a cache directory. Needs no node, and that none uses the directory.
//
// Returns the exit status: kDone if nothing is wrong, kFailed if something is or the directory is in use,
// kWrongUsage if there is no cache directory.
#pragma once

#include "cli/command_line.h"
#include "cli/console.h"

namespace hearth::cli {

int RunVerify(const VerifyOptions& options, const Console& console);

}  // namespace hearth::cli
