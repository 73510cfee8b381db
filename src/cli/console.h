// Console: where a command writes, and whether it should stop.
//
// Borrowed from main; one thread.
#pragma once

#include <atomic>
#include <ostream>

namespace hearth::cli {

// The exit statuses of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;  // or wrong configuration

struct Console {
  std::ostream& out;  // what was asked for
  std::ostream& err;  // problems and progress
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  const std::atomic<bool>* interrupted = nullptr;  // set by Ctrl-C
};

}  // namespace hearth::cli
