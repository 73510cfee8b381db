#include "server/config_schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "server/config_parse.h"

namespace hearth::server {
namespace {

using ::testing::IsEmpty;

TEST(ConfigSchema, EveryDefaultInTheTableIsTheStructs) {
  // Sets every field to what the table says is its default: nothing may change.
  for (const Section& section : ConfigSchema()) {
    for (const Field& field : section.fields) {
      if (PathOf(section, field) == "origins") continue;  // the default ones stand for an empty list
      std::string yaml = fmt::format("{}: {}", field.name, field.default_text);
      std::string_view parents = section.name;
      while (!parents.empty()) {
        const std::size_t dot = parents.rfind('.');
        yaml = fmt::format("{}: {{{}}}", parents.substr(dot == std::string_view::npos ? 0 : dot + 1), yaml);
        parents = dot == std::string_view::npos ? std::string_view() : parents.substr(0, dot);
      }
      if (section.name.empty()) yaml += "\n";
      Config config;
      const ParsedFile file = ParseConfigText(yaml, "default", config);
      EXPECT_THAT(file.problems, IsEmpty())
          << yaml << ": " << (file.problems.empty() ? "" : file.problems.front().message);
      EXPECT_EQ(config, Config{}) << yaml;
    }
  }
}

TEST(ConfigSchema, EveryDefaultOfARecordsFieldIsTheStructs) {
  const auto reparse = [](std::string_view list, std::string required, const Field& skip) {
    std::string yaml = std::move(required);
    for (const Field& field : skip.record) {
      if (!IsRequired(field)) yaml += fmt::format(", {}: {}", field.name, field.default_text);
    }
    return fmt::format(fmt::runtime(list), fmt::format("{{{}}}", yaml));
  };
  Config config;
  EXPECT_THAT(ParseConfigText(reparse("origins: [{}]", "type: s3", *FindField("origins")), "f", config).problems,
              IsEmpty());
  EXPECT_EQ(config.origins, std::vector<origin::OriginSpec>{{}});
  EXPECT_THAT(ParseConfigText(reparse("freshness: [{}]", "match: x", *FindField("freshness")), "f", config).problems,
              IsEmpty());
  EXPECT_EQ(config.freshness, std::vector<FreshnessRule>{{.match = "x"}});
  EXPECT_THAT(
      ParseConfigText(reparse("cache: {{dirs: [{}]}}", "path: /x", *FindField("cache.dirs")), "f", config).problems,
      IsEmpty());
  EXPECT_EQ(config.cache.dirs, (std::vector<CacheDirConfig>{{.path = "/x", .size = {}}}));
}

TEST(ConfigSchema, EveryRowIsComplete) {
  std::set<std::string> paths;
  const auto check = [](const Field& field) {
    EXPECT_FALSE(field.help.empty()) << field.name;
    EXPECT_FALSE(AllowedText(field).empty()) << field.name;
    EXPECT_NE(field.bind, nullptr) << field.name;
    EXPECT_EQ(field.kind == Kind::kRecords, !field.record.empty()) << field.name;
  };
  for (const Section& section : ConfigSchema()) {
    EXPECT_FALSE(section.help.empty());
    for (const Field& field : section.fields) {
      check(field);
      EXPECT_TRUE(paths.insert(PathOf(section, field)).second) << PathOf(section, field);
      EXPECT_EQ(FindField(PathOf(section, field)), &field);
      for (const Field& part : field.record) check(part);
    }
  }
  EXPECT_EQ(FindField("cache.nothing"), nullptr);
}

TEST(ConfigSchema, ChoicesAreInTheOrderOfTheirEnums) {
  Config config;
  for (const auto& [path, text] : {std::pair("cache.eviction", "s3-fifo"), std::pair("cluster.discovery", "etcd"),
                                   std::pair("objects.keys", "session"), std::pair("telemetry.log_level", "error"),
                                   std::pair("telemetry.metrics", "open"), std::pair("telemetry.log_format", "json")}) {
    ASSERT_TRUE(AssignScalar(*FindField(path), &config, text)) << path;
  }
  EXPECT_EQ(config.cache.eviction, Eviction::kS3Fifo);
  EXPECT_EQ(config.cluster.discovery, Discovery::kEtcd);
  EXPECT_EQ(config.objects.keys, KeyLayout::kSession);
  EXPECT_EQ(config.telemetry.log_level, telemetry::Level::kError);
  EXPECT_EQ(config.telemetry.metrics, MetricsAccess::kOpen);
  EXPECT_EQ(config.telemetry.log_format, telemetry::LogFormat::kJson);
}

TEST(ConfigSchema, ATextWithAZeroByteIsRefused) {
  Config config;
  EXPECT_FALSE(AssignScalar(*FindField("objects.storage"), &config, std::string_view("/a\0b", 4)));
}

}  // namespace
}  // namespace hearth::server
