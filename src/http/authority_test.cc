#include "http/authority.h"

#include <gtest/gtest.h>

namespace hearth::http {
namespace {

TEST(Authority, SplitsHostAndPort) {
  Authority authority;
  ASSERT_TRUE(ParseAuthority("cache.example.com:8080", authority));
  EXPECT_EQ(authority.host, "cache.example.com");
  EXPECT_EQ(authority.port, 8080);
  ASSERT_TRUE(ParseAuthority("localhost", authority));
  EXPECT_EQ(authority.host, "localhost");
  EXPECT_EQ(authority.port, std::nullopt);
  ASSERT_TRUE(ParseAuthority("10.0.0.1:", authority));
  EXPECT_EQ(authority.port, std::nullopt);
}

TEST(Authority, TakesTheBracketsOffAnIpv6Address) {
  Authority authority;
  ASSERT_TRUE(ParseAuthority("[2001:db8::1]:443", authority));
  EXPECT_EQ(authority.host, "2001:db8::1");
  EXPECT_EQ(authority.port, 443);
  ASSERT_TRUE(ParseAuthority("[::1]", authority));
  EXPECT_EQ(authority.host, "::1");
}

TEST(Authority, EverythingElseIsRefused) {
  Authority authority;
  for (const char* text : {"", ":80", "a b", "a@b", "a/b", "a:b", "a:1:2", "::1", "[]", "[a]", "[1.2.3.4]", "[::1",
                           "[::1]80", "a:65536", "a:99999999999", "\xc3\xa4"}) {
    EXPECT_FALSE(ParseAuthority(text, authority)) << text;
  }
}

}  // namespace
}  // namespace hearth::http
