#include "cli/verify_command.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cache/verify_directory.h"
#include "io/file_system.h"

namespace hearth::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string ReportJson(const std::string& directory, const cache::VerifyReport& report) {
  Json problems = Json::array();
  for (const auto& problem : report.problems) problems.push_back({{"path", problem.path}, {"what", problem.what}});
  const Json json = {{"dir", directory},
                     {"clean", report.clean()},
                     {"blocks", report.blocks},
                     {"blocks_partial", report.blocks_partial},
                     {"blocks_unfinished", report.blocks_unfinished},
                     {"bytes_checked", report.bytes_checked},
                     {"pages_corrupt", report.pages_corrupt},
                     {"files_foreign", report.files_foreign},
                     {"index_records", report.index_records},
                     {"metadata_records", report.metadata_records},
                     {"log_bytes_dropped", report.log_bytes_dropped},
                     {"problems", problems}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

void PrintReport(const std::string& directory, const cache::VerifyReport& report, const Console& console) {
  fmt::print(console.out, "{}: {} blocks ({} partial, {} unfinished), {} bytes checked\n", directory, report.blocks,
             report.blocks_partial, report.blocks_unfinished, report.bytes_checked);
  fmt::print(console.out, "index records {}, metadata records {}, unfinished log bytes {}, foreign files {}\n",
             report.index_records, report.metadata_records, report.log_bytes_dropped, report.files_foreign);
  for (const auto& problem : report.problems) fmt::print(console.out, "{}: {}\n", problem.path, problem.what);
  fmt::print(console.out, "{}\n",
             report.clean()
                 ? "nothing is wrong"
                 : fmt::format("{} problems, {} corrupt pages", report.problems.size(), report.pages_corrupt));
}

}  // namespace

int RunVerify(const VerifyOptions& options, const Console& console) {
  std::error_code ignored;
  const std::string directory = std::filesystem::absolute(options.directory, ignored).lexically_normal().string();
  const Result<std::unique_ptr<io::FileSystem>> files = io::OpenPosixFileSystem(directory, {.create = false});
  if (!files) {
    fmt::print(console.err, "hearth: {}\n", files.error().message());
    return kWrongUsage;
  }
  const auto go_on = [&](std::uint64_t blocks) {
    if (console.err_is_terminal && blocks % 64 == 0) fmt::print(console.err, "\r{} blocks", blocks);
    return console.interrupted == nullptr || !console.interrupted->load(std::memory_order_relaxed);
  };
  const Result<cache::VerifyReport> report = cache::VerifyDirectory(**files, go_on);
  if (console.err_is_terminal) fmt::print(console.err, "\r");
  if (!report) {
    fmt::print(console.err, "hearth: {}: {}\n", directory, report.error().message());
    return report.error().code() == Code::kNotFound ? kWrongUsage : kFailed;
  }
  if (options.json) {
    fmt::print(console.out, "{}\n", ReportJson(directory, *report));
  } else {
    PrintReport(directory, *report, console);
  }
  console.out.flush();
  return report->clean() ? kDone : kFailed;
}

}  // namespace hearth::cli
