#include "cli/config_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/cli_for_test.h"
#include "export/metrics_doc.h"
#include "front/s3/operation_doc.h"
#include "server/config_markdown.h"

namespace hearth::cli {
namespace {

using ::testing::HasSubstr;

class ConfigCommands : public testing::Test {
 protected:
  int Check(const std::string& yaml, bool json = false) {
    directory_.Write("f.yaml", yaml);
    return RunConfigCheck({.file = directory_.At("f.yaml"), .json = json}, server::Surroundings{}, test_.console);
  }
  const TestDirectory directory_;
  TestConsole test_;
};

TEST_F(ConfigCommands, AGoodFileIsCalledGood) {
  EXPECT_EQ(Check("listen: 127.0.0.1:0\n"), kDone);
  EXPECT_THAT(test_.out.str(), HasSubstr("f.yaml: good\n"));
}

TEST_F(ConfigCommands, WarningsAreShownAndAreNoProblem) {
  EXPECT_EQ(Check("\nobjects: {keys: session}\n"), kDone);
  EXPECT_THAT(test_.out.str(), HasSubstr("f.yaml:2: warning: objects: "));
}

TEST_F(ConfigCommands, EveryProblemIsALineAndTheStatusIsTwo) {
  EXPECT_EQ(Check("lisen: 1\ncache: {block_size: 3MiB}\n"), kWrongUsage);
  EXPECT_THAT(test_.err.str(), HasSubstr("f.yaml:1: unknown setting `lisen`, did you mean listen?"));
  EXPECT_THAT(test_.err.str(), HasSubstr("f.yaml:2: cache.block_size: is 3MiB"));
  EXPECT_THAT(test_.err.str(), HasSubstr("2 problems"));
}

TEST_F(ConfigCommands, JsonHasPlaceAndLineOfEachProblem) {
  EXPECT_EQ(Check("lisen: 1\n", true), kWrongUsage);
  const auto json = nlohmann::json::parse(test_.out.str());
  EXPECT_EQ(json["good"], false);
  EXPECT_EQ(json["problems"][0]["line"], 1);
  EXPECT_EQ(json["problems"][0]["place"], directory_.At("f.yaml"));
  EXPECT_TRUE(json["warnings"].empty());
}

TEST_F(ConfigCommands, AMissingFileIsWrongUsage) {
  EXPECT_EQ(RunConfigCheck({.file = directory_.At("none")}, server::Surroundings{}, test_.console), kWrongUsage);
  EXPECT_THAT(test_.err.str(), HasSubstr("No such file"));
}

TEST_F(ConfigCommands, DocsPrintsThePages) {
  EXPECT_EQ(RunDocs({.page = "configuration"}, test_.console), kDone);
  EXPECT_EQ(test_.out.str(), server::ConfigurationMarkdown());
  test_.out.str("");
  EXPECT_EQ(RunDocs({.page = "metrics"}, test_.console), kDone);
  EXPECT_EQ(test_.out.str(), MetricsMarkdown());
  test_.out.str("");
  EXPECT_EQ(RunDocs({.page = "s3"}, test_.console), kDone);
  EXPECT_EQ(test_.out.str(), front::OperationsMarkdown());
}

}  // namespace
}  // namespace hearth::cli
