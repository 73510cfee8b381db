#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename Options>
Options Parse(const std::vector<std::string>& arguments) {
  auto command = ParseCommandLine(arguments);
  EXPECT_TRUE(command) << command.error().message();
  return std::get<Options>(*std::move(command));
}

std::string Wrong(const std::vector<std::string>& arguments) {
  const auto command = ParseCommandLine(arguments);
  return command ? "" : command.error().message();
}

TEST(CommandLine, GetTakesAPlaceARangeAndAVersion) {
  const auto get = Parse<GetOptions>({"get", "s3://b/k", "-o", "file", "--range", "0-9", "--version", "etag:\"a\""});
  EXPECT_EQ(get.url, "s3://b/k");
  EXPECT_EQ(get.file, "file");
  EXPECT_EQ(get.range, "0-9");
  EXPECT_EQ(get.version, "etag:\"a\"");
  EXPECT_EQ(Parse<GetOptions>({"get", "s3://b/k"}).file, "");
  EXPECT_EQ(Parse<GetOptions>({"get", "s3://b/k", "--range=-5"}).range, "-5");
  EXPECT_EQ(Parse<GetOptions>({"get", "s3://b/k", "--range", "5-"}).range, "5-");
}

TEST(CommandLine, ARangeThatIsNoneIsWrongUsage) {
  for (const char* range : {"5", "9-0", "a-b", "1-2-3", "0-99999999999999999999", "bytes=0-1"}) {
    EXPECT_THAT(Wrong({"get", "s3://b/k", "--range", range}), HasSubstr("is not a range")) << range;
  }
  EXPECT_NE(Wrong({"get", "s3://b/k", "--range=-"}), "");
}

TEST(CommandLine, TheOtherCommandsTakeWhatTheyNeed) {
  EXPECT_TRUE(Parse<HeadOptions>({"head", "s3://b/k", "--json"}).json);
  EXPECT_TRUE(Parse<ListOptions>({"ls", "s3://b/p", "--recursive"}).recursive);
  EXPECT_EQ(Parse<ListOptions>({"ls", "s3://"}).url, "s3://");
  EXPECT_EQ(Parse<ListOptions>({"ls", "s3://b"}).url, "s3://b");
  EXPECT_FALSE(Parse<StatusOptions>({"status"}).json);
  EXPECT_TRUE(Parse<StatusOptions>({"status", "--json"}).json);
  EXPECT_EQ(Parse<ExplainOptions>({"explain", "s3://b/k"}).url, "s3://b/k");
  EXPECT_THAT(Parse<EvictOptions>({"evict", "s3://b/k", "s3://b/l*"}).urls, ElementsAre("s3://b/k", "s3://b/l*"));
  EXPECT_EQ(Parse<ConfigCheckOptions>({"config", "check", "f.yaml"}).file, "f.yaml");
  EXPECT_EQ(Parse<DocsOptions>({"docs", "metrics"}).page, "metrics");
  EXPECT_THAT(Parse<ServeOptions>({"serve", "--listen", ":0"}).arguments, ElementsAre("--listen", ":0"));
}

TEST(CommandLine, WhatIsMissingOrUnknownIsWrongUsage) {
  EXPECT_THAT(Wrong({}), HasSubstr("a command is needed"));
  EXPECT_THAT(Wrong({"stats"}), AllOf(HasSubstr("`stats`"), HasSubstr("did you mean status?")));
  EXPECT_THAT(Wrong({"xyzzy"}), HasSubstr("known: "));
  EXPECT_THAT(Wrong({"get"}), HasSubstr("URL"));
  EXPECT_THAT(Wrong({"get", "models/a.bin"}), HasSubstr("NAME://BUCKET/KEY"));
  EXPECT_THAT(Wrong({"get", "s3://b/k", "--nothing"}), HasSubstr("--nothing"));
  EXPECT_THAT(Wrong({"get", "s3://b/k", "extra"}), HasSubstr("extra"));
  EXPECT_THAT(Wrong({"ls", "models/"}), HasSubstr("NAME://BUCKET/PREFIX"));
  EXPECT_THAT(Wrong({"ls", "s3:///k"}), HasSubstr("NAME://BUCKET/PREFIX"));
  EXPECT_THAT(Wrong({"evict"}), HasSubstr("URL"));
  EXPECT_THAT(Wrong({"evict", "s3://b/k", "oops"}), HasSubstr("`oops`"));
  EXPECT_NE(Wrong({"config"}), "");
  EXPECT_THAT(Wrong({"docs", "nothing"}), HasSubstr("configuration, metrics or s3"));
}

TEST(CommandLine, HelpTeachesAndVersionIsOneLine) {
  EXPECT_THAT(Parse<PrintOptions>({"--help"}).text,
              AllOf(HasSubstr("hearth serve"), HasSubstr("hearth get"), HasSubstr("Exit status")));
  EXPECT_THAT(Parse<PrintOptions>({"get", "--help"}).text, HasSubstr("--range"));
  EXPECT_EQ(Parse<PrintOptions>({"--version"}).text, "hearth " HEARTH_VERSION "\n");
}

TEST(CommandLine, CommandsThatComeLaterAreUnknown) {
  for (const char* name : {"put", "cat", "rm", "top", "members", "warm", "pin", "key"}) {
    EXPECT_THAT(Wrong({name}), HasSubstr("there is no command")) << name;
  }
}

}  // namespace
}  // namespace hearth::cli
