#include "server/config_load.h"

#include <fmt/format.h>
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

class ConfigLoad : public testing::Test {
 protected:
  ConfigLoad()
      : path_((std::filesystem::path(testing::TempDir()) /
               fmt::format("{}.yaml", testing::UnitTest::GetInstance()->current_test_info()->name()))
                  .string()) {
    surroundings_.memory_limit = 4_GiB;
    surroundings_.cpus = 3;
    surroundings_.working_directory = "/srv";
  }
  ~ConfigLoad() override { std::filesystem::remove(path_); }

  void File(std::string_view yaml) { std::ofstream(path_) << yaml; }

  // Loads with the file (if there is one) and these flags.
  void Load(std::vector<std::string> arguments = {}) {
    if (std::filesystem::exists(path_)) arguments.insert(arguments.begin(), {"--config", path_});
    auto loaded = LoadConfig(ParseServeFlags(arguments), surroundings_);
    config_.reset();
    problems_.clear();
    warnings_.clear();
    if (!loaded) {
      for (const ConfigProblem& problem : loaded.error()) problems_.push_back(Short(problem));
      return;
    }
    config_ = std::move(loaded->config);
    for (const ConfigProblem& warning : loaded->warnings) warnings_.push_back(Short(warning));
  }

  std::string Short(const ConfigProblem& problem) const {
    std::string text = problem.ToString();
    if (text.starts_with(path_)) text.replace(0, path_.size(), "f");
    return text;
  }

  const std::string path_;
  Surroundings surroundings_;
  std::optional<Config> config_;
  std::vector<std::string> problems_;
  std::vector<std::string> warnings_;
};

TEST_F(ConfigLoad, WithoutAnythingGivenTheDefaultsAreFilledIn) {
  Load();
  ASSERT_TRUE(config_);
  EXPECT_THAT(warnings_, IsEmpty());
  EXPECT_EQ(config_->cache.memory, 1_GiB);
  EXPECT_EQ(config_->loops, 3U);
  ASSERT_THAT(config_->origins, SizeIs(2));
  EXPECT_EQ(config_->origins[0].name, "s3");
  EXPECT_EQ(config_->origins[1].name, "gs");
  ASSERT_THAT(config_->freshness, SizeIs(1));
  EXPECT_EQ(config_->freshness[0], (FreshnessRule{.match = "*"}));
}

TEST_F(ConfigLoad, AFlagBeatsTheFile) {
  File("listen: 127.0.0.1:1\ncache: {dirs: [/file], block_size: 4MiB}\norigins: [{type: s3, name: from-file}]\n");
  Load();
  ASSERT_TRUE(config_);
  EXPECT_EQ(config_->listen, "127.0.0.1:1");
  EXPECT_EQ(config_->origins.at(0).name, "from-file");
  Load({"--listen", "127.0.0.1:2", "--cache-dirs", "/flag,below/here", "--block-size=8MiB", "--origin",
        "file:///data?name=d", "--origin", "s3+http://h:9000", "--log-level", "warn", "--ready-file", "r.json",
        "--insecure-anonymous"});
  ASSERT_TRUE(config_);
  EXPECT_EQ(config_->listen, "127.0.0.1:2");
  EXPECT_EQ(config_->cache.block_size, 8_MiB);
  ASSERT_THAT(config_->cache.dirs, SizeIs(2));
  EXPECT_EQ(config_->cache.dirs[0].path, "/flag");
  EXPECT_EQ(config_->cache.dirs[1].path, "/srv/below/here");
  ASSERT_THAT(config_->origins, SizeIs(2));
  EXPECT_EQ(config_->origins[0].name, "d");
  EXPECT_EQ(config_->origins[0].directory, "/data");
  EXPECT_EQ(config_->origins[1].endpoint, "http://h:9000");
  EXPECT_EQ(config_->telemetry.log_level, telemetry::Level::kWarn);
  EXPECT_EQ(config_->ready_file, "/srv/r.json");
  EXPECT_TRUE(config_->gate.insecure_anonymous);
}

TEST_F(ConfigLoad, TheEnvironmentNamesTheFileUnlessAFlagDoes) {
  File("listen: 127.0.0.1:1\n");
  surroundings_.environment["HEARTH_CONFIG"] = path_;
  const auto loaded = LoadConfig({}, surroundings_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.listen, "127.0.0.1:1");
  surroundings_.environment["HEARTH_CONFIG"] = "/does/not/exist.yaml";
  Load();
  EXPECT_TRUE(config_);
  const auto missing = LoadConfig({}, surroundings_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().front().ToString(),
              AllOf(StartsWith("environment HEARTH_CONFIG: /does/not/exist.yaml"), HasSubstr("No such file")));
}

