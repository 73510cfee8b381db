#include "cli/node_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/cli_for_test.h"

namespace hearth::cli {
namespace {

using ::testing::HasSubstr;

class NodeCommands : public testing::Test {
 protected:
  FakeNode fake_{.body = R"({"version":"0.1.0","cache":[{"dir":"/a","blocks":3}]})"};
  TestConsole test_;
  Node node_{server::Surroundings{}, fake_.caller()};
};

TEST_F(NodeCommands, StatusIsTextForPeopleAndJsonOnRequest) {
  EXPECT_EQ(RunStatus({}, node_, test_.console), kDone);
  EXPECT_EQ(test_.out.str(), "version  0.1.0\ncache\n  dir  blocks\n  /a   3\n");
  test_.out.str("");
  EXPECT_EQ(RunStatus({.json = true}, node_, test_.console), kDone);
  EXPECT_EQ(test_.out.str(), fake_.body + "\n");
  EXPECT_THAT(fake_.requests[0].url, HasSubstr("/_hearth/v1/status"));
}

TEST_F(NodeCommands, ExplainNamesTheUrl) {
  EXPECT_EQ(RunExplain({.url = "s3://b/k"}, node_, test_.console), kDone);
  EXPECT_THAT(fake_.requests[0].url, HasSubstr("/_hearth/v1/explain?url=s3%3A%2F%2Fb%2Fk"));
}

TEST_F(NodeCommands, EvictPostsTheUrls) {
  EXPECT_EQ(RunEvict({.urls = {"s3://b/k", "s3://b/\"x\xff"}}, node_, test_.console), kDone);
  EXPECT_EQ(fake_.requests[0].method, "POST");
  const auto json = nlohmann::json::parse(fake_.requests[0].body);
  EXPECT_EQ(json["urls"][0], "s3://b/k");
}

TEST_F(NodeCommands, EvictFailsIfOneUrlDid) {
  fake_.body = R"({"evicted":[{"url":"s3://b/k","blocks":1},{"url":"x://b/k","blocks":0,"error":"no such origin"}]})";
  EXPECT_EQ(RunEvict({.urls = {"s3://b/k", "x://b/k"}}, node_, test_.console), kFailed);
  EXPECT_THAT(test_.out.str(), HasSubstr("no such origin"));
}

TEST_F(NodeCommands, ARefusalFailsAndSaysWhy) {
  fake_.status = 403;
  fake_.body = R"({"message":"administration needs the Unix socket"})";
  EXPECT_EQ(RunEvict({.urls = {"s3://b/k"}}, node_, test_.console), kFailed);
  EXPECT_THAT(test_.err.str(), HasSubstr("administration needs the Unix socket (HTTP 403)"));
  EXPECT_EQ(test_.out.str(), "");
}

}  // namespace
}  // namespace hearth::cli
