// The daemon: builds the graph of everything from a Config, runs it, and takes it down in reverse.
#pragma once

namespace hearth::server {

struct Config;

// Blocks until SIGTERM or SIGINT and the drain after it. Returns the program's exit status: 0 after a clean
// end, 1 if it failed, 2 if the configuration asks for what cannot be had (a directory that cannot be made).
int RunDaemon(const Config& config);

}  // namespace hearth::server
