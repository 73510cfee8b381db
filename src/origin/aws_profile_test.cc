#include "origin/aws_profile.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

TEST(AwsProfile, ReadsSectionsSettingsAndComments) {
  const auto profiles = ParseProfiles(
      "# a comment\r\n"
      "[default]\r\n"
      "AWS_Access_Key_Id = AKIA ; trailing\r\n"
      "aws_secret_access_key=a#b;c\n"
      "s3 =\n"
      "  region = nested\n"
      "\n"
      "[other]\n"
      "region=x",
      ProfileFile::kCredentials);
  EXPECT_EQ(profiles.at("default"),
            (ProfileSettings{{"aws_access_key_id", "AKIA"}, {"aws_secret_access_key", "a#b;c"}, {"s3", ""}}));
  EXPECT_EQ(profiles.at("other"), (ProfileSettings{{"region", "x"}}));
}

TEST(AwsProfile, TheConfigFileNamesItsProfilesWithAPrefix) {
  const auto profiles = ParseProfiles(
      "[profile a b]\nregion=1\n[default]\nregion=2\n[c]\nregion=3\n[sso-session d]\nregion=4\n[profiled]\nregion=5\n",
      ProfileFile::kConfig);
  EXPECT_EQ(profiles.size(), 2u);
  EXPECT_EQ(profiles.at("a b").at("region"), "1");
  EXPECT_EQ(profiles.at("default").at("region"), "2");
}

TEST(AwsProfile, NonsenseIsSkipped) {
  EXPECT_TRUE(ParseProfiles("", ProfileFile::kConfig).empty());
  EXPECT_TRUE(ParseProfiles("a=b\n[never closed\nc=d\n=\n[", ProfileFile::kCredentials).empty());
}

}  // namespace
}  // namespace hearth::origin
