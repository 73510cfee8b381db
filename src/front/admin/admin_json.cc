#include "front/admin/admin_json.h"

#include <nlohmann/json.hpp>

namespace hearth::front {
namespace {

using Json = nlohmann::ordered_json;

// Keys are opaque bytes; what is not UTF-8 is shown with replacement characters.
std::string Dump(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string StatusJson(const NodeStatus& status) {
  Json directories = Json::array();
  for (const DirectoryStatus& each : status.directories) {
    directories.push_back({{"path", each.path},
                           {"state", each.state},
                           {"blocks", each.blocks},
                           {"bytes", each.bytes},
                           {"budget_bytes", each.budget_bytes}});
  }
  Json origins = Json::array();
  for (const OriginStatus& each : status.origins) {
    origins.push_back({{"name", each.name}, {"type", each.type}, {"buckets", each.buckets}});
  }
  return Dump({{"version", status.version},
               {"name", status.name},
               {"uptime_seconds", status.uptime_seconds},
               {"ready", status.ready},
               {"draining", status.draining},
               {"insecure_anonymous", status.insecure_anonymous},
               {"connections", status.connections},
               {"active_requests", status.active_requests},
               {"memory",
                {{"in_flight_bytes", status.memory_in_flight_bytes},
                 {"budget_bytes", status.memory_budget_bytes},
                 {"index_bytes", status.index_memory_bytes}}},
               {"metadata_entries", status.metadata_entries},
               {"cache_dirs", directories},
               {"origins", origins}});
}

std::string MembersJson(const NodeView& node) {
  return Dump({{"view", 1},
               {"self", node.name()},
               {"block_size", node.block_size()},
               {"members", Json::array({{{"name", node.name()},
                                         {"address", node.address()},
                                         {"weight", 1},
                                         {"zone", nullptr},
                                         {"state", node.ready() ? "ready" : "starting"}}})}});
}

std::string ExplainJson(const read::ReadRequest& request, const read::ObjectReader::Explanation& explanation,
                        const NodeView& node) {
  Json json = {{"url", request.key.object.Url()},
               {"origin", request.key.object.origin.value},
               {"known", explanation.meta != nullptr},
               {"version", nullptr},
               {"size", nullptr},
               {"fresh", explanation.fresh},
               {"blocks", Json::array()}};
  if (!explanation.meta) return Dump(json);
  json["version"] = explanation.meta->meta.version.ToString();
  json["size"] = explanation.meta->meta.size;
  json["etag"] = explanation.meta->meta.etag.value;
  for (const auto& block : explanation.blocks) {
    json["blocks"].push_back({{"index", block.index.value},
                              {"owner", node.name()},
                              {"ranks", {node.name()}},
                              {"here", block.present > 0},
                              {"present", block.present}});
  }
  return Dump(json);
}

std::string EvictedJson(const std::vector<Evicted>& evicted) {
  Json list = Json::array();
  for (const Evicted& each : evicted) {
    Json one = {{"url", each.url}, {"blocks", each.blocks}};
    if (!each.error.empty()) one["error"] = each.error;
    list.push_back(std::move(one));
  }
  return Dump({{"evicted", list}});
}

Result<std::vector<std::string>> ParseUrls(std::string_view json) {
  const Json parsed = Json::parse(json, nullptr, false);
  const auto bad = [] {
    return Fail(Code::kInvalidArgument, "the body is to be {\"urls\": [\"NAME://bucket/key\", ...]}");
  };
  if (!parsed.is_object() || !parsed.contains("urls") || !parsed["urls"].is_array()) return bad();
  std::vector<std::string> urls;
  for (const Json& url : parsed["urls"]) {
    if (!url.is_string()) return bad();
    urls.push_back(url.get<std::string>());
  }
  return urls;
}

}  // namespace hearth::front
