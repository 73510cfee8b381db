// The flags of `serve`: what they are called, what they set, and reading them from a command line.
//
// A flag is one row of a table: its name and the path of the setting that it stands for. Values stay texts
// here; config_load.h gives them meaning, so that flags and file share one set of rules and messages.
// Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/config_problem.h"

namespace hearth::server {

struct FlagInfo {
  std::string_view name;   // "--listen"
  std::string_view value;  // "ADDR:PORT"; empty: the flag takes none
  std::string_view path;   // the setting ("listen"); empty where there is none in the file
  std::string_view help;
};

std::span<const FlagInfo> ServeFlagTable();

struct FlagValue {
  const FlagInfo* flag = nullptr;
  std::string text;  // "true" for flags that take none
};

// A flag that may be given once is there at most once; those of lists (`--origin`) as often as given.
struct ServeFlags {
  std::vector<FlagValue> values;  // in the table's order
  ConfigProblems problems;        // of the command line itself; LoadConfig reports them with its own

  bool Has(std::string_view name) const { return Find(name) != nullptr; }
  const std::string* Find(std::string_view name) const;  // first value of the flag; null if it was not given
};

// Reads the arguments after `serve`. Every unknown flag is a problem, with the nearest known one; the others are read.
ServeFlags ParseServeFlags(std::span<const std::string> arguments);

// What `serve --help` prints below its first lines: one flag a line.
std::string ServeFlagsHelp();

}  // namespace hearth::server
