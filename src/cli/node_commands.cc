#include "cli/node_commands.h"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/facts.h"

namespace hearth::cli {
namespace {

Result<http::CallAnswer> Ask(http::CallRequest request, Node& node, const Console& console) {
  request.cancelled = console.interrupted;
  Result<http::CallAnswer> answer = node.Call(std::move(request));
  if (!answer) fmt::print(console.err, "hearth: {}\n", answer.error().message());
  return answer;
}

// Prints what came, as JSON or as text.
int Show(const Result<http::CallAnswer>& answer, bool json, const Console& console) {
  if (!answer) return kFailed;
  std::string text = json ? answer->body : FactsText(answer->body);
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  console.out << text << std::flush;
  return console.out ? kDone : kFailed;
}

// {"evicted": [{"url", "blocks", "error"?}]}: one URL that failed makes the command fail.
bool SomeFailed(const std::string& evicted) {
  const nlohmann::json json = nlohmann::json::parse(evicted, nullptr, false);
  if (!json.is_object() || !json.contains("evicted")) return false;
  return std::ranges::any_of(json["evicted"], [](const nlohmann::json& one) { return one.contains("error"); });
}

}  // namespace

int RunStatus(const StatusOptions& options, Node& node, const Console& console) {
  return Show(Ask({.url = "/_hearth/v1/status"}, node, console), options.json, console);
}

int RunExplain(const ExplainOptions& options, Node& node, const Console& console) {
  return Show(Ask({.url = ExplainTarget(options.url)}, node, console), options.json, console);
}

int RunEvict(const EvictOptions& options, Node& node, const Console& console) {
  http::CallRequest request{.method = "POST", .url = "/_hearth/v1/evict"};
  request.headers.emplace_back("Content-Type", "application/json");
  request.body = nlohmann::json{{"urls", options.urls}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const Result<http::CallAnswer> answer = Ask(std::move(request), node, console);
  const int status = Show(answer, options.json, console);
  return answer && SomeFailed(answer->body) ? kFailed : status;
}

}  // namespace hearth::cli
