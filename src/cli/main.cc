#include <unistd.h>

#include <atomic>
#include <csignal>
#include <iostream>

#include "cli/program.h"
#include "http/blocking_call.h"
#include "server/daemon.h"

namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set by a signal handler");

void Interrupt(int) { interrupted.store(true, std::memory_order_relaxed); }

// The daemon waits for its signals itself, and a second one is to end it at once.
int RunDaemon(const hearth::server::Config& config) {
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  return hearth::server::RunDaemon(config);
}

}  // namespace

int main(int argc, char** argv) {
  // A reader of ours that has gone (`hearth get URL | head`) is an error of the write, not our death.
  std::signal(SIGPIPE, SIG_IGN);
  // Commands stop and clean up.
  std::signal(SIGINT, Interrupt);
  std::signal(SIGTERM, Interrupt);
  std::ios::sync_with_stdio(false);
  const hearth::cli::Console console{.out = std::cout,
                                     .err = std::cerr,
                                     .out_is_terminal = isatty(STDOUT_FILENO) == 1,
                                     .err_is_terminal = isatty(STDERR_FILENO) == 1,
                                     .interrupted = &interrupted};
  const hearth::cli::ProgramInput input{.arguments = {argv + 1, argv + argc},
                                        .surroundings = hearth::server::ReadSurroundings(argv[0], environ),
                                        .call = hearth::http::BlockingCall,
                                        .daemon = RunDaemon};
  return hearth::cli::RunProgram(input, console);
}
