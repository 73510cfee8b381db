#include "cli/config_commands.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "export/metrics_doc.h"
#include "front/s3/operation_doc.h"
#include "server/config_load.h"
#include "server/config_markdown.h"

namespace hearth::cli {
namespace {

using Json = nlohmann::ordered_json;

Json ProblemsJson(const server::ConfigProblems& problems) {
  Json list = Json::array();
  for (const server::ConfigProblem& problem : problems) {
    Json& entry = list.emplace_back(Json{{"place", problem.place.source}});
    if (problem.place.line > 0) entry["line"] = problem.place.line;
    entry["message"] = problem.message;
  }
  return list;
}

void PrintJson(const std::string& file, const server::ConfigProblems& problems, const server::ConfigProblems& warnings,
               const Console& console) {
  const Json facts{{"file", file},
                   {"good", problems.empty()},
                   {"problems", ProblemsJson(problems)},
                   {"warnings", ProblemsJson(warnings)}};
  console.out << facts.dump(2, ' ', false, Json::error_handler_t::replace) << std::endl;
}

}  // namespace

void PrintProblems(const server::ConfigProblems& problems, const Console& console) {
  for (const server::ConfigProblem& problem : problems) fmt::print(console.err, "{}\n", problem.ToString());
}

int RunConfigCheck(const ConfigCheckOptions& options, const server::Surroundings& surroundings,
                   const Console& console) {
  const std::vector<std::string> arguments{"--config", options.file};
  const auto loaded = server::LoadConfig(server::ParseServeFlags(arguments), surroundings);
  if (options.json) {
    PrintJson(options.file, loaded ? server::ConfigProblems() : loaded.error(),
              loaded ? loaded->warnings : server::ConfigProblems(), console);
    return loaded ? kDone : kWrongUsage;
  }
  if (!loaded) {
    PrintProblems(loaded.error(), console);
    fmt::print(console.err, "{}: {} problem{}\n", options.file, loaded.error().size(),
               loaded.error().size() == 1 ? "" : "s");
    return kWrongUsage;
  }
  for (const server::ConfigProblem& warning : loaded->warnings) {
    fmt::print(console.out, "{}: warning: {}\n", warning.place.ToString(), warning.message);
  }
  fmt::print(console.out, "{}: good\n", options.file);
  return kDone;
}

int RunDocs(const DocsOptions& options, const Console& console) {
  console.out << (options.page == "metrics" ? MetricsMarkdown()
                  : options.page == "s3"    ? front::OperationsMarkdown()
                                            : server::ConfigurationMarkdown())
              << std::flush;
  return console.out ? kDone : kFailed;
}

}  // namespace hearth::cli
