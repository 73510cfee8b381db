#include "http/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "http/test_server.h"

namespace hearth::http::testing {
namespace {

TEST(Listener, PicksAPortAndSaysWhich) {
  for (const char* address : {"127.0.0.1:0", "localhost:0", "0.0.0.0:0", ":0"}) {
    const auto opened = OpenTcpListeners(address, 1, "");
    ASSERT_TRUE(opened.has_value()) << address;
    EXPECT_NE(opened->address.substr(opened->address.rfind(':')), ":0");
  }
}

TEST(Listener, SpeaksIpv6) {
  const auto opened = OpenTcpListeners("[::1]:0", 1, "");
  if (!opened) GTEST_SKIP() << "no IPv6 here: " << opened.error().ToString();
  EXPECT_EQ(opened->address.substr(0, 6), "[::1]:");
}

TEST(Listener, SeveralLoopsShareOnePort) {
  const auto opened = OpenTcpListeners("127.0.0.1:0", 3, "");
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->sockets.size(), 3u);
}

TEST(Listener, APortThatSomebodyListensOnIsRefusedAlsoWithManyLoops) {
  const auto first = OpenTcpListeners("127.0.0.1:0", 2, "");
  ASSERT_TRUE(first.has_value());
  for (const std::size_t count : {1, 2}) {
    const auto second = OpenTcpListeners(first->address, count, "");
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), Code::kUnavailable);
  }
}

TEST(Listener, WhatIsNoAddressIsRefused) {
  for (const char* address :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:0", "127.0.0.1:-1", "192.0.2.77:0"}) {
    const auto opened = OpenTcpListeners(address, 1, "");
    ASSERT_FALSE(opened.has_value()) << address;
    EXPECT_EQ(opened.error().code(), Code::kInvalidArgument) << address;
  }
}

TEST(Listener, WhatIsAcceptedInheritsItsOptions) {
  const auto opened = OpenTcpListeners("127.0.0.1:0", 1, "reno");
  ASSERT_TRUE(opened.has_value());
  RawClient client(opened->address);
  const io::UniqueFd accepted(::accept4(opened->sockets[0].get(), nullptr, nullptr, SOCK_CLOEXEC));
  int no_delay = 0;
  socklen_t size = sizeof no_delay;
  ASSERT_EQ(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size), 0);
  EXPECT_NE(no_delay, 0);
  char name[16] = {};
  size = sizeof name;
  ASSERT_EQ(::getsockopt(accepted.get(), IPPROTO_TCP, TCP_CONGESTION, name, &size), 0);
  EXPECT_STREQ(name, "reno");
}

TEST(Listener, AnUnknownCongestionControlIsRefused) {
  EXPECT_EQ(OpenTcpListeners("127.0.0.1:0", 1, "no-such-one").error().code(), Code::kInvalidArgument);
}

TEST(Listener, ASocketFileIsOursAlone) {
  TestFiles files;
  const std::string path = files.path() + "/s";
  const mode_t before = ::umask(0);
  const auto opened = OpenUnixListener(path);
  ::umask(before);
  ASSERT_TRUE(opened.has_value());
  struct stat stat{};
  ASSERT_EQ(::stat(path.c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
}

TEST(Listener, AStaleSocketIsReplacedAndALiveOneIsNot) {
  TestFiles files;
  const std::string path = files.path() + "/s";
  auto first = OpenUnixListener(path);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(OpenUnixListener(path).error().code(), Code::kUnavailable);
  first->Reset();  // the file stays, nobody listens
  EXPECT_TRUE(OpenUnixListener(path).has_value());
}

TEST(Listener, WhatIsNoSocketIsNotRemoved) {
  TestFiles files;
  const std::string path = files.path() + "/precious";
  std::ofstream(path) << "data";
  EXPECT_EQ(OpenUnixListener(path).error().code(), Code::kInvalidArgument);
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(OpenUnixListener(files.path() + "/" + std::string(200, 'x')).error().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace hearth::http::testing
