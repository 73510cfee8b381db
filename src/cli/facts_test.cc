#include "cli/facts.h"

#include <gtest/gtest.h>

namespace hearth::cli {
namespace {

TEST(FactsText, PutsNamesAndValuesInColumns) {
  EXPECT_EQ(FactsText(R"({"url": "s3://b/k", "size": 12, "here": true, "zone": null, "tags": ["a", "b"], "none": []})"),
            "url   s3://b/k\nsize  12\nhere  true\nzone  -\ntags  a, b\nnone  -\n");
}

TEST(FactsText, IndentsWhatIsNested) {
  EXPECT_EQ(FactsText(R"({"a": {"b": 1, "cc": {"d": 2}}})"), "a\n  b   1\n  cc\n    d  2\n");
}

TEST(FactsText, ShowsListsOfRecordsAsTables) {
  EXPECT_EQ(FactsText(R"({"blocks": [{"index": 0, "here": true}, {"index": 10, "owner": "n1"}]})"),
            "blocks\n  index  here  owner\n  0      true\n  10           n1\n");
  EXPECT_EQ(FactsText(R"([{"a": 1}])"), "a\n1\n");
}

TEST(FactsText, EscapesWhatCouldMoveTheCursor) {
  EXPECT_EQ(FactsText(R"({"key": "a\u001b[2J\nb"})"), "key  a\\x1b[2J\\x0ab\n");
}

TEST(FactsText, WhatIsNoJsonComesBackAsItIs) {
  EXPECT_EQ(FactsText("plain"), "plain\n");
  EXPECT_EQ(FactsText("{"), "{\n");
}

}  // namespace
}  // namespace hearth::cli
