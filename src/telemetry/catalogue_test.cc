#include "telemetry/catalogue.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace hearth::telemetry {
namespace {

std::string Signature(const FamilyInfo& info) {
  std::string text(info.name);
  for (const std::string_view label : info.labels)
    text += (text.size() == info.name.size() ? "{" : ",") + std::string(label);
  return info.labels.size() == 0 ? text : text + "}";
}

TEST(Catalogue, HoldsTheFamiliesThatUsersWerePromised) {
  std::set<std::string> signatures;
  for (const FamilyInfo& info : kFamilies) signatures.insert(Signature(info));
  for (const char* promised :
       {"hearth_client_requests_total{door,operation,code,cache}", "hearth_client_response_bytes_total{door,cache}",
        "hearth_client_request_seconds{door,operation,cache}", "hearth_client_first_byte_seconds{door,cache}",
        "hearth_origin_requests_total{origin,operation,code}", "hearth_origin_response_bytes_total{origin}",
        "hearth_peer_requests_total{direction,code}", "hearth_peer_response_bytes_total{direction}",
        "hearth_cache_bytes{dir}", "hearth_cache_budget_bytes{dir}", "hearth_cache_blocks{dir}",
        "hearth_cache_evicted_blocks_total{dir,reason}", "hearth_cache_corrupt_pages_total{dir}", "hearth_objects",
        "hearth_object_bytes", "hearth_gate_denied_total{reason}", "hearth_members"}) {
    EXPECT_TRUE(signatures.contains(promised)) << promised;
  }
}

TEST(Catalogue, NamesFollowPrometheus) {
  std::set<std::string_view> names;
  for (const FamilyInfo& info : kFamilies) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << info.name;
    EXPECT_EQ(info.name.ends_with("_total"), info.type == Type::kCounter) << info.name;
    EXPECT_EQ(info.name.ends_with("_seconds"), info.type == Type::kHistogram) << info.name;
    EXPECT_TRUE(info.help.ends_with('.')) << info.name;
    EXPECT_EQ(info.help.find('\n'), std::string_view::npos) << info.name;
    EXPECT_EQ(InfoOf(info.family).name, info.name);
  }
}

}  // namespace
}  // namespace hearth::telemetry
