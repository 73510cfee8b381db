#include "cli/serve_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "cli/cli_for_test.h"

namespace hearth::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ServeCommand : public testing::Test {
 protected:
  int Serve(std::vector<std::string> arguments) {
    return RunServe({.arguments = std::move(arguments)}, server::Surroundings{}, test_.console,
                    [this](const server::Config& config) {
                      served_ = config;
                      return daemon_status_;
                    });
  }

  TestConsole test_;
  std::optional<server::Config> served_;
  int daemon_status_ = 0;
};

TEST_F(ServeCommand, RunsTheDaemonAndLeavesWithItsStatus) {
  daemon_status_ = 1;
  EXPECT_EQ(Serve({"--listen", "127.0.0.1:0", "--cache-dirs", "/a"}), 1);
  ASSERT_TRUE(served_);
  EXPECT_EQ(served_->listen, "127.0.0.1:0");
  EXPECT_EQ(served_->cache.dirs.front().path, "/a");
}

TEST_F(ServeCommand, StopsBeforeTheDaemonIfAnythingIsWrong) {
  EXPECT_EQ(Serve({"--listen", "nowhere", "--block-size", "3MiB"}), kWrongUsage);
  EXPECT_THAT(test_.err.str(), AllOf(HasSubstr("--listen: "), HasSubstr("--block-size: ")));
  EXPECT_EQ(Serve({"--lissten", ":1"}), kWrongUsage);
  EXPECT_THAT(test_.err.str(), HasSubstr("did you mean --listen?"));
  EXPECT_EQ(Serve({"--config", "/does/not/exist.yaml"}), kWrongUsage);
  EXPECT_FALSE(served_);
}

TEST_F(ServeCommand, HelpAndVersionServeNothing) {
  EXPECT_EQ(Serve({"--help"}), kDone);
  EXPECT_THAT(test_.out.str(), HasSubstr("--cache-dirs A,B"));
  EXPECT_EQ(Serve({"--version"}), kDone);
  EXPECT_THAT(test_.out.str(), HasSubstr("hearth " HEARTH_VERSION "\n"));
  EXPECT_FALSE(served_);
}

}  // namespace
}  // namespace hearth::cli
