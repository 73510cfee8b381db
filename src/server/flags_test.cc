#include "server/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config_schema.h"

namespace hearth::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> ProblemsOf(const std::vector<std::string>& arguments) {
  std::vector<std::string> texts;
  for (const ConfigProblem& problem : ParseServeFlags(arguments).problems) texts.push_back(problem.ToString());
  return texts;
}

TEST(ServeFlags, TakeTheirValueAfterASpaceOrAnEqualsSign) {
  const std::vector<std::string> arguments{"--listen", "127.0.0.1:0", "--block-size=4MiB", "--insecure-anonymous"};
  const ServeFlags flags = ParseServeFlags(arguments);
  ASSERT_TRUE(flags.problems.empty());
  EXPECT_EQ(*flags.Find("--listen"), "127.0.0.1:0");
  EXPECT_EQ(*flags.Find("--block-size"), "4MiB");
  EXPECT_TRUE(flags.Has("--insecure-anonymous"));
  EXPECT_FALSE(flags.Has("--storage"));
}

TEST(ServeFlags, OriginsMayComeOftenAndHoldCommas) {
  const std::vector<std::string> arguments{"--origin", "s3?buckets=a,b", "--origin", "gs"};
  const ServeFlags flags = ParseServeFlags(arguments);
  ASSERT_TRUE(flags.problems.empty());
  ASSERT_EQ(flags.values.size(), 2U);
  EXPECT_EQ(flags.values[0].text, "s3?buckets=a,b");
  EXPECT_EQ(flags.values[1].text, "gs");
}

TEST(ServeFlags, WhatIsUnknownIsReportedWithTheNearestName) {
  EXPECT_THAT(ProblemsOf({"--lisen", "127.0.0.1:0", "--cachedirs=/a", "stray"}),
              ElementsAre(AllOf(HasSubstr("unknown flag `--lisen`"), HasSubstr("did you mean --listen?")),
                          AllOf(HasSubstr("unknown flag `--cachedirs`"), HasSubstr("did you mean --cache-dirs?")),
                          HasSubstr("unexpected argument `stray`")));
}

TEST(ServeFlags, AMissingValueAndASecondOneAreProblems) {
  EXPECT_THAT(ProblemsOf({"--listen"}), ElementsAre(HasSubstr("--listen")));
  EXPECT_THAT(ProblemsOf({"--listen", ":1", "--listen", ":2"}), ElementsAre(HasSubstr("once is allowed")));
}

TEST(ServeFlags, EachSetsASettingThatExists) {
  for (const FlagInfo& flag : ServeFlagTable()) {
    if (!flag.path.empty()) EXPECT_NE(FindField(flag.path), nullptr) << flag.name;
    EXPECT_THAT(ServeFlagsHelp(), AllOf(HasSubstr(std::string(flag.name)), HasSubstr(std::string(flag.help))));
  }
}

}  // namespace
}  // namespace hearth::server
