#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "server/config_problem.h"

namespace hearth::cli {
namespace {

constexpr std::string_view kHelp = R"(Hearth keeps objects warm near the programs that read them.

A first minute:
  hearth serve --origin file:///data               a node on port 8080; each directory below /data is a bucket
  hearth get file://BUCKET/KEY -o COPY             read an object through it; the second time it is a hit
  hearth explain file://BUCKET/KEY                 which of its blocks are here
  aws --endpoint-url http://127.0.0.1:8080 s3 cp s3://BUCKET/KEY .      the same with any S3 client

Commands:
  serve [FLAGS]               the daemon (hearth serve --help)
  get URL [-o FILE] [--range A-B] [--version V]
                              an object's bytes, through the cache
  head URL [--version V]      what is known of an object
  ls URL [--recursive]        the keys below a prefix (NAME:// alone: the buckets), as the origin lists them
  status                      what the node does
  explain URL                 why an object is or is not here
  evict URL...                drop objects from the cache
  verify DIR                  offline: check every page of a cache directory
  config check FILE           everything that is wrong with a configuration file
  docs configuration|metrics|s3
                              the reference, as Markdown
  --version, --help

URL is NAME://BUCKET/KEY, NAME being an origin's name (s3, gs, file, or as configured). Commands that print facts take
--json. They ask the node on this host by its local socket (HEARTH_LOCAL_SOCKET), else at HEARTH_ENDPOINT
(http://127.0.0.1:8080). Exit status: 0 done, 1 failed, 2 wrong usage or configuration.
)";

std::unexpected<Error> WrongUsage(std::string message) { return Fail(Code::kInvalidArgument, std::move(message)); }

bool IsObjectUrl(std::string_view url) {
  const std::size_t scheme = url.find("://");
  return scheme != std::string_view::npos && scheme > 0 && url.size() > scheme + 3 && url[scheme + 3] != '/';
}

Status CheckUrl(const std::string& url) {
  if (IsObjectUrl(url)) return {};
  return WrongUsage(fmt::format("`{}` is not the URL of an object: NAME://BUCKET/KEY, as in s3://models/a.bin", url));
}

Status CheckListUrl(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string::npos && scheme > 0 && (IsObjectUrl(url) || url.size() == scheme + 3)) return {};
  return WrongUsage(
      fmt::format("`{}` is not NAME://BUCKET/PREFIX, as in s3://models/llama/ (or s3://: the buckets)", url));
}

// Few enough to be a 64-bit number.
bool IsDigits(std::string_view text) {
  return text.size() <= 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Status CheckRange(const std::string& range) {
  if (range.empty()) return {};
  const std::size_t dash = range.find('-');
  const std::string_view first = std::string_view(range).substr(0, dash);
  const std::string_view last = dash == std::string::npos ? "" : std::string_view(range).substr(dash + 1);
  const bool good = dash != std::string::npos && range.size() > 1 && IsDigits(first) && IsDigits(last);
  if (good && (first.empty() || last.empty() || std::stoull(std::string(first)) <= std::stoull(std::string(last))))
    return {};
  return WrongUsage(
      fmt::format("`{}` is not a range: A-B (both included), A- (from A on), -N (the last N bytes)", range));
}

// Everything that a command line can hold, filled by CLI11.
struct Parsed {
  GetOptions get;
  HeadOptions head;
  ListOptions list;
  StatusOptions status;
  ExplainOptions explain;
  EvictOptions evict;
  VerifyOptions verify;
  ConfigCheckOptions check;
  DocsOptions docs;
};

void Define(CLI::App& app, Parsed& parsed) {
  CLI::App* const get = app.add_subcommand("get", "Read an object's bytes through the cache.");
  get->add_option("URL", parsed.get.url, "NAME://BUCKET/KEY")->required();
  get->add_option("-o,--output", parsed.get.file, "Write here (whole or not at all); else to stdout");
  get->add_option("--range", parsed.get.range, "A-B (both included), A-, or -N");
  get->add_option("--version", parsed.get.version, "etag:X, generation:N, version-id:X or label:X");
  CLI::App* const head = app.add_subcommand("head", "What is known of an object.");
  head->add_option("URL", parsed.head.url, "NAME://BUCKET/KEY")->required();
  head->add_option("--version", parsed.head.version, "etag:X, generation:N, version-id:X or label:X");
  head->add_flag("--json", parsed.head.json, "Print JSON");
  CLI::App* const list = app.add_subcommand("ls", "The keys below a prefix, or the buckets of an origin.");
  list->add_option("URL", parsed.list.url, "NAME://BUCKET/PREFIX, or NAME://")->required();
  list->add_flag("-r,--recursive", parsed.list.recursive, "Every key, not only those up to the next slash");
  list->add_flag("--json", parsed.list.json, "Print a JSON object a line");
  CLI::App* const status = app.add_subcommand("status", "What the node does.");
  status->add_flag("--json", parsed.status.json, "Print JSON");
  CLI::App* const explain = app.add_subcommand("explain", "Why an object is or is not here.");
  explain->add_option("URL", parsed.explain.url, "NAME://BUCKET/KEY")->required();
  explain->add_flag("--json", parsed.explain.json, "Print JSON");
  CLI::App* const evict = app.add_subcommand("evict", "Drop objects from the cache.");
  evict->add_option("URL", parsed.evict.urls, "NAME://BUCKET/KEY")->required();
  evict->add_flag("--json", parsed.evict.json, "Print JSON");
  CLI::App* const verify = app.add_subcommand("verify", "Check every page of a cache directory that no node uses.");
  verify->add_option("DIR", parsed.verify.directory, "the cache directory")->required();
  verify->add_flag("--json", parsed.verify.json, "Print JSON");
  CLI::App* const config = app.add_subcommand("config", "Work on configuration files.");
  config->require_subcommand(1);
  CLI::App* const check =
      config->add_subcommand("check", "Everything that is wrong with a file, as the daemon would read it.");
  check->add_option("FILE", parsed.check.file, "the configuration file")->required();
  check->add_flag("--json", parsed.check.json, "Print JSON");
  CLI::App* const docs = app.add_subcommand("docs", "Print a page of the reference, as Markdown.");
  docs->add_option("PAGE", parsed.docs.page, "configuration, metrics or s3")->required();
}

Result<Command> Choose(const CLI::App& app, Parsed parsed) {
  if (app.got_subcommand("get")) {
    HEARTH_TRY(CheckUrl(parsed.get.url));
    HEARTH_TRY(CheckRange(parsed.get.range));
    return std::move(parsed.get);
  }
  if (app.got_subcommand("head")) {
    HEARTH_TRY(CheckUrl(parsed.head.url));
    return std::move(parsed.head);
  }
  if (app.got_subcommand("ls")) {
    HEARTH_TRY(CheckListUrl(parsed.list.url));
    return std::move(parsed.list);
  }
  if (app.got_subcommand("explain")) {
    HEARTH_TRY(CheckUrl(parsed.explain.url));
    return std::move(parsed.explain);
  }
  if (app.got_subcommand("evict")) {
    for (const std::string& url : parsed.evict.urls) HEARTH_TRY(CheckUrl(url));
    return std::move(parsed.evict);
  }
  if (app.got_subcommand("verify")) return std::move(parsed.verify);
  if (app.got_subcommand("config")) return std::move(parsed.check);
  if (app.got_subcommand("docs")) {
    for (const char* page : {"configuration", "metrics", "s3"}) {
      if (parsed.docs.page == page) return std::move(parsed.docs);
    }
    return WrongUsage(fmt::format("there is no page `{}`: configuration, metrics or s3", parsed.docs.page));
  }
  return std::move(parsed.status);
}

Status CheckCommandName(const CLI::App& app, const std::string& name) {
  std::vector<std::string> known{"serve"};
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (std::ranges::find(known, name) != known.end()) return {};
  const std::vector<std::string_view> names(known.begin(), known.end());
  const std::string_view nearest = server::NearestName(name, names);
  return WrongUsage(nearest.empty()
                        ? fmt::format("there is no command `{}` (known: {})", name, server::JoinNames(names))
                        : fmt::format("there is no command `{}`, did you mean {}?", name, nearest));
}

}  // namespace

Result<Command> ParseCommandLine(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return WrongUsage("a command is needed: serve, get, head, status, ... (hearth --help)");
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h" || first == "help") return PrintOptions{std::string(kHelp)};
  if (first == "--version") return PrintOptions{"hearth " HEARTH_VERSION "\n"};
  if (first == "serve") return ServeOptions{{arguments.begin() + 1, arguments.end()}};
  CLI::App app("hearth", "hearth");
  Parsed parsed;
  Define(app, parsed);
  HEARTH_TRY(CheckCommandName(app, first));
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    return PrintOptions{app.help()};
  } catch (const CLI::ParseError& error) {
    return WrongUsage(fmt::format("{} (hearth {} --help)", error.what(), first));
  }
  return Choose(app, std::move(parsed));
}

}  // namespace hearth::cli
