#include "origin/s3_error.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

TEST(S3Error, ReadsCodeMessageAndRegion) {
  const S3ErrorDocument error = ParseS3Error(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>expecting &apos;eu-west-1&apos;</Message>"
      "<Region>eu-west-1</Region><RequestId>1</RequestId></Error>");
  EXPECT_EQ(error.code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(error.message, "expecting 'eu-west-1'");
  EXPECT_EQ(error.region, "eu-west-1");
}

TEST(S3Error, AForeignNamespaceIsNoHindrance) {
  EXPECT_EQ(
      ParseS3Error("<Error xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Code>NoSuchKey</Code></Error>").code,
      "NoSuchKey");
}

TEST(S3Error, GarbageGivesEmptyFields) {
  for (const char* text : {"", "<html><body><h1>502 Bad Gateway</h1></body></html>", "{\"code\": \"NoSuchKey\"}", "<",
                           "<Error>", "<Error><Code/></Error>", "\xff\xfe\x00", "<!DOCTYPE x [<!ENTITY a \"b\">"}) {
    const S3ErrorDocument error = ParseS3Error(text);
    EXPECT_EQ(error.code, "") << text;
    EXPECT_EQ(error.message, "") << text;
  }
}

TEST(S3Error, ADocumentThatBreaksOffKeepsItsCode) {
  EXPECT_EQ(ParseS3Error("<Error><Code>SlowDown</Code><Message>Please redu").code, "SlowDown");
}

TEST(S3Error, LongAndControlBytesAreTamed) {
  const std::string long_text(100000, 'x');
  const S3ErrorDocument error =
      ParseS3Error("<Error><Code>" + long_text + "</Code><Message>a\nb\x1b[31m</Message></Error>");
  EXPECT_EQ(error.code.size(), 64u);
  EXPECT_EQ(error.message, "a b [31m");
}

TEST(S3Error, EntitiesAreNotExpandedWithoutEnd) {
  const S3ErrorDocument error =
      ParseS3Error("<!DOCTYPE Error [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><Error><Code>&b;</Code></Error>");
  EXPECT_EQ(error.code, "&b;");
}

}  // namespace
}  // namespace hearth::origin
