#include "cli/program.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <variant>

#include "cli/config_commands.h"
#include "cli/list_command.h"
#include "cli/node_commands.h"
#include "cli/read_commands.h"
#include "cli/verify_command.h"

namespace hearth::cli {
namespace {

struct Runner {
  const ProgramInput& input;
  const Console& console;

  int operator()(const ServeOptions& options) const {
    return RunServe(options, input.surroundings, console, input.daemon);
  }
  int operator()(const ConfigCheckOptions& options) const {
    return RunConfigCheck(options, input.surroundings, console);
  }
  int operator()(const VerifyOptions& options) const { return RunVerify(options, console); }
  int operator()(const DocsOptions& options) const { return RunDocs(options, console); }
  int operator()(const PrintOptions& options) const {
    console.out << options.text << std::flush;
    return console.out ? kDone : kFailed;
  }
  int operator()(const GetOptions& options) const { return WithNode(RunGet, options); }
  int operator()(const HeadOptions& options) const { return WithNode(RunHead, options); }
  int operator()(const ListOptions& options) const { return WithNode(RunList, options); }
  int operator()(const StatusOptions& options) const { return WithNode(RunStatus, options); }
  int operator()(const ExplainOptions& options) const { return WithNode(RunExplain, options); }
  int operator()(const EvictOptions& options) const { return WithNode(RunEvict, options); }

  template <typename Options>
  int WithNode(int (*run)(const Options&, Node&, const Console&), const Options& options) const {
    Node node(input.surroundings, input.call);
    return run(options, node, console);
  }
};

}  // namespace

int RunProgram(const ProgramInput& input, const Console& console) {
  std::vector<std::string> arguments = input.arguments;
  const server::Program program = input.surroundings.program;
  if (program == server::Program::kFlameCache) {
    fmt::print(console.err,
               "flame-cache: the object door comes with a later release; `hearth serve` runs the S3 door\n");
    return kWrongUsage;
  }
  // Under the other name the flags of `serve` stand alone.
  if (program == server::Program::kFrontCache && (arguments.empty() || arguments.front().starts_with('-'))) {
    arguments.insert(arguments.begin(), "serve");
  }
  const Result<Command> command = ParseCommandLine(arguments);
  if (!command) {
    fmt::print(console.err, "hearth: {}\n", command.error().message());
    return kWrongUsage;
  }
  return std::visit(Runner{input, console}, *command);
}

}  // namespace hearth::cli
