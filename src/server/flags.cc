#include "server/flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "server/config_value.h"

namespace hearth::server {
namespace {

constexpr std::array kFlags{
    FlagInfo{"--config", "FILE", "", "The configuration file (or HEARTH_CONFIG)."},
    FlagInfo{"--listen", "ADDR:PORT", "listen", "Address of the S3 door; port 0 picks a free one."},
    FlagInfo{"--cache-dirs", "A,B", "cache.dirs", "Directories for cached blocks, separated by commas."},
    FlagInfo{"--label", "SELECTOR", "cluster.label", "Find the other nodes by this label of their Kubernetes pods."},
    FlagInfo{"--origin", "URL", "origins",
             "Where objects live (s3, gs, s3+http://HOST:PORT, file:///DIR, ...); repeatable, in "
             "place of the file's origins."},
    FlagInfo{"--flight-listen", "ADDR:PORT", "objects.listen", "Address of the object door."},
    FlagInfo{"--storage", "DIR|URL", "objects.storage", "Where the object door keeps its objects."},
    FlagInfo{"--block-size", "SIZE", "cache.block_size", "Unit of caching, a power of two from 1MiB to 64MiB."},
    FlagInfo{"--insecure-anonymous", "", "gate.insecure_anonymous",
             "Serve everybody who can reach the listeners, without keys."},
    FlagInfo{"--log-level", "LEVEL", "telemetry.log_level", "debug, info, warn or error."},
    FlagInfo{"--ready-file", "FILE", "", "Write the addresses there as JSON once ready."},
    FlagInfo{"--version", "", "", "Print the version and leave."},
    FlagInfo{"--help", "", "", "Print this and leave."},
};

constexpr bool IsRepeatable(const FlagInfo& flag) { return flag.path == "origins"; }

// What CLI11 could not place: misspelt flags (and their values), and words that belong nowhere.
ConfigProblems DescribeExtras(const std::vector<std::string>& extras) {
  std::vector<std::string_view> names;
  std::ranges::transform(kFlags, std::back_inserter(names), &FlagInfo::name);
  ConfigProblems problems;
  bool after_unknown = false;
  for (const std::string& extra : extras) {
    const std::string name = extra.substr(0, extra.find('='));
    if (!extra.starts_with('-')) {
      // The word after an unknown flag is most likely its value, not a mistake of its own.
      if (!after_unknown)
        problems.push_back({{.source = "command line"}, fmt::format("unexpected argument {}", Quote(extra))});
      after_unknown = false;
      continue;
    }
    after_unknown = name.size() == extra.size();
    const std::string_view nearest = NearestName(name, names);
    const std::string hint =
        nearest.empty() ? fmt::format(" (known: {})", JoinNames(names)) : fmt::format(", did you mean {}?", nearest);
    problems.push_back({{.source = "command line"}, fmt::format("unknown flag {}{}", Quote(name), hint)});
  }
  return problems;
}

}  // namespace

std::span<const FlagInfo> ServeFlagTable() { return kFlags; }

const std::string* ServeFlags::Find(std::string_view name) const {
  const auto found = std::ranges::find(values, name, [](const FlagValue& value) { return value.flag->name; });
  return found == values.end() ? nullptr : &found->text;
}

ServeFlags ParseServeFlags(std::span<const std::string> arguments) {
  CLI::App app;
  app.set_help_flag();  // ours is a flag like the others
  app.allow_extras();
  std::map<std::string_view, std::vector<std::string>> given;
  std::map<std::string_view, bool> switched;
  for (const FlagInfo& flag : kFlags) {
    if (flag.value.empty()) {
      app.add_flag(std::string(flag.name) + (flag.name == "--help" ? ",-h" : ""), switched[flag.name]);
      continue;
    }
    // One text each time, without CLI11's own splitting: a comma may be part of a URL.
    app.add_option(std::string(flag.name), given[flag.name])
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    return {.values = {}, .problems = {{{.source = "command line"}, error.what()}}};
  }
  ServeFlags flags{.values = {}, .problems = DescribeExtras(app.remaining())};
  for (const FlagInfo& flag : kFlags) {
    if (switched[flag.name]) flags.values.push_back({&flag, "true"});
    const std::vector<std::string>& texts = given[flag.name];
    if (texts.size() > 1 && !IsRepeatable(flag)) {
      flags.problems.push_back(
          {{.source = std::string(flag.name)}, fmt::format("was given {} times; once is allowed", texts.size())});
    }
    for (const std::string& text : texts) flags.values.push_back({&flag, text});
  }
  return flags;
}

std::string ServeFlagsHelp() {
  std::string help;
  for (const FlagInfo& flag : kFlags) {
    help += fmt::format("  {:<28}{}\n", fmt::format("{} {}", flag.name, flag.value), flag.help);
  }
  return help;
}

}  // namespace hearth::server
