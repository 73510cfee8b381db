#include "cli/serve_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "cli/config_commands.h"
#include "server/config_load.h"
#include "server/flags.h"
#include "telemetry/log.h"

namespace hearth::cli {
namespace {

constexpr std::string_view kServeHelp =
    R"(hearth serve: the daemon. Any S3 client reads through it: endpoint http://HOST:8080, path-style addressing.

  hearth serve                                     caches what it reads from S3, with the AWS names of the environment
  hearth serve --origin s3+http://minio:9000       another S3 server
  hearth serve --config hearth.yaml                everything else (hearth docs configuration)

A flag beats the environment, which beats the file. SIGTERM ends it once what is under way has been answered.

)";

// The daemon's first log lines, in its own format.
void LogWarnings(const server::LoadedConfig& loaded) {
  const server::TelemetryConfig& telemetry = loaded.config.telemetry;
  telemetry::Logger logger({.level = telemetry.log_level, .format = telemetry.log_format});
  for (const server::ConfigProblem& warning : loaded.warnings) {
    logger.Warn("configuration", {{"place", warning.place.ToString()}, {"what", warning.message}});
  }
}

}  // namespace

int RunServe(const ServeOptions& options, const server::Surroundings& surroundings, const Console& console,
             const DaemonRunner& run) {
  const server::ServeFlags flags = server::ParseServeFlags(options.arguments);
  if (flags.Has("--help")) {
    console.out << kServeHelp << server::ServeFlagsHelp() << std::flush;
    return kDone;
  }
  if (flags.Has("--version")) {
    console.out << "hearth " HEARTH_VERSION << std::endl;
    return kDone;
  }
  const auto loaded = server::LoadConfig(flags, surroundings);
  if (!loaded) {
    PrintProblems(loaded.error(), console);
    if (!flags.problems.empty()) fmt::print(console.err, "hearth serve --help shows what is known\n");
    return kWrongUsage;
  }
  LogWarnings(*loaded);
  return run(loaded->config);
}

}  // namespace hearth::cli
