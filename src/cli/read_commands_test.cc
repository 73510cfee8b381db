#include "cli/read_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/cli_for_test.h"

namespace hearth::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ReadCommands : public testing::Test {
 protected:
  int Get(const GetOptions& options) {
    Node node(server::Surroundings{}, fake_.caller());
    return RunGet(options, node, test_.console);
  }
  int Head(const HeadOptions& options) {
    Node node(server::Surroundings{}, fake_.caller());
    return RunHead(options, node, test_.console);
  }

  FakeNode fake_{.body = "the object's bytes"};
  TestConsole test_;
  const TestDirectory directory_;
};

TEST_F(ReadCommands, GetWritesTheBytesToStdout) {
  EXPECT_EQ(Get({.url = "s3://b/k"}), kDone);
  EXPECT_EQ(test_.out.str(), "the object's bytes");
  EXPECT_EQ(test_.err.str(), "");
  ASSERT_EQ(fake_.requests.size(), 1U);
  EXPECT_THAT(fake_.requests[0].url, HasSubstr("/_hearth/v1/object?url=s3%3A%2F%2Fb%2Fk"));
  EXPECT_THAT(fake_.requests[0].headers, IsEmpty());
}

TEST_F(ReadCommands, GetWritesTheFileWhole) {
  EXPECT_EQ(Get({.url = "s3://b/k", .file = directory_.At("f")}), kDone);
  EXPECT_EQ(directory_.Read("f"), "the object's bytes");
  EXPECT_THAT(directory_.Names(), ElementsAre("f"));
  EXPECT_EQ(test_.out.str(), "");
}

TEST_F(ReadCommands, GetMakesAnEmptyFileOfAnEmptyObject) {
  fake_.body = "";
  EXPECT_EQ(Get({.url = "s3://b/k", .file = directory_.At("f")}), kDone);
  EXPECT_THAT(directory_.Names(), ElementsAre("f"));
}

TEST_F(ReadCommands, ATransferThatBreaksLeavesNoFile) {
  fake_.cut_at = 5;
  EXPECT_EQ(Get({.url = "s3://b/k", .file = directory_.At("f")}), kFailed);
  EXPECT_THAT(directory_.Names(), IsEmpty());
  EXPECT_THAT(test_.err.str(), HasSubstr("s3://b/k: the transfer was cut"));
}

TEST_F(ReadCommands, AnAnswerWhoseEndCannotBeKnownLeavesNoFile) {
  fake_.announce_length = false;
  EXPECT_EQ(Get({.url = "s3://b/k", .file = directory_.At("f")}), kFailed);
  EXPECT_THAT(directory_.Names(), IsEmpty());
}

TEST_F(ReadCommands, AnErrorOfTheNodeLeavesWhatWasThere) {
  directory_.Write("f", "before");
  fake_.status = 404;
  fake_.body = R"({"message": "no such object"})";
  EXPECT_EQ(Get({.url = "s3://b/k", .file = directory_.At("f")}), kFailed);
  EXPECT_EQ(directory_.Read("f"), "before");
  EXPECT_THAT(test_.err.str(), HasSubstr("no such object (HTTP 404)"));
  EXPECT_EQ(test_.out.str(), "");
}

TEST_F(ReadCommands, APlaceThatCannotBeWrittenCostsNoTransfer) {
  EXPECT_EQ(Get({.url = "s3://b/k", .file = directory_.At("none/f")}), kFailed);
  EXPECT_THAT(fake_.requests, IsEmpty());
}

TEST_F(ReadCommands, ARangeIsAskedForAndNothingElseIsTaken) {
  fake_.status = 206;
  EXPECT_EQ(Get({.url = "s3://b/k", .range = "0-17", .version = "etag:x"}), kDone);
  EXPECT_THAT(fake_.requests[0].headers, ElementsAre(Pair("Range", "bytes=0-17")));
  EXPECT_THAT(fake_.requests[0].url, HasSubstr("&version=etag%3Ax"));
  fake_.status = 200;
  EXPECT_EQ(Get({.url = "s3://b/k", .range = "0-3"}), kFailed);
  EXPECT_EQ(test_.out.str(), "the object's bytes") << "once, from the first call";
}

TEST_F(ReadCommands, ProgressIsShownOnlyToATerminal) {
  Console console{.out = test_.out, .err = test_.err, .err_is_terminal = true};
  Node node(server::Surroundings{}, fake_.caller());
  EXPECT_EQ(RunGet({.url = "s3://b/k", .file = directory_.At("f")}, node, console), kDone);
  EXPECT_THAT(test_.err.str(), HasSubstr("100%"));
}

TEST_F(ReadCommands, HeadPrintsTheHeaders) {
  fake_.headers = {{"ETag", "\"a\""}, {"Content-Length", "18"}};
  EXPECT_EQ(Head({.url = "s3://b/k"}), kDone);
  EXPECT_THAT(test_.out.str(), HasSubstr("ETag            \"a\""));
  EXPECT_EQ(fake_.requests[0].method, "HEAD");
}

TEST_F(ReadCommands, HeadPrintsJsonOnRequest) {
  fake_.headers = {{"ETag", "\"a\""}};
  EXPECT_EQ(Head({.url = "s3://b/k", .json = true}), kDone);
  const auto json = nlohmann::json::parse(test_.out.str());
  EXPECT_EQ(json["url"], "s3://b/k");
  EXPECT_EQ(json["headers"]["ETag"], "\"a\"");
}

TEST_F(ReadCommands, HeadOfNothingFails) {
  fake_.status = 404;
  EXPECT_EQ(Head({.url = "s3://b/k"}), kFailed);
  EXPECT_THAT(test_.err.str(), HasSubstr("there is no such object"));
}

}  // namespace
}  // namespace hearth::cli
