#include "gate/host_rule.h"

#include <vector>

#include <gtest/gtest.h>

namespace hearth::gate {
namespace {

const std::vector<std::string> kHosts = {"cache.example.com", "hearth"};

TEST(HostRule, AddressesAreTrusted) {
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "10.1.2.3:1", "255.255.255.255", "[::1]", "[::1]:8080",
                           "[fe80::1234:ABCD]:80", "[::ffff:127.0.0.1]", "127.0.0.1:"}) {
    EXPECT_TRUE(IsTrustedHost(host, {})) << host;
  }
}

TEST(HostRule, LocalhostAndNamesUnderItAreTrusted) {
  for (const char* host : {"localhost", "LocalHost:8080", "localhost.", "bucket.localhost", "a.b.localhost:80"}) {
    EXPECT_TRUE(IsTrustedHost(host, {})) << host;
  }
}

TEST(HostRule, ConfiguredNamesAndBucketsUnderThemAreTrusted) {
  for (const char* host :
       {"cache.example.com", "CACHE.example.com.:443", "bucket.cache.example.com", "a.b.hearth:80", "hearth"}) {
    EXPECT_TRUE(IsTrustedHost(host, kHosts)) << host;
    EXPECT_FALSE(IsTrustedHost(host, {})) << host;
  }
}

TEST(HostRule, EverythingElseIsNot) {
  for (const char* host : {"",
                           ".",
                           ":80",
                           "evil.example",
                           "127.0.0.1.evil.example",
                           "localhost.evil.example",
                           "notlocalhost",
                           ".localhost",
                           "evilcache.example.com",
                           "example.com",
                           "127.0.0.256",
                           "127.0.0",
                           "1.2.3.4.5",
                           "1..2.3",
                           "0127.0.0.1",
                           "127.0.0.1 ",
                           "[::1",
                           "[::1]x",
                           "[::1]:8x",
                           "[evil.example]",
                           "[1]",
                           "[]",
                           "localhost:80:80",
                           "localhost:x",
                           "127.0.0.1:80@evil",
                           "localhost..",
                           "::1"}) {
    EXPECT_FALSE(IsTrustedHost(host, kHosts)) << host;
  }
  EXPECT_FALSE(IsTrustedHost(std::string(300, 'a') + ".localhost", {}));
  EXPECT_FALSE(IsTrustedHost(std::string_view("localhost\0", 10), {}));
}

TEST(HostRule, AnEmptyConfiguredNameMatchesNothing) {
  const std::vector<std::string> hosts = {""};
  EXPECT_FALSE(IsTrustedHost("evil.example", hosts));
  EXPECT_FALSE(IsTrustedHost("", hosts));
}

TEST(HostRule, AnOriginIsForeignUnlessItIsTheHost) {
  EXPECT_FALSE(IsForeignOrigin("", "localhost:8080"));
  EXPECT_FALSE(IsForeignOrigin("http://localhost:8080", "LOCALHOST:8080"));
  EXPECT_FALSE(IsForeignOrigin("https://cache.example.com", "cache.example.com"));
  EXPECT_TRUE(IsForeignOrigin("http://localhost:3000", "localhost:8080"));
  EXPECT_TRUE(IsForeignOrigin("https://evil.example", "localhost:8080"));
  EXPECT_TRUE(IsForeignOrigin("http://localhost:8080.evil.example", "localhost:8080"));
  EXPECT_TRUE(IsForeignOrigin("null", "null"));
  EXPECT_TRUE(IsForeignOrigin("http://", "localhost"));
}

}  // namespace
}  // namespace hearth::gate
