#include "telemetry/log_record.h"

#include <cmath>
#include <initializer_list>

#include <gtest/gtest.h>

namespace hearth::telemetry {
namespace {

// 2026-11-05T09:03:07.120456Z
const WallTime kTime{std::chrono::sys_days{std::chrono::year{2026} / 11 / 5} + std::chrono::hours(9) +
                     std::chrono::minutes(3) + std::chrono::seconds(7) + std::chrono::microseconds(120456)};

std::string Line(LogFormat format, std::string_view message, std::initializer_list<Field> fields) {
  return FormatRecord(format, {kTime, Level::kInfo, message, {fields.begin(), fields.size()}});
}
std::string Text(std::string_view value) {
  const std::string line = Line(LogFormat::kText, "m", {{"k", value}});
  const std::string head = "2026-11-05T09:03:07.120Z INFO m k=";
  EXPECT_TRUE(line.starts_with(head)) << line;
  return line.substr(head.size(), line.size() - head.size() - 1);
}
std::string Json(std::string_view value) {
  const std::string line = Line(LogFormat::kJson, "m", {{"k", value}});
  const std::string head = R"({"time":"2026-11-05T09:03:07.120Z","level":"info","message":"m","k":")";
  EXPECT_TRUE(line.starts_with(head)) << line;
  return line.substr(head.size(), line.size() - head.size() - 3);
}

TEST(LogRecord, ReadsAsALineOfText) {
  EXPECT_EQ(Line(LogFormat::kText, "cache opened",
                 {{"dir", "/a"}, {"blocks", 12}, {"left", -3}, {"share", 0.5}, {"ok", true}}),
            "2026-11-05T09:03:07.120Z INFO cache opened dir=/a blocks=12 left=-3 share=0.5 ok=true\n");
}

TEST(LogRecord, ReadsAsALineOfJson) {
  EXPECT_EQ(
      Line(LogFormat::kJson, "cache opened",
           {{"dir", std::string("/a b")}, {"blocks", 12u}, {"left", -3L}, {"ok", false}}),
      R"({"time":"2026-11-05T09:03:07.120Z","level":"info","message":"cache opened","dir":"/a b","blocks":12,"left":-3,"ok":false})"
      "\n");
}

TEST(LogRecord, KeepsTheWholeRangeOfIntegers) {
  EXPECT_EQ(Line(LogFormat::kText, "m", {{"a", UINT64_MAX}, {"b", INT64_MIN}}),
            "2026-11-05T09:03:07.120Z INFO m a=18446744073709551615 b=-9223372036854775808\n");
}

TEST(LogRecord, JsonHasNoInfinity) {
  EXPECT_TRUE(Line(LogFormat::kJson, "m", {{"x", HUGE_VAL}}).ends_with(",\"x\":\"inf\"}\n"));
}

TEST(LogRecord, QuotesTextThatWouldNotReadAsOneWord) {
  EXPECT_EQ(Text("plain/word-1"), "plain/word-1");
  EXPECT_EQ(Text(""), "\"\"");
  EXPECT_EQ(Text("two words"), "\"two words\"");
  EXPECT_EQ(Text("a=b"), "\"a=b\"");
  EXPECT_EQ(Text("say \"x\\y\""), R"("say \"x\\y\"")");
}

TEST(LogRecord, EscapesWhatWouldEndOrHideALine) {
  EXPECT_EQ(Text("a\nb"), R"("a\nb")");
  EXPECT_EQ(Json("a\nb\r\x1b[2J\x7f"), R"(a\nb\u000d\u001b[2J\u007f)");
  EXPECT_EQ(Json(std::string_view("a\0b", 3)), R"(a\u0000b)");
  EXPECT_EQ(Json("\xc2\x85 \xe2\x80\xa8 \xe2\x80\xae"), R"(\u0085 \u2028 \u202e)");
}

TEST(LogRecord, KeepsUtf8AndEscapesBytesThatAreNot) {
  EXPECT_EQ(Json("gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\xa5"), "gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\xa5");
  EXPECT_EQ(Text("\xff"), R"("\xff")");
  EXPECT_EQ(Json("\xff"), R"(\\xff)");
  EXPECT_EQ(Json("\xc3"), R"(\\xc3)");
}

TEST(LogRecord, NoByteAnywhereMakesASecondLine) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string value(3, static_cast<char>(byte));
    for (const LogFormat format : {LogFormat::kText, LogFormat::kJson}) {
      const std::string line = Line(format, value, {{value, value}});
      EXPECT_EQ(line.find_first_of("\n\r\v\f"), line.size() - 1) << byte;
    }
  }
}

TEST(LogRecord, TimesAreCutToTheMillisecond) {
  EXPECT_EQ(FormatTime(WallTime{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTime(WallTime{std::chrono::microseconds(951782399999999)}), "2000-02-28T23:59:59.999Z");
}

TEST(LogRecord, LevelsAndFormatsHaveNames) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    EXPECT_EQ(ParseLevel(LevelName(level)), level);
  }
  EXPECT_EQ(ParseLevel("INFO"), std::nullopt);
  EXPECT_EQ(ParseLogFormat("json"), LogFormat::kJson);
  EXPECT_EQ(ParseLogFormat("xml"), std::nullopt);
}

}  // namespace
}  // namespace hearth::telemetry
