// `hearth ls`: keys below a prefix, or an origin's buckets, as the origin lists them.
//
// Blocks; returns the exit status. Goes through the pages one by one, each printed as it comes: memory is a page's,
// however long the list. What went wrong is on console.err.
#pragma once

#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/node.h"

namespace hearth::cli {

// One line each, as `aws s3 ls` has them, times in UTC:
//   2026-01-02 03:04:05       1234 name        (of the bucket: its creation, and no size)
//                              PRE name/
// Names stand without what comes before the prefix's last slash, with --recursive whole. --json: an object a line.
// Nothing at all below a prefix is a failure, as it is there.
int RunList(const ListOptions& options, Node& node, const Console& console);

}  // namespace hearth::cli
