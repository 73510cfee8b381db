#include "cli/list_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "cli/cli_for_test.h"
#include "origin/list_xml.h"

namespace hearth::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ListCommand : public testing::Test {
 protected:
  // Answers page after page.
  int List(const ListOptions& options) {
    const Caller caller = [this](const http::CallRequest& request) -> Result<http::CallAnswer> {
      if (!request.url.ends_with("/_hearth/live")) {
        if (pages_.empty()) return Fail(Code::kInternal, "an unexpected request");
        fake_.body = pages_.front();
        pages_.pop_front();
      }
      return fake_.Answer(request);
    };
    Node node(server::Surroundings{}, caller);
    return RunList(options, node, test_.console);
  }
  void AddPage(const origin::ObjectListing& page) {
    pages_.push_back(origin::WriteListing(BucketName("b"), {.encode_url = true}, page));
  }

  std::deque<std::string> pages_;
  FakeNode fake_;
  TestConsole test_;
};

const std::string kTime = "2026-01-02T03:04:05.000Z";

TEST_F(ListCommand, KeysAndPrefixesAreLinesInTheirOrder) {
  AddPage({.objects = {{"dir/a", 5, "\"e\"", kTime}, {"dir/z\n", 123456, "\"e\"", kTime}}, .prefixes = {"dir/m/"}});
  EXPECT_EQ(List({.url = "s3://b/dir/"}), kDone);
  EXPECT_EQ(test_.out.str(),
            "2026-01-02 03:04:05          5 a\n"
            "                           PRE m/\n"
            "2026-01-02 03:04:05     123456 z\\x0a\n");
  EXPECT_THAT(fake_.requests[0].url, HasSubstr("/_hearth/v1/list?url=s3%3A%2F%2Fb%2Fdir%2F&delimiter=%2F"));
}

TEST_F(ListCommand, RecursiveAsksWithoutADelimiterAndShowsWholeKeys) {
  AddPage({.objects = {{"dir/a/b", 5, "\"e\"", kTime}}});
  EXPECT_EQ(List({.url = "s3://b/dir/", .recursive = true}), kDone);
  EXPECT_EQ(test_.out.str(), "2026-01-02 03:04:05          5 dir/a/b\n");
  EXPECT_THAT(fake_.requests[0].url, Not(HasSubstr("delimiter")));
}

TEST_F(ListCommand, EveryPageIsAskedForAndPrinted) {
  AddPage({.objects = {{"a", 1, "", kTime}}, .truncated = true, .next = "t/1"});
  AddPage({.objects = {}, .truncated = true, .next = "t/2"});  // an empty page is no end
  AddPage({.objects = {{"b", 1, "", kTime}}});
  EXPECT_EQ(List({.url = "s3://b"}), kDone);
  EXPECT_THAT(test_.out.str(), HasSubstr(" a\n2026"));
  EXPECT_THAT(test_.out.str(), HasSubstr(" b\n"));
  ASSERT_EQ(fake_.requests.size(), 3U);
  EXPECT_THAT(fake_.requests[1].url, HasSubstr("&continuation-token=t%2F1"));
  EXPECT_THAT(fake_.requests[2].url, HasSubstr("&continuation-token=t%2F2"));
}

TEST_F(ListCommand, AListThatDoesNotGoOnFails) {
  AddPage({.truncated = true, .next = "t"});
  AddPage({.truncated = true, .next = "t"});
  EXPECT_EQ(List({.url = "s3://b"}), kFailed);
  EXPECT_THAT(test_.err.str(), HasSubstr("twice"));
  AddPage({.truncated = true});
  EXPECT_EQ(List({.url = "s3://b"}), kFailed);
}

TEST_F(ListCommand, BareNamesListBuckets) {
  pages_.push_back(origin::WriteBuckets({.buckets = {{"one", kTime}, {"two", ""}}}));
  EXPECT_EQ(List({.url = "s3://"}), kDone);
  EXPECT_EQ(test_.out.str(), "2026-01-02 03:04:05 one\n                    two\n");
}

TEST_F(ListCommand, JsonIsAnObjectALine) {
  AddPage({.objects = {{"k\xff", 5, "\"e\"", kTime}}, .prefixes = {"p/"}});
  EXPECT_EQ(List({.url = "s3://b", .json = true}), kDone);
  std::istringstream lines(test_.out.str());
  std::string first;
  std::string second;
  ASSERT_TRUE(std::getline(lines, first) && std::getline(lines, second));
  EXPECT_EQ(nlohmann::json::parse(first)["size"], 5);
  EXPECT_EQ(nlohmann::json::parse(first)["last_modified"], kTime);
  EXPECT_EQ(nlohmann::json::parse(second)["prefix"], "p/");
}

TEST_F(ListCommand, NothingBelowAPrefixFailsAndAnEmptyBucketDoesNot) {
  AddPage({});
  EXPECT_EQ(List({.url = "s3://b/none"}), kFailed);
  EXPECT_THAT(test_.err.str(), HasSubstr("s3://b/none: no key"));
  AddPage({});
  EXPECT_EQ(List({.url = "s3://b"}), kDone);
}

TEST_F(ListCommand, AnErrorOfTheNodeFailsAndSaysWhy) {
  fake_.status = 404;
  pages_.push_back(origin::WriteError("NoSuchBucket", "The specified bucket does not exist"));
  EXPECT_EQ(List({.url = "s3://b"}), kFailed);
  EXPECT_THAT(test_.err.str(), HasSubstr("NoSuchBucket: The specified bucket does not exist (HTTP 404)"));
  fake_.status = 200;
  pages_.emplace_back("<html/>");
  EXPECT_EQ(List({.url = "s3://b"}), kFailed);
}

}  // namespace
}  // namespace hearth::cli
