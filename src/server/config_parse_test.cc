#include "server/config_parse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace hearth::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct Parsed {
  Config config;
  std::vector<std::string> problems;
  Places places;
};

Parsed Parse(std::string_view yaml) {
  Parsed parsed;
  ParsedFile file = ParseConfigText(yaml, "f", parsed.config);
  for (const ConfigProblem& problem : file.problems) parsed.problems.push_back(problem.ToString());
  parsed.places = std::move(file.places);
  return parsed;
}

TEST(ParseConfigText, AnEmptyFileSetsNothing) {
  for (const char* text : {"", "\n\n", "# only a comment\n", "---\n", "cache:\n", "cache: {}\n"}) {
    const Parsed parsed = Parse(text);
    EXPECT_THAT(parsed.problems, IsEmpty()) << text;
    EXPECT_EQ(parsed.config, Config{}) << text;
  }
}

TEST(ParseConfigText, PutsEachValueInItsPlace) {
  const Parsed parsed = Parse(R"(
listen: 127.0.0.1:0
hosts: [cache.example.com, b]
congestion_control: cubic
loops: 3
cache:
  dirs: [/a, {path: /b, size: 500GiB}, {path: /c, size: 50%}]
  block_size: 4MiB
  eviction: s3-fifo
  memory: 1GiB
  high_watermark: 80%
freshness:
  - {match: "s3://models/*", mode: immutable}
  - {match: "*", ttl: 5s, stale_if_error: 0s}
origins:
  - {name: minio, type: s3, endpoint: http://minio:9000, buckets: [a*, b], style: virtual}
  - {type: file, endpoint: /data}
gate: {tls: {cert: /c.pem, key: /k.pem}, insecure_anonymous: true}
telemetry: {log_format: json, log_level: debug, metrics: open}
)");
  EXPECT_THAT(parsed.problems, IsEmpty());
  const Config& config = parsed.config;
  EXPECT_EQ(config.listen, "127.0.0.1:0");
  EXPECT_THAT(config.hosts, ElementsAre("cache.example.com", "b"));
  EXPECT_EQ(config.congestion_control, "cubic");
  EXPECT_EQ(config.loops, 3U);
  ASSERT_THAT(config.cache.dirs, SizeIs(3));
  EXPECT_EQ(config.cache.dirs[0], (CacheDirConfig{.path = "/a", .size = {}}));
  EXPECT_EQ(config.cache.dirs[1].size.bytes, 500_GiB);
  EXPECT_DOUBLE_EQ(config.cache.dirs[2].size.share.fraction, 0.5);
  EXPECT_EQ(config.cache.block_size, 4_MiB);
  EXPECT_EQ(config.cache.eviction, Eviction::kS3Fifo);
  EXPECT_EQ(config.cache.memory, 1_GiB);
  EXPECT_DOUBLE_EQ(config.cache.high_watermark.fraction, 0.8);
  ASSERT_THAT(config.freshness, SizeIs(2));
  EXPECT_EQ(config.freshness[0].mode, FreshnessMode::kImmutable);
  EXPECT_EQ(config.freshness[1].mode, FreshnessMode::kTtl);
  EXPECT_EQ(config.freshness[1].ttl, std::chrono::seconds(5));
  EXPECT_EQ(config.freshness[1].stale_if_error, Duration::zero());
  ASSERT_THAT(config.origins, SizeIs(2));
  EXPECT_EQ(config.origins[0].name, "minio");
  EXPECT_EQ(config.origins[0].style, origin::S3Style::kVirtual);
  EXPECT_THAT(config.origins[0].buckets, ElementsAre("a*", "b"));
  EXPECT_EQ(config.origins[1].type, origin::OriginType::kFile);
  EXPECT_EQ(config.gate.tls.key, "/k.pem");
  EXPECT_TRUE(config.gate.insecure_anonymous);
  EXPECT_EQ(config.telemetry.log_format, telemetry::LogFormat::kJson);
  EXPECT_EQ(config.telemetry.log_level, telemetry::Level::kDebug);
  EXPECT_EQ(config.telemetry.metrics, MetricsAccess::kOpen);
}

TEST(ParseConfigText, RemembersWhereEachValueStood) {
  const Parsed parsed = Parse("listen: 127.0.0.1:0\ncache:\n  block_size: 4MiB\norigins:\n  - type: s3\n    name: a\n");
  EXPECT_EQ(parsed.places.at("listen").line, 1);
  EXPECT_EQ(parsed.places.at("cache.block_size").line, 3);
  EXPECT_EQ(parsed.places.at("origins[0]").line, 5);
  EXPECT_EQ(parsed.places.at("origins[0].name").line, 6);
  EXPECT_FALSE(parsed.places.contains("cache.memory"));
}

TEST(ParseConfigText, ReportsEverythingThatIsWrongAtOnce) {
  const Parsed parsed = Parse(R"(listen: everywhere
cach:
  block_size: 4MiB
cache:
  block_size: 16MB
  blocksize: 1MiB
  eviction: lfu
  high_watermark: 1.2
  purge_interval: 10
freshness:
  - {mode: sometimes}
gate:
  trust_loopback: maybe
)");
  EXPECT_THAT(
      parsed.problems,
      ElementsAre(
          AllOf(StartsWith("f:1: listen: `everywhere`"), HasSubstr("ADDR:PORT")),
          AllOf(StartsWith("f:2: unknown setting `cach`"), HasSubstr("did you mean cache?")),
          AllOf(StartsWith("f:5: cache.block_size: `16MB` is not a size"), HasSubstr("KiB, MiB, GiB or TiB")),
          AllOf(StartsWith("f:6: unknown setting `cache.blocksize`"), HasSubstr("did you mean cache.block_size?")),
          AllOf(StartsWith("f:7: cache.eviction: `lfu` is not known"), HasSubstr("w-tinylfu, lru, s3-fifo"),
                HasSubstr("did you mean lru?")),
          AllOf(StartsWith("f:8: cache.high_watermark"), HasSubstr("100%")),
          AllOf(StartsWith("f:9: cache.purge_interval"), HasSubstr("ms, s, m or h")),
          AllOf(StartsWith("f:11: freshness[0].mode: `sometimes`"), HasSubstr("immutable, ttl, always")),
          AllOf(StartsWith("f:11: freshness[0]: needs `match`")),
          AllOf(StartsWith("f:13: gate.trust_loopback: `maybe`"), HasSubstr("true or false"))));
}

TEST(ParseConfigText, PointsToTheRightSectionOfAMisplacedSetting) {
  EXPECT_THAT(Parse("block_size: 16MiB\n").problems, ElementsAre(HasSubstr("did you mean cache.block_size?")));
  EXPECT_THAT(Parse("cache: {listen: ':80'}\n").problems, ElementsAre(HasSubstr("did you mean listen?")));
  EXPECT_THAT(Parse("tls: {}\n").problems, ElementsAre(HasSubstr("did you mean gate.tls?")));
}

TEST(ParseConfigText, ASettingGivenTwiceIsAProblem) {
  EXPECT_THAT(Parse("listen: ':1'\nlisten: ':2'\n").problems, ElementsAre("f:2: listen: was set in line 1 already"));
  EXPECT_THAT(Parse("cache: {}\ncache: {}\n").problems, ElementsAre("f:2: cache: was set in line 1 already"));
}

TEST(ParseConfigText, ShapesThatDoNotFitAreProblems) {
  EXPECT_THAT(Parse("- a\n").problems, ElementsAre(HasSubstr("must be a map")));
  EXPECT_THAT(Parse("cache: 5\n").problems, ElementsAre(HasSubstr("cache: must be a map")));
  EXPECT_THAT(Parse("listen: [a]\n").problems, ElementsAre(HasSubstr("listen: must be one value")));
  EXPECT_THAT(Parse("hosts: a\n").problems, ElementsAre(HasSubstr("hosts: must be a list")));
  EXPECT_THAT(Parse("hosts: [[a]]\n").problems, ElementsAre(HasSubstr("hosts: must hold plain texts")));
  EXPECT_THAT(Parse("hosts: ['']\n").problems, ElementsAre(HasSubstr("empty text")));
  EXPECT_THAT(Parse("origins: s3\n").problems, ElementsAre(HasSubstr("origins: must be a list of origins")));
  EXPECT_THAT(Parse("origins: [s3]\n").problems, ElementsAre(HasSubstr("origins[0]: must be a map with name, type")));
  EXPECT_THAT(Parse("{[a]: b}\n").problems, ElementsAre(HasSubstr("a name must be a plain text")));
  EXPECT_THAT(Parse("listen: ''\n").problems, ElementsAre(HasSubstr("listen: is empty")));
  EXPECT_THAT(Parse("gate: {grants: [{who: anonymous, allow: [fly], scope: ['admin:']}]}\n").problems,
              ElementsAre(HasSubstr("read, write, list, admin")));
}

TEST(ParseConfigText, OnlyWhatMayBeUnsetTakesNull) {
  EXPECT_THAT(Parse("cache: {memory: null}\nloops: ~\ngate: {tls: {cert: null}}\n").problems, IsEmpty());
  EXPECT_THAT(Parse("cache: {block_size: null}\n").problems, ElementsAre(HasSubstr("cache.block_size: needs a value")));
  EXPECT_THAT(Parse("listen:\n").problems, ElementsAre(HasSubstr("listen: needs a value")));
}

TEST(ParseConfigText, WhatIsNoYamlIsOneProblemWithItsLine) {
  EXPECT_THAT(Parse("listen: ':1'\ncache: [\n").problems,
              ElementsAre(AllOf(StartsWith("f:"), HasSubstr("is not YAML"))));
  EXPECT_THAT(Parse("a: b: c\n").problems, ElementsAre(AllOf(StartsWith("f:1: "), HasSubstr("is not YAML"))));
  EXPECT_THAT(Parse("--- {}\n--- {}\n").problems,
              ElementsAre(AllOf(StartsWith("f:2: "), HasSubstr("a second document"))));
  EXPECT_THAT(Parse(", listen: ':1'\n").problems, ElementsAre(HasSubstr("does not fit")));
}

TEST(ParseConfigText, DeepNestingAndAliasesDoNoHarm) {
  EXPECT_THAT(Parse("a: " + std::string(100000, '[')).problems, SizeIs(1));
  EXPECT_THAT(Parse(std::string(100000, '{')).problems, SizeIs(1));
  const Parsed parsed = Parse("hosts: &names [a]\ncache: {dirs: &d [/a]}\norigins: [{type: s3, buckets: *names}]\n");
  EXPECT_THAT(parsed.problems, IsEmpty());
  EXPECT_THAT(parsed.config.origins.at(0).buckets, ElementsAre("a"));
}

TEST(ParseConfigText, ReadsTheExampleWithEverySettingInIt) {
  const auto path =
      std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "docs" / "examples" / "hearth.yaml";
  const Result<std::string> text = ReadConfigFile(path.string());
  ASSERT_TRUE(text) << text.error().message();
  const Parsed parsed = Parse(*text);
  EXPECT_THAT(parsed.problems, IsEmpty());
  // What the example shows are the defaults, but for these.
  Config expected;
  expected.hosts = {"cache.example.com"};
  expected.freshness = {{.match = "s3://models/*", .mode = FreshnessMode::kImmutable}, {.match = "*"}};
  expected.origins = {{.name = "s3", .region = "us-east-1"}};
  expected.cluster.members = {"10.0.0.1:8080"};
  expected.cluster.name = "hearth.default.svc";
  expected.gate.grants = {
      {.who = "key:AKIA...", .from = {}, .allow = {"read", "list"}, .scope = {"s3://models/*"}},
      {.who = "anonymous", .from = {"10.0.0.0/8"}, .allow = {"read", "write"}, .scope = {"objects:team-a/*"}}};
  EXPECT_EQ(parsed.config, expected);
}

TEST(ReadConfigFile, AMissingFileADirectoryAndAHugeFileAreErrors) {
  const std::filesystem::path directory(testing::TempDir());
  EXPECT_EQ(ReadConfigFile((directory / "none.yaml").string()).error().code(), Code::kNotFound);
  EXPECT_FALSE(ReadConfigFile(directory.string()));
  const std::filesystem::path huge = directory / "huge.yaml";
  std::ofstream(huge) << std::string((1 << 20) + 1, '#');
  EXPECT_FALSE(ReadConfigFile(huge.string()));
  std::ofstream(huge) << std::string(1 << 20, '#');
  EXPECT_TRUE(ReadConfigFile(huge.string()));
  std::filesystem::remove(huge);
}

}  // namespace
}  // namespace hearth::server
