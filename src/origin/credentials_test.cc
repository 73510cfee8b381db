#include "origin/credentials.h"

#include <gtest/gtest.h>

#include <map>

namespace hearth::origin {
namespace {

using Texts = std::map<std::string, std::string>;

Environment MakeEnvironment(Texts variables, Texts files = {}) {
  return {.variable = [variables](const std::string& name) -> std::optional<std::string> {
            const auto found = variables.find(name);
            if (found == variables.end()) return std::nullopt;
            return found->second;
          },
          .read_file = [files](const std::string& path) -> Result<std::string> {
            const auto found = files.find(path);
            if (found == files.end()) return Fail(Code::kNotFound, "no such file");
            if (found->second == "unreadable") return Fail(Code::kPermissionDenied, "permission denied");
            return found->second;
          }};
}

const CredentialsChoice kDefault{};
CredentialsChoice Named(std::string name) { return {CredentialsChoice::Kind::kProfile, std::move(name)}; }

TEST(Credentials, TheEnvironmentComesFirst) {
  const auto resolved = ResolveCredentials(
      kDefault,
      MakeEnvironment({{"AWS_ACCESS_KEY_ID", "A"},
                       {"AWS_SECRET_ACCESS_KEY", "s"},
                       {"AWS_SESSION_TOKEN", "t"},
                       {"AWS_REGION", "eu-west-1"},
                       {"AWS_ENDPOINT_URL", "http://e"},
                       {"HOME", "/h"}},
                      {{"/h/.aws/credentials", "[default]\naws_access_key_id=B\naws_secret_access_key=x\n"}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->credentials, (Credentials{"A", "s", "t"}));
  EXPECT_EQ(resolved->source, "environment");
  EXPECT_EQ(resolved->region, "eu-west-1");
  EXPECT_EQ(resolved->endpoint, "http://e");
  EXPECT_FALSE(resolved->found_none);
}

TEST(Credentials, TheDefaultProfileIsReadFromBothFiles) {
  const auto resolved = ResolveCredentials(
      kDefault,
      MakeEnvironment({{"HOME", "/h"}},
                      {{"/h/.aws/credentials", "[default]\naws_access_key_id = B\naws_secret_access_key = x=/+\n"},
                       {"/h/.aws/config", "[default]\nregion = eu-north-1\nendpoint_url = https://e\n"}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->credentials, (Credentials{"B", "x=/+", ""}));
  EXPECT_EQ(resolved->source, "profile default");
  EXPECT_EQ(resolved->region, "eu-north-1");
  EXPECT_EQ(resolved->endpoint, "https://e");
}

TEST(Credentials, AwsProfileNamesTheProfileAndTheFilesCanLieElsewhere) {
  const auto resolved = ResolveCredentials(
      kDefault,
      MakeEnvironment({{"AWS_PROFILE", "work"}, {"AWS_SHARED_CREDENTIALS_FILE", "/c"}, {"AWS_CONFIG_FILE", "/f"}},
                      {{"/c", "[work]\naws_access_key_id=W\naws_secret_access_key=x\naws_session_token=t\n"},
                       {"/f", "[profile work]\nregion=r-1\n"}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->credentials, (Credentials{"W", "x", "t"}));
  EXPECT_EQ(resolved->region, "r-1");
}

TEST(Credentials, DefaultThatFindsNothingIsUnsignedAndSaysSo) {
  const auto resolved = ResolveCredentials(kDefault, MakeEnvironment({}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_FALSE(resolved->credentials.has_value());
  EXPECT_TRUE(resolved->found_none);
}

TEST(Credentials, NoneIgnoresKeysAndNeedsNoWarning) {
  const auto resolved =
      ResolveCredentials({CredentialsChoice::Kind::kNone, {}},
                         MakeEnvironment({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_FALSE(resolved->credentials.has_value());
  EXPECT_FALSE(resolved->found_none);
}

TEST(Credentials, ANamedProfileBeatsTheEnvironment) {
  const auto resolved = ResolveCredentials(
      Named("p"),
      MakeEnvironment({{"AWS_ACCESS_KEY_ID", "A"}, {"AWS_SECRET_ACCESS_KEY", "s"}, {"HOME", "/h"}, {"AWS_REGION", "e"}},
                      {{"/h/.aws/config", "[profile p]\naws_access_key_id=P\naws_secret_access_key=x\nregion=r\n"}}));
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->credentials->access_key_id, "P");
  EXPECT_EQ(resolved->region, "r");
}

TEST(Credentials, AMissingProfileNamesItselfAndItsFiles) {
  const auto resolved = ResolveCredentials(Named("gone"), MakeEnvironment({{"HOME", "/h"}}));
  ASSERT_FALSE(resolved.has_value());
  EXPECT_EQ(resolved.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(resolved.error().message(),
            "profile gone: no aws_access_key_id in /h/.aws/credentials, /h/.aws/config (no such profile)");
}

TEST(Credentials, HalfAPairIsAnErrorWithoutTheSecret) {
  const auto resolved = ResolveCredentials(kDefault, MakeEnvironment({{"AWS_SECRET_ACCESS_KEY", "very-secret"}}));
  ASSERT_FALSE(resolved.has_value());
  EXPECT_EQ(resolved.error().message(), "environment: has a secret access key but not an access key id");
}

TEST(Credentials, AFileThatCannotBeReadIsAnError) {
  const auto resolved =
      ResolveCredentials(kDefault, MakeEnvironment({{"HOME", "/h"}}, {{"/h/.aws/credentials", "unreadable"}}));
  ASSERT_FALSE(resolved.has_value());
  EXPECT_NE(resolved.error().message().find("/h/.aws/credentials"), std::string::npos);
}

TEST(CredentialsChoice, ParsesItsThreeForms) {
  EXPECT_EQ(ParseCredentialsChoice("default").value(), kDefault);
  EXPECT_EQ(ParseCredentialsChoice("none").value().kind, CredentialsChoice::Kind::kNone);
  EXPECT_EQ(ParseCredentialsChoice("profile:a b").value(), Named("a b"));
  for (const char* bad : {"", "profile:", "Default", "env"})
    EXPECT_FALSE(ParseCredentialsChoice(bad).has_value()) << bad;
}

}  // namespace
}  // namespace hearth::origin