TEST_F(ConfigLoad, ProblemsOfFileAndFlagsComeTogether) {
  File("cache:\n  block_sise: 4MiB\n  low_watermark: 99%\n");
  Load({"--listen", "nowhere", "--block-size", "3MiB", "--origin", "ftp://x", "--cache-dirs", "/a,,/b", "--lable=x"});
  EXPECT_FALSE(config_);
  EXPECT_THAT(
      problems_,
      ::testing::UnorderedElementsAre(
          AllOf(StartsWith("f:2: unknown setting `cache.block_sise`"), HasSubstr("did you mean cache.block_size?")),
          AllOf(StartsWith("f:3: cache.low_watermark"), HasSubstr("high_watermark (95%)")),
          AllOf(StartsWith("--listen: `nowhere`")), AllOf(StartsWith("--block-size: cache.block_size: is 3MiB")),
          StartsWith("--origin: "), HasSubstr("did you mean --label?"),
          AllOf(StartsWith("--cache-dirs: "), HasSubstr("empty directory"))));
}

TEST_F(ConfigLoad, TheLastFreshnessRuleAlwaysMatchesEverything) {
  File("freshness: [{match: 's3://a/*', mode: immutable}]\n");
  Load();
  ASSERT_TRUE(config_);
  ASSERT_THAT(config_->freshness, SizeIs(2));
  EXPECT_EQ(config_->freshness[1], (FreshnessRule{.match = "*"}));
  File("freshness: [{match: '*', mode: always}]\n");
  Load();
  ASSERT_TRUE(config_);
  EXPECT_THAT(config_->freshness, SizeIs(1));
}

TEST_F(ConfigLoad, AFileOriginsEndpointIsItsDirectory) {
  File("origins: [{type: file, endpoint: /data/}, {type: file, name: b, endpoint: 'file:///other'}]\n");
  Load();
  ASSERT_TRUE(config_);
  EXPECT_EQ(config_->origins[0].name, "file");
  EXPECT_EQ(config_->origins[0].directory, "/data");
  EXPECT_EQ(config_->origins[1].directory, "/other");
  EXPECT_EQ(config_->origins[1].endpoint, "");
}

TEST_F(ConfigLoad, FrontcacheOpensTheObjectDoorOnlyIfConfigured) {
  Load();
  EXPECT_TRUE(config_->objects.enabled);
  surroundings_.program = Program::kFrontCache;
  Load();
  EXPECT_FALSE(config_->objects.enabled);
  EXPECT_EQ(config_->cache.dirs.front().path, "/tmp/frontcache");
  Load({"--storage", "objects"});
  EXPECT_TRUE(config_->objects.enabled);
  EXPECT_EQ(config_->objects.storage, "/srv/objects");
}

TEST_F(ConfigLoad, FrontcacheInsideAPodNeedsKeysAndSecretAndSaysSo) {
  surroundings_.program = Program::kFrontCache;
  surroundings_.environment["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
  Load();
  EXPECT_THAT(problems_, ElementsAre(AllOf(HasSubstr("gate.keys_file"), HasSubstr("--insecure-anonymous")),
                                     HasSubstr("cluster.secret_file")));
  Load({"--insecure-anonymous"});
  EXPECT_THAT(problems_, ElementsAre(HasSubstr("cluster.secret_file")))
      << "the flag replaces the keys, never the secret";
  File("gate: {keys_file: /keys.yaml}\ncluster: {secret_file: /secret}\n");
  Load();
  ASSERT_TRUE(config_);
  EXPECT_EQ(config_->cluster.discovery, Discovery::kKubernetes);
  EXPECT_EQ(config_->cluster.label, "app=frontcache");
  File("cluster: {discovery: none}\n");
  Load();
  EXPECT_TRUE(config_) << "the file may say that it stands alone";
}

TEST_F(ConfigLoad, ALabelMeansKubernetesInsideAPodOnly) {
  Load({"--label", "app=x"});
  ASSERT_TRUE(config_);
  EXPECT_EQ(config_->cluster.discovery, Discovery::kNone);
  EXPECT_EQ(config_->cluster.label, "app=x");
  EXPECT_THAT(warnings_, ElementsAre(StartsWith("--label: cluster: ")));
  surroundings_.environment["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
  Load({"--label", "app=x"});
  EXPECT_THAT(problems_, SizeIs(2));
}

TEST_F(ConfigLoad, PartsThatComeLaterAreWarnedOfOncePerSection) {
  File(
      "objects: {listen: ':9091', max_bytes: 1GiB}\ncluster: {weight: 2, zone: a}\n"
      "gate: {keys_file: /k, grants: [], tls: {cert: /c, key: /k}}\ncache: {eviction: s3-fifo}\n"
      "origins: [{type: http, endpoint: 'https://h/base'}]\n");
  surroundings_.environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://c:4317";
  Load();
  ASSERT_TRUE(config_);
  EXPECT_THAT(warnings_, ::testing::UnorderedElementsAre(
                             StartsWith("f:1: objects: "), StartsWith("f:2: cluster: "),
                             AllOf(StartsWith("f:3: gate: "), HasSubstr("gate.grants, gate.keys_file, gate.tls")),
                             StartsWith("f:5: origins[0]: "), StartsWith("environment OTEL_EXPORTER_OTLP_ENDPOINT: ")));
}

}  // namespace
}  // namespace hearth::server
