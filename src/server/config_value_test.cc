#include "server/config_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(ConfigValue, SizesTakeBinaryUnitsOrPlainBytes) {
  EXPECT_EQ(ParseSize("4096"), 4096U);
  EXPECT_EQ(ParseSize("256KiB"), 256_KiB);
  EXPECT_EQ(ParseSize("16MiB"), 16_MiB);
  EXPECT_EQ(ParseSize("2GiB"), 2_GiB);
  EXPECT_EQ(ParseSize("3TiB"), 3 * 1024_GiB);
  EXPECT_EQ(ParseSize("0"), 0U);
}

TEST(ConfigValue, AnythingElseIsNoSize) {
  for (const char* text : {"", "MiB", "16MB", "16mib", "16 MiB", "-1", "+1", "1.5GiB", "0x10", "1e9",
                           "99999999999999999999", "9999999TiB"}) {
    const auto size = ParseSize(text);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error().code(), Code::kInvalidArgument);
    if (std::string_view(text) != "9999999TiB")
      EXPECT_THAT(size.error().message(), HasSubstr("KiB, MiB, GiB or TiB")) << text;
  }
}

TEST(ConfigValue, DurationsTakeFourUnits) {
  EXPECT_EQ(ParseDuration("250ms"), Duration(milliseconds(250)));
  EXPECT_EQ(ParseDuration("60s"), Duration(seconds(60)));
  EXPECT_EQ(ParseDuration("10m"), Duration(minutes(10)));
  EXPECT_EQ(ParseDuration("1h"), Duration(hours(1)));
  EXPECT_EQ(ParseDuration("1.5h"), Duration(minutes(90)));
  EXPECT_EQ(ParseDuration("0s"), Duration::zero());
  EXPECT_EQ(ParseDuration("0"), Duration::zero());
}

TEST(ConfigValue, AnythingElseIsNoDuration) {
  for (const char* text : {"", "s", "60", "1d", "1us", "-1s", "1 s", "1h30m", "1..5s", ".5s", "1e3s",
                           "9999999999999999h", "infs", "nans"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(ConfigValue, SharesAreMoreThanNothingAndAtMostAll) {
  EXPECT_DOUBLE_EQ(ParseShare("90%")->fraction, 0.9);
  EXPECT_DOUBLE_EQ(ParseShare("0.5%")->fraction, 0.005);
  EXPECT_DOUBLE_EQ(ParseShare("100%")->fraction, 1);
  for (const char* text : {"", "%", "90", "0%", "101%", "-1%", "0.9", "nan%", "90 %"})
    EXPECT_FALSE(ParseShare(text)) << text;
}

TEST(ConfigValue, SpaceIsASizeOrAShare) {
  EXPECT_EQ(ParseSpaceLimit("500GiB")->bytes, 500_GiB);
  EXPECT_EQ(ParseSpaceLimit("80%")->bytes, 0U);
  EXPECT_DOUBLE_EQ(ParseSpaceLimit("80%")->share.fraction, 0.8);
  EXPECT_FALSE(ParseSpaceLimit("0"));
  EXPECT_FALSE(
      ParseSpaceLimit("80"
                      "percent"));
}

TEST(ConfigValue, ListenAddressesComeBackInTheListenersForm) {
  EXPECT_EQ(ParseListenAddress("0.0.0.0:8080"), "0.0.0.0:8080");
  EXPECT_EQ(ParseListenAddress(":8080"), "0.0.0.0:8080");
  EXPECT_EQ(ParseListenAddress("localhost:0"), "127.0.0.1:0");
  EXPECT_EQ(ParseListenAddress("[::1]:9090"), "[::1]:9090");
  EXPECT_EQ(ParseListenAddress("127.0.0.1:00080"), "127.0.0.1:80");
  for (const char* text : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80", "[::1]",
                           "[::g]:1", "999.0.0.1:80", "host:80", "http://127.0.0.1:80"}) {
    EXPECT_FALSE(ParseListenAddress(text)) << text;
  }
}

TEST(ConfigValue, TruthAndNumbersAreStrict) {
  EXPECT_EQ(ParseBool("true"), true);
  EXPECT_EQ(ParseBool("false"), false);
  for (const char* text : {"", "yes", "True", "1"}) EXPECT_FALSE(ParseBool(text)) << text;
  EXPECT_EQ(ParseInteger("12"), 12U);
  for (const char* text : {"", "-1", "1.5", "1 ", "two"}) EXPECT_FALSE(ParseInteger(text)) << text;
  EXPECT_DOUBLE_EQ(*ParseNumber("0.25"), 0.25);
  for (const char* text : {"", "-1", "inf", "nan", "1e5", "."}) EXPECT_FALSE(ParseNumber(text)) << text;
}

TEST(ConfigValue, SizesAndSharesAreWrittenAsTheyAreRead) {
  for (const char* text : {"16MiB", "256KiB", "3TiB", "1", "0", "1000000"})
    EXPECT_EQ(FormatSize(*ParseSize(text)), text);
  EXPECT_EQ(FormatShare(Share{0.95}), "95%");
  EXPECT_EQ(FormatShare(*ParseShare("92.5%")), "92.5%");
}

TEST(ConfigValue, QuotedTextIsOneShortLine) {
  EXPECT_EQ(Quote("16MB"), "`16MB`");
  EXPECT_EQ(Quote("a\nb"), "`a\\x0ab`");
  EXPECT_EQ(Quote(std::string(100, 'x')), "`" + std::string(80, 'x') + "...`");
}

}  // namespace
}  // namespace hearth::server
