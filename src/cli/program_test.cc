#include "cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "cli/cli_for_test.h"

namespace hearth::cli {
namespace {

using ::testing::HasSubstr;

class RunProgramAs : public testing::Test {
 protected:
  int Run(std::vector<std::string> arguments, std::string_view name = "hearth") {
    ProgramInput input{.arguments = std::move(arguments),
                       .surroundings = {},
                       .call = fake_.caller(),
                       .daemon = [this](const server::Config& config) {
                         served_ = config;
                         return daemon_status_;
                       }};
    input.surroundings.program = server::ProgramOf(name);
    return RunProgram(input, test_.console);
  }

  FakeNode fake_{.body = "{}"};
  TestConsole test_;
  std::optional<server::Config> served_;
  int daemon_status_ = 0;
};

TEST_F(RunProgramAs, ServeRunsTheDaemonAndLeavesWithItsStatus) {
  daemon_status_ = 1;
  EXPECT_EQ(Run({"serve", "--listen", "127.0.0.1:0", "--cache-dirs", "/a"}), 1);
  ASSERT_TRUE(served_);
  EXPECT_EQ(served_->listen, "127.0.0.1:0");
  EXPECT_EQ(served_->cache.dirs.front().path, "/a");
}

TEST_F(RunProgramAs, FrontcacheServesWithoutTheWord) {
  EXPECT_EQ(Run({"--listen", "127.0.0.1:0", "--label", "app=frontcache"}, "/usr/bin/frontcache"), kDone);
  ASSERT_TRUE(served_);
  EXPECT_EQ(served_->cache.dirs.front().path, "/tmp/frontcache");
  EXPECT_FALSE(served_->objects.enabled);
  served_.reset();
  EXPECT_EQ(Run({}, "frontcache"), kDone);
  EXPECT_TRUE(served_);
}

TEST_F(RunProgramAs, FlameCacheSaysThatItsDoorComesLater) {
  EXPECT_EQ(Run({}, "flame-cache"), kWrongUsage);
  EXPECT_THAT(test_.err.str(), HasSubstr("the object door comes with a later release"));
  EXPECT_FALSE(served_);
}

TEST_F(RunProgramAs, CommandsReachTheNode) {
  EXPECT_EQ(Run({"status"}), kDone);
  EXPECT_EQ(Run({"explain", "s3://b/k"}), kDone);
  EXPECT_EQ(Run({"evict", "s3://b/k"}), kDone);
  EXPECT_EQ(Run({"get", "s3://b/k"}), kDone);
  EXPECT_EQ(Run({"head", "s3://b/k"}), kDone);
  EXPECT_EQ(fake_.requests.size(), 5U);
}

TEST_F(RunProgramAs, WrongUsageIsTwoAndHelpIsZero) {
  EXPECT_EQ(Run({}), kWrongUsage);
  EXPECT_EQ(Run({"fly"}), kWrongUsage);
  EXPECT_EQ(Run({"get"}), kWrongUsage);
  EXPECT_EQ(Run({"--help"}), kDone);
  EXPECT_EQ(Run({"docs", "configuration"}), kDone);
}

}  // namespace
}  // namespace hearth::cli
