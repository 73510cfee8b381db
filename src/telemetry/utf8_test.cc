#include "telemetry/utf8.h"

#include <gtest/gtest.h>

namespace hearth::telemetry {
namespace {

void ExpectCharacter(std::string_view text, std::size_t bytes, std::uint32_t code_point) {
  const Utf8Character character = DecodeUtf8(text);
  EXPECT_EQ(character.bytes, bytes) << text;
  EXPECT_EQ(character.code_point, code_point) << text;
}
void ExpectInvalid(std::string_view text) {
  const Utf8Character character = DecodeUtf8(text);
  EXPECT_EQ(character.bytes, 1u);
  EXPECT_EQ(character.code_point, std::nullopt) << text;
}

TEST(Utf8, EachLengthHasItsFirstAndLastCharacter) {
  ExpectCharacter(std::string_view("\0x", 2), 1, 0);
  ExpectCharacter("\x7f", 1, 0x7f);
  ExpectCharacter("\xc2\x80x", 2, 0x80);
  ExpectCharacter("\xdf\xbf", 2, 0x7ff);
  ExpectCharacter("\xe0\xa0\x80", 3, 0x800);
  ExpectCharacter("\xed\x9f\xbf", 3, 0xd7ff);
  ExpectCharacter("\xee\x80\x80", 3, 0xe000);
  ExpectCharacter("\xef\xbf\xbf", 3, 0xffff);
  ExpectCharacter("\xf0\x90\x80\x80", 4, 0x10000);
  ExpectCharacter("\xf4\x8f\xbf\xbf", 4, 0x10ffff);
}

TEST(Utf8, TakesNothingThatRfc3629Forbids) {
  ExpectInvalid("\x80");              // continuation without a beginning
  ExpectInvalid("\xc3");              // cut short
  ExpectInvalid("\xe2\x82");          // cut short
  ExpectInvalid("\xc3\x41");          // broken off
  ExpectInvalid("\xc0\xaf");          // overlong
  ExpectInvalid("\xe0\x9f\xbf");      // overlong
  ExpectInvalid("\xf0\x8f\xbf\xbf");  // overlong
  ExpectInvalid("\xed\xa0\x80");      // surrogate
  ExpectInvalid("\xf4\x90\x80\x80");  // above U+10FFFF
  ExpectInvalid("\xff");
}

}  // namespace
}  // namespace hearth::telemetry
