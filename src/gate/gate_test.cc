#include "gate/gate.h"

#include <array>
#include <cstdlib>
#include <new>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {
thread_local std::size_t allocations = 0;
}  // namespace

// Counts what Check allocates (the hit path asks it at every request).
void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace hearth::gate {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kObject = "s3://bucket/key";
constexpr std::array kActions = {Action::kRead, Action::kWrite, Action::kList, Action::kAdmin};
constexpr std::uint32_t kOwnUid = 990;

LocalGateOptions Options() {
  LocalGateOptions options;
  options.own_uid = kOwnUid;
  options.hosts = {"cache.example.com"};
  return options;
}
LocalGateOptions Anonymous() {
  LocalGateOptions options = Options();
  options.insecure_anonymous = true;
  return options;
}
Caller OwnHost() {
  Caller caller;
  caller.own_host = true;
  caller.address = "127.0.0.1";
  caller.host_header = "localhost:8080";
  return caller;
}
Caller OtherHost() {
  Caller caller;
  caller.address = "10.0.0.7";
  caller.host_header = "cache.example.com";
  return caller;
}
Caller Socket(std::uint32_t uid) {
  Caller caller;
  caller.unix_socket = true;
  caller.uid = uid;
  return caller;
}

// Which actions are allowed, as letters of their names: "rwla".
std::string Rights(const LocalGateOptions& options, const Caller& caller, std::string_view resource) {
  const std::unique_ptr<Gate> gate = MakeLocalGate(options);
  std::string rights;
  for (const Action action : kActions) {
    const Decision decision = gate->Check(caller, action, resource);
    if (decision.allowed) rights += ActionName(action).front();
    EXPECT_EQ(decision.allowed, decision.reason.empty());
    EXPECT_EQ(decision.allowed, decision.message.empty());
  }
  return rights;
}
std::string ReasonFor(const LocalGateOptions& options, const Caller& caller, Action action = Action::kRead,
                      std::string_view resource = kObject) {
  return std::string(MakeLocalGate(options)->Check(caller, action, resource).reason);
}

TEST(LocalGate, CallersOfThisHostReadWriteAndListButNeverAdministrate) {
  EXPECT_EQ(Rights(Options(), OwnHost(), kObject), "rwl");
  EXPECT_EQ(Rights(Options(), OwnHost(), "objects:app/session/x"), "rwl");
  EXPECT_EQ(Rights(Options(), OwnHost(), kAdminResource), "r");
  EXPECT_EQ(ReasonFor(Options(), OwnHost(), Action::kAdmin, kAdminResource), "admin");
}

TEST(LocalGate, AnOriginNamedAdminIsNotTheNode) {
  EXPECT_EQ(Rights(Options(), OwnHost(), "admin://bucket/key"), "rwl");
  EXPECT_EQ(Rights(Anonymous(), OtherHost(), "admin://bucket/key"), "rl");
}

TEST(LocalGate, RootAndOurOwnUidDoEverythingOverTheLocalSocket) {
  for (const std::uint32_t uid : {0u, kOwnUid}) {
    EXPECT_EQ(Rights(Options(), Socket(uid), kObject), "rwla");
    EXPECT_EQ(Rights(Options(), Socket(uid), kAdminResource), "rwla");
  }
}

TEST(LocalGate, OtherUsersOverTheLocalSocketAreCallersOfThisHost) {
  EXPECT_EQ(Rights(Options(), Socket(1234), kObject), "rwl");
  EXPECT_EQ(Rights(Options(), Socket(1234), kAdminResource), "r");
}

TEST(LocalGate, AUidWithoutTheLocalSocketMeansNothing) {
  Caller caller = OtherHost();
  caller.uid = 0;
  EXPECT_EQ(Rights(Options(), caller, kObject), "");
  caller = OwnHost();
  caller.uid = kOwnUid;
  EXPECT_EQ(Rights(Options(), caller, kAdminResource), "r");
}

TEST(LocalGate, OtherHostsGetNothingAndHearWhatToDo) {
  EXPECT_EQ(Rights(Options(), OtherHost(), kObject), "");
  EXPECT_EQ(Rights(Options(), OtherHost(), kAdminResource), "");
  const Decision decision = MakeLocalGate(Options())->Check(OtherHost(), Action::kRead, kObject);
  EXPECT_EQ(decision.reason, "not_local");
  EXPECT_THAT(decision.message, HasSubstr("10.0.0.7"));
  EXPECT_THAT(decision.message, HasSubstr("--insecure-anonymous"));
}

TEST(LocalGate, InsecureAnonymousLetsEverybodyReadAndListObjectsOnly) {
  EXPECT_EQ(Rights(Anonymous(), OtherHost(), kObject), "rl");
  EXPECT_EQ(Rights(Anonymous(), OtherHost(), kAdminResource), "");
  EXPECT_EQ(ReasonFor(Anonymous(), OtherHost(), Action::kWrite), "anonymous");
  EXPECT_EQ(ReasonFor(Anonymous(), OtherHost(), Action::kAdmin, kAdminResource), "admin");
  EXPECT_EQ(Rights(Anonymous(), OwnHost(), kObject), "rwl");
  EXPECT_EQ(Rights(Anonymous(), OwnHost(), kAdminResource), "r");
}

TEST(LocalGate, AForwardedRequestIsNotOfThisHost) {
  Caller caller = OwnHost();
  caller.forwarded = true;
  EXPECT_EQ(Rights(Options(), caller, kObject), "");
  EXPECT_EQ(Rights(Options(), caller, kAdminResource), "");
  EXPECT_EQ(ReasonFor(Options(), caller), "forwarded");
  EXPECT_EQ(Rights(Anonymous(), caller, kObject), "rl");
}

TEST(LocalGate, AProxyOnTheLocalSocketPassesNoRightsOn) {
  Caller caller = Socket(0);
  caller.forwarded = true;
  EXPECT_EQ(Rights(Options(), caller, kObject), "");
  EXPECT_EQ(Rights(Options(), caller, kAdminResource), "");
}

TEST(LocalGate, AForeignHostIsNotTrusted) {
  Caller caller = OwnHost();
  for (const char* host : {"evil.example", ""}) {
    caller.host_header = host;
    EXPECT_EQ(Rights(Options(), caller, kObject), "") << host;
    EXPECT_EQ(ReasonFor(Options(), caller), "host");
  }
  LocalGateOptions unchecked = Options();
  unchecked.check_host = false;
  EXPECT_EQ(Rights(unchecked, caller, kObject), "rwl");
  caller.host_header = "bucket.cache.example.com";
  EXPECT_EQ(Rights(Options(), caller, kObject), "rwl");
}

TEST(LocalGate, AForeignOriginIsNotTrusted) {
  Caller caller = OwnHost();
  caller.origin_header = "https://evil.example";
  EXPECT_EQ(Rights(Options(), caller, kObject), "");
  EXPECT_EQ(ReasonFor(Options(), caller), "origin");
  caller.origin_header = "http://localhost:8080";
  EXPECT_EQ(Rights(Options(), caller, kObject), "rwl");
}

TEST(LocalGate, WithoutLoopbackTrustOnlyTheLocalSocketsOwnersAreLeft) {
  LocalGateOptions options = Options();
  options.trust_loopback = false;
  EXPECT_EQ(Rights(options, OwnHost(), kObject), "");
  EXPECT_EQ(ReasonFor(options, OwnHost()), "trust_off");
  EXPECT_EQ(Rights(options, Socket(1234), kObject), "");
  EXPECT_EQ(Rights(options, Socket(kOwnUid), kAdminResource), "rwla");
}

TEST(LocalGate, AllowingAllocatesNothing) {
  const std::unique_ptr<Gate> gate = MakeLocalGate(Anonymous());
  const std::size_t before = allocations;
  const bool own = gate->Check(OwnHost(), Action::kRead, kObject).allowed;
  const bool other = gate->Check(OtherHost(), Action::kRead, kObject).allowed;
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(own && other);
  EXPECT_FALSE(gate->Check(OtherHost(), Action::kWrite, kObject).allowed);
  EXPECT_GT(allocations, before) << "the counter is dead";
}

TEST(LocalGate, WhoMayListNothingAtAllIsToldBeforeAnythingIsListed) {
  EXPECT_TRUE(MakeLocalGate(Options())->CheckAnywhere(OwnHost(), Action::kList).allowed);
  EXPECT_TRUE(MakeLocalGate(Anonymous())->CheckAnywhere(OtherHost(), Action::kList).allowed);
  EXPECT_FALSE(MakeLocalGate(Anonymous())->CheckAnywhere(OtherHost(), Action::kWrite).allowed);
  const Decision denied = MakeLocalGate(Options())->CheckAnywhere(OtherHost(), Action::kList);
  EXPECT_FALSE(denied.allowed);
  EXPECT_EQ(denied.reason, "not_local");
}

}  // namespace
}  // namespace hearth::gate
