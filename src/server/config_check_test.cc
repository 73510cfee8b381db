#include "server/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config_parse.h"

namespace hearth::server {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

CheckOutcome Check(std::string_view yaml) {
  Config config;
  const ParsedFile file = ParseConfigText(yaml, "f", config);
  EXPECT_THAT(file.problems, IsEmpty()) << file.problems.front().ToString();
  const Surroundings surroundings;
  return CheckConfig({.config = config, .places = file.places, .surroundings = surroundings, .file = {.source = "f"}});
}

std::vector<std::string> Problems(std::string_view yaml) {
  std::vector<std::string> texts;
  for (const ConfigProblem& problem : Check(yaml).problems) texts.push_back(problem.ToString());
  return texts;
}

TEST(CheckConfig, TheDefaultsAreGood) {
  EXPECT_THAT(Problems(""), IsEmpty());
  EXPECT_THAT(Check("").warnings, IsEmpty());
}

TEST(CheckConfig, BlocksArePowersOfTwoWithinTheirLimits) {
  for (const char* good : {"1MiB", "64MiB", "16777216"})
    EXPECT_THAT(Problems(std::string("cache: {block_size: ") + good + "}"), IsEmpty());
  for (const char* bad : {"512KiB", "3MiB", "128MiB", "16777217"}) {
    EXPECT_THAT(Problems(std::string("cache: {block_size: ") + bad + "}"),
                ElementsAre(AllOf(StartsWith("f:1: cache.block_size"), HasSubstr("1MiB to 64MiB"))));
  }
  EXPECT_THAT(Problems("cache: {block_size: 1MiB, sub_block_size: 2MiB}"),
              ElementsAre(HasSubstr("block_size, which is 1MiB")));
  EXPECT_THAT(Problems("cache: {block_size: 64MiB, sub_block_size: 64MiB, memory: 40MiB}"),
              ElementsAre(AllOf(HasSubstr("cache.memory"), HasSubstr("sub_block_size"))));
  EXPECT_THAT(Problems("cache: {sub_block_size: 32KiB}"), ElementsAre(HasSubstr("64KiB")));
  EXPECT_THAT(Problems("cache: {sub_block_size: 100KiB}"), ElementsAre(HasSubstr("power of two")));
}

TEST(CheckConfig, TheLowWatermarkIsNotAboveTheHighOne) {
  EXPECT_THAT(Problems("cache: {high_watermark: 80%,\n low_watermark: 80%}"), IsEmpty());
  EXPECT_THAT(Problems("cache: {high_watermark: 80%,\n low_watermark: 81%}"),
              ElementsAre(StartsWith("f:2: cache.low_watermark: low_watermark (81%)")));
  EXPECT_THAT(Problems("cache: {high_watermark: 80%}"),
              ElementsAre(StartsWith("f:1: cache.high_watermark: low_watermark (90%)")));
}

TEST(CheckConfig, CacheDirectoriesAreAbsoluteAndApart) {
  EXPECT_THAT(Problems("cache: {dirs: []}"), ElementsAre(HasSubstr("at least one")));
  EXPECT_THAT(Problems("cache: {dirs: [a]}"), ElementsAre(HasSubstr("not an absolute path")));
  EXPECT_THAT(Problems("cache: {dirs: [/a, /b, /a]}"), ElementsAre(HasSubstr("lie within each other")));
  EXPECT_THAT(Problems("cache: {dirs: [/a/b, /a/]}"), ElementsAre(HasSubstr("lie within each other")));
  EXPECT_THAT(Problems("cache: {dirs: [/a, /ab]}"), IsEmpty());
}

TEST(CheckConfig, NumbersHaveTheirLimits) {
  EXPECT_THAT(Problems("cache: {memory: 1MiB}"), ElementsAre(HasSubstr("16MiB or more")));
  EXPECT_THAT(Problems("cache: {purge_interval: 0s}"), ElementsAre(HasSubstr("10ms or more")));
  EXPECT_THAT(Problems("loops: 0"), ElementsAre(HasSubstr("1 to 1024")));
  EXPECT_THAT(Problems("cluster: {weight: 0}"), ElementsAre(HasSubstr("more than 0")));
  EXPECT_THAT(Problems("cluster: {ttl: 10ms}"), ElementsAre(HasSubstr("1s or more")));
}

TEST(CheckConfig, NamesAndAddressesLookLikeOnes) {
  EXPECT_THAT(Problems("hosts: ['http://a']"), ElementsAre(HasSubstr("not a host name")));
  EXPECT_THAT(Problems("congestion_control: 'a b'"), ElementsAre(HasSubstr("cubic")));
  EXPECT_THAT(Problems("local: {socket: relative.sock}"), ElementsAre(HasSubstr("absolute path")));
  EXPECT_THAT(Problems("local: {socket: /" + std::string(102, 'x') + "}"), ElementsAre(HasSubstr("102 bytes")));
  EXPECT_THAT(Problems("cluster: {members: [host], endpoints: [ftp://x], advertise: 'a:0'}"),
              UnorderedElementsAre(HasSubstr("`host` is not HOST:PORT"), HasSubstr("`ftp://x`"),
                                   HasSubstr("`a:0` is not HOST:PORT")));
}

TEST(CheckConfig, OriginsHaveNamesOfTheirOwnAndWhatTheirTypeNeeds) {
  EXPECT_THAT(Problems("origins:\n - {type: s3, name: a}\n - {type: s3, name: a}"),
              ElementsAre(AllOf(StartsWith("f:3: "), HasSubstr("two origins are named a"))));
  EXPECT_THAT(Problems("origins: [{type: s3, name: 'a/b'}]"), ElementsAre(HasSubstr("`a/b` is not a name")));
  EXPECT_THAT(Problems("origins: [{type: http, name: a}]"), ElementsAre(HasSubstr("base URL")));
  EXPECT_THAT(Problems("origins: [{type: file, name: a}]"), ElementsAre(HasSubstr("directory")));
  EXPECT_THAT(Problems("origins: [{type: s3, name: a, endpoint: 'minio:9000'}]"),
              ElementsAre(HasSubstr("http://HOST")));
  EXPECT_THAT(Problems("origins: [{type: s3, name: a, buckets: []}]"), ElementsAre(HasSubstr("buckets: is empty")));
  EXPECT_THAT(Problems("origins: [{type: gs, name: a, style: virtual}]"), ElementsAre(HasSubstr("type s3 only")));
  EXPECT_THAT(Problems("origins: [{type: s3, name: a, region: 'x/y'}]"), ElementsAre(HasSubstr("not a region")));
}

TEST(CheckConfig, DiscoveryNeedsKeysAndASecret) {
  EXPECT_THAT(Problems("cluster: {discovery: static, members: ['a:1']}"),
              UnorderedElementsAre(HasSubstr("gate.keys_file"), HasSubstr("cluster.secret_file")));
  EXPECT_THAT(Problems("cluster: {discovery: static, members: ['a:1'], secret_file: /s}\ngate: {keys_file: /k}"),
              IsEmpty());
  EXPECT_THAT(
      Problems("cluster: {discovery: static, members: ['a:1'], secret_file: /s}\ngate: {insecure_anonymous: true}"),
      IsEmpty());
}

TEST(CheckConfig, EachDiscoveryNeedsToKnowWhereToLook) {
  const std::string rest = ", secret_file: /s}\ngate: {keys_file: /k}";
  EXPECT_THAT(Problems("cluster: {discovery: static" + rest), ElementsAre(HasSubstr("members or members_file")));
  EXPECT_THAT(Problems("cluster: {discovery: static, members: ['a:1'], members_file: /m" + rest),
              ElementsAre(HasSubstr("not both")));
  EXPECT_THAT(Problems("cluster: {discovery: dns" + rest), ElementsAre(HasSubstr("dns needs the name")));
  EXPECT_THAT(Problems("cluster: {discovery: etcd, endpoints: []" + rest),
              ElementsAre(HasSubstr("at least one endpoint")));
  EXPECT_THAT(Problems("cluster: {discovery: etcd" + rest), IsEmpty());
  EXPECT_THAT(Problems("cluster: {discovery: kubernetes" + rest), IsEmpty());
  EXPECT_THAT(Problems("cluster: {username: u}"), ElementsAre(HasSubstr("need each other")));
}

TEST(CheckConfig, TlsNeedsBothHalves) {
  EXPECT_THAT(Problems("gate: {tls: {cert: /c}}"), ElementsAre(HasSubstr("set gate.tls.key")));
  EXPECT_THAT(Problems("gate: {tls: {key: /k}}"), ElementsAre(HasSubstr("set gate.tls.cert")));
  EXPECT_THAT(Problems("gate: {tls: {client_ca: /k}}"), ElementsAre(HasSubstr("client certificates need TLS")));
  EXPECT_THAT(Problems("gate: {tls: {cert: /c, key: /k, client_ca: /a}}"), IsEmpty());
}

TEST(CheckConfig, GrantsNameSomebodyAndSomething) {
  EXPECT_THAT(Problems("gate: {grants: [{who: bob, from: [home], allow: [read], scope: [everything]}]}"),
              UnorderedElementsAre(HasSubstr("`bob` is nobody"), HasSubstr("`home` is no address range"),
                                   HasSubstr("`everything` is no scope")));
  EXPECT_THAT(Problems("gate: {grants: [{who: 'key:A', from: ['fd00::/8'], allow: [admin], scope: ['admin:', "
                       "'objects:*', 's3://b/*']}]}"),
              IsEmpty());
}

TEST(CheckConfig, BothDoorsCannotShareAPort) {
  EXPECT_THAT(Problems("listen: ':9999'\nobjects: {listen: '127.0.0.1:9999'}"),
              ElementsAre(AllOf(StartsWith("f:2:"), HasSubstr("port 9999"))));
  EXPECT_THAT(Problems("listen: ':0'\nobjects: {listen: ':0'}"), IsEmpty());
  EXPECT_THAT(Problems("objects: {storage: 's3://b/p'}"), ElementsAre(HasSubstr("later release")));
}

TEST(CheckConfig, FreshnessTimesWithoutTheirModeAreWarnedOf) {
  const CheckOutcome outcome = Check("freshness: [{match: a, mode: always, ttl: 5s}, {match: b, mode: ttl, ttl: 5s}]");
  EXPECT_THAT(outcome.problems, IsEmpty());
  ASSERT_EQ(outcome.warnings.size(), 1U);
  EXPECT_THAT(outcome.warnings[0].message, HasSubstr("freshness[0].ttl"));
}

}  // namespace
}  // namespace hearth::server
