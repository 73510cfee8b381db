#include "http/date.h"

#include <gtest/gtest.h>

namespace hearth::http {
namespace {

WallTime At(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

TEST(HttpDate, IsWrittenAsImfFixdate) {
  EXPECT_EQ(FormatHttpDate(At(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(FormatHttpDate(At(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(FormatHttpDate(At(951782399)), "Mon, 28 Feb 2000 23:59:59 GMT");
  EXPECT_EQ(FormatHttpDate(At(951782400)), "Tue, 29 Feb 2000 00:00:00 GMT");
}

TEST(HttpDate, TheFractionOfASecondIsDropped) {
  EXPECT_EQ(FormatHttpDate(At(784111777) + std::chrono::microseconds(999999)), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(HttpDate, AllThreeFormsAreRead) {
  EXPECT_EQ(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), At(784111777));
  EXPECT_EQ(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT"), At(784111777));
  EXPECT_EQ(ParseHttpDate("Sun Nov  6 08:49:37 1994"), At(784111777));
  EXPECT_EQ(ParseHttpDate("Wed Nov 16 08:49:37 1994"), At(784111777 + 10 * 86400));
}

TEST(HttpDate, TwoDigitYearsEndIn2069) {
  EXPECT_EQ(FormatHttpDate(*ParseHttpDate("Sunday, 06-Nov-69 08:49:37 GMT")).substr(12, 4), "2069");
  EXPECT_EQ(FormatHttpDate(*ParseHttpDate("Sunday, 06-Nov-70 08:49:37 GMT")).substr(12, 4), "1970");
}

TEST(HttpDate, WhatIsWrittenIsReadBack) {
  for (std::int64_t seconds = 0; seconds < 4'000'000'000; seconds += 86'399 * 131) {
    EXPECT_EQ(ParseHttpDate(FormatHttpDate(At(seconds))), At(seconds));
  }
}

TEST(HttpDate, EverythingElseIsRefused) {
  for (const char* text :
       {"", "Sun", "Sun,", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Xxx 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 19x4 08:49:37 GMT", "784111777", "1994-11-06T08:49:37Z"}) {
    EXPECT_EQ(ParseHttpDate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace hearth::http
