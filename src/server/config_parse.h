// The configuration file: YAML in, fields of a Config out, with every problem and its line.
//
// Walks the table of config_schema.h. Pure but for ReadConfigFile; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "server/config.h"
#include "server/config_problem.h"

namespace hearth::server {

// What a file said, beside the values that it put into the Config.
struct ParsedFile {
  Places places;            // of what it set, for checks that need more than one value
  ConfigProblems problems;  // empty: every single value is good
};

// Stores what `yaml` sets into `config` (which holds the defaults) and leaves the rest. `name` is shown in
// problems. A list that is given replaces the default list. Never throws, whatever the text.
ParsedFile ParseConfigText(std::string_view yaml, const std::string& name, Config& config);

// The text of a configuration file, at most 1 MiB. Errors name the path.
Result<std::string> ReadConfigFile(const std::string& path);

}  // namespace hearth::server
