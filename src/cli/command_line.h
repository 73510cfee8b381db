// What the user typed, as values: one struct a command. CLI11 stays in the .cc.
//
// Pure; any thread. kInvalidArgument: wrong usage, with the remedy in the message.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/result.h"

namespace hearth::cli {

struct ServeOptions {
  std::vector<std::string> arguments;  // server/flags.h reads them
};
struct GetOptions {
  std::string url;
  std::string file;     // empty or "-": to stdout
  std::string range;    // "A-B", "A-" or "-N" as in a Range header; empty: the whole object
  std::string version;  // empty: the current one
};
struct HeadOptions {
  std::string url;
  std::string version;
  bool json = false;
};
struct ListOptions {
  std::string url;  // NAME://, NAME://BUCKET or NAME://BUCKET/PREFIX
  bool recursive = false;
  bool json = false;
};
struct StatusOptions {
  bool json = false;
};
struct ExplainOptions {
  std::string url;
  bool json = false;
};
struct EvictOptions {
  std::vector<std::string> urls;
  bool json = false;
};
struct VerifyOptions {
  std::string directory;
  bool json = false;
};
struct ConfigCheckOptions {
  std::string file;
  bool json = false;
};
struct DocsOptions {
  std::string page;  // configuration, metrics or s3
};
// Help or version: to be printed, and nothing else done.
struct PrintOptions {
  std::string text;
};

using Command = std::variant<ServeOptions, GetOptions, HeadOptions, ListOptions, StatusOptions, ExplainOptions,
                             EvictOptions, VerifyOptions, ConfigCheckOptions, DocsOptions, PrintOptions>;

// `arguments` without the program's name.
Result<Command> ParseCommandLine(const std::vector<std::string>& arguments);

}  // namespace hearth::cli
