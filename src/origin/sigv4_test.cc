#include "origin/sigv4.h"

#include <gtest/gtest.h>

#include "http/date.h"

namespace hearth::origin {
namespace {

// The examples of the Amazon S3 API reference, "Authorization header: single chunk".
const Credentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

SigningScope ExampleScope() {
  return {.region = "us-east-1", .time = http::ParseHttpDate("Fri, 24 May 2013 00:00:00 GMT").value()};
}

std::string Signature(const SigningInput& input, const Credentials& credentials = kExample) {
  const http::HeaderList added = SignV4(input, credentials, ExampleScope());
  const std::string& authorization = *http::FindHeader(added, "Authorization");
  return authorization.substr(authorization.find("Signature=") + 10);
}

TEST(SigV4, SignsTheGetObjectExample) {
  const SigningInput input{.path = "/test.txt",
                           .headers = {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}}};
  const http::HeaderList added = SignV4(input, kExample, ExampleScope());
  EXPECT_EQ(*http::FindHeader(added, "Authorization"),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(*http::FindHeader(added, "x-amz-date"), "20130524T000000Z");
  EXPECT_EQ(*http::FindHeader(added, "x-amz-content-sha256"), kEmptyPayload);
}

TEST(SigV4, SignsThePutObjectExample) {
  EXPECT_EQ(Signature({.method = "PUT",
                       .path = "/test%24file.text",
                       .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                   {"Host", "examplebucket.s3.amazonaws.com"},
                                   {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                       .payload_hash = "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"}),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4, SignsTheLifecycleExampleWhoseQueryHasNoValue) {
  EXPECT_EQ(Signature({.query = {{"lifecycle", ""}}, .headers = {{"Host", "examplebucket.s3.amazonaws.com"}}}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(SigV4, SignsTheListObjectsExample) {
  EXPECT_EQ(Signature({.query = {{"prefix", "J"}, {"max-keys", "2"}},
                       .headers = {{"Host", "examplebucket.s3.amazonaws.com"}}}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

// Signatures of another implementation (botocore's S3SigV4Auth) for keys that signers get wrong.
TEST(SigV4, OddKeysAreSignedAsTheyAreSent) {
  const auto sign = [](std::string_view key, http::QueryList query) {
    return Signature({.path = "/" + http::PercentEncode(key, http::Slash::kKeep),
                      .query = std::move(query),
                      .headers = {{"Host", "examplebucket.s3.amazonaws.com"}}});
  };
  EXPECT_EQ(sign("a=b+c:d(e*f,g@h i%25~\xc3\xa9\xf0\x9f\x94\xa5//x/../.", {}),
            "b8c0a0b43a0323b45512a7bc04396237997fa4e03f2e2c76a5322cb1f517c609");
  EXPECT_EQ(sign("/lead/ing//", {{"versionId", "a/b="}}),
            "ae7dc5de2247f8a42cdaf8cd9aa0d495bf4b94731402c4bbfd54eff7958f5400");
  EXPECT_EQ(sign(std::string_view("\0\xff", 2), {}),
            "97ef0287e597d8e82e0f8cdb9554e92bf7a46f8292b87dc407aad76ce00fce7c");
}

TEST(SigV4, TheCanonicalQueryIsSortedAndEncoded) {
  EXPECT_EQ(CanonicalQuery({{"b", "/ +"}, {"a", ""}, {"a", "%"}, {"A", "~"}, {"é", "*"}}),
            "%C3%A9=%2A&A=~&a=&a=%25&b=%2F%20%2B");
}

TEST(SigV4, ASessionTokenIsSentAndSigned) {
  Credentials credentials = kExample;
  credentials.session_token = "a/token+with=signs";
  const SigningInput input{.headers = {{"Host", "h"}}};
  const http::HeaderList added = SignV4(input, credentials, ExampleScope());
  EXPECT_EQ(*http::FindHeader(added, "x-amz-security-token"), credentials.session_token);
  EXPECT_NE(http::FindHeader(added, "Authorization")->find("x-amz-date;x-amz-security-token,"), std::string::npos);
  EXPECT_NE(Signature(input, credentials), Signature(input));
}

TEST(SigV4, HeaderValuesAreTrimmedAndTheirBlanksJoined) {
  EXPECT_EQ(Signature({.headers = {{"Host", "h"}, {"x-amz-meta-a", "  b   c  "}}}),
            Signature({.headers = {{"host", "h"}, {"X-Amz-Meta-A", "b c"}}}));
}

TEST(SigV4, NoSecretIsInWhatIsSent) {
  for (const auto& [name, value] : SignV4({.headers = {{"Host", "h"}}}, kExample, ExampleScope())) {
    EXPECT_EQ(value.find(kExample.secret_access_key), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace hearth::origin
