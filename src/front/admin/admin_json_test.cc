#include "front/admin/admin_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace hearth::front {
namespace {

TEST(AdminJson, UrlsAreAListOfStringsUnderUrls) {
  EXPECT_EQ(ParseUrls(R"({"urls":["a://b/c","d://e/f"]})")->size(), 2u);
  EXPECT_TRUE(ParseUrls(R"({"urls":[]})")->empty());
  for (const char* bad : {"", "[]", "{}", R"({"urls":"a"})", R"({"urls":[1]})", "{\"urls\":[\"a\"", "\xff"}) {
    EXPECT_FALSE(ParseUrls(bad).has_value()) << bad;
  }
}

TEST(AdminJson, StatusHasEveryPartOfTheNode) {
  NodeStatus status{.version = "1.2", .ready = true, .memory_budget_bytes = 7};
  status.directories.push_back({.path = "/c", .state = "ok", .blocks = 3, .bytes = 4, .budget_bytes = 5});
  status.origins.push_back({.name = "s3", .type = "s3", .buckets = {"*"}});
  const auto json = nlohmann::json::parse(StatusJson(status));
  EXPECT_EQ(json["version"], "1.2");
  EXPECT_EQ(json["memory"]["budget_bytes"], 7);
  EXPECT_EQ(json["cache_dirs"][0]["blocks"], 3);
  EXPECT_EQ(json["origins"][0]["name"], "s3");
}

TEST(AdminJson, BytesThatAreNotUtf8DoNotBreakIt) {
  EXPECT_TRUE(nlohmann::json::accept(EvictedJson({{.url = "s3://b/\xff\x00k", .blocks = 1, .error = ""}})));
}

}  // namespace
}  // namespace hearth::front
