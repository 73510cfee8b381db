// The read plane under everything that can happen to it, from seeds (README.md).
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <map>

#include "model/run.h"
#include "support/seeds.h"

namespace hearth::model {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::size_t kSeeds = 200;
#else
constexpr std::size_t kSeeds = 2000;
#endif
#endif
// With fewer, a rare event may be missing.
constexpr std::size_t kSeedsForCoverage = 1000;
constexpr std::size_t kFailuresShown = 3;

// What a run of all seeds must have seen at least once: a fault that never happens checks nothing.
std::vector<std::string> MustHappen() {
  std::vector<std::string> names = {"stops",
                                    "kills",
                                    "power losses",
                                    "start failed",
                                    "bit flipped at rest",
                                    "file cut at rest",
                                    "file removed at rest",
                                    "file removed under our feet",
                                    "client went away",
                                    "clients that left",
                                    "answers that nobody saw",
                                    "cut answers",
                                    "hit path",
                                    "stale answers",
                                    "cache: hit",
                                    "cache: miss",
                                    "cache: partial",
                                    "cache: bypass",
                                    "outcome: 0",
                                    "outcome: 1",
                                    "outcome: 2",
                                    "outcome: 3",
                                    "error: not_found",
                                    "error: precondition_failed",
                                    "error: unavailable",
                                    "error: deadline_exceeded",
                                    "evicted: space",
                                    "evicted: purge",
                                    "evicted: asked",
                                    "evicted: corrupt",
                                    "evicted: bad",
                                    "refused",
                                    "corrupt pages",
                                    "disk: no space",
                                    "disk: not resident",
                                    "herd",
                                    "restart"};
  for (std::size_t i = 0; i < sim::kOriginFaults; ++i) {
    names.push_back("origin: " + std::string(sim::OriginFaultName(static_cast<sim::OriginFault>(i))));
  }
  for (const auto call : {sim::DiskCall::kOpen, sim::DiskCall::kRead, sim::DiskCall::kWrite, sim::DiskCall::kSync,
                          sim::DiskCall::kInfo, sim::DiskCall::kMakeDirectory, sim::DiskCall::kList,
                          sim::DiskCall::kRename, sim::DiskCall::kUnlink, sim::DiskCall::kSyncDirectory}) {
    names.push_back("disk: " + std::string(sim::DiskCallName(call)) + " failed");
  }
  return names;
}

const Run* running = nullptr;

// An assertion of the product ends the process: what led to it is worth more than a clean handler.
void Tell(int signal) {
  std::signal(signal, SIG_DFL);
  if (running != nullptr) std::fputs(running->report().ToString().c_str(), stderr);
  std::raise(signal);
}

telemetry::Logger& Log() {
  static telemetry::Logger log({.level = telemetry::Level::kError});
  return log;
}

Report Execute(std::uint64_t seed) {
  Run run(seed, Log());
  running = &run;
  Report report = run.Execute();
  running = nullptr;
  return report;
}

TEST(ReadPlaneModel, EveryAnswerIsOneThatTheHistoryAllows) {
  std::signal(SIGABRT, Tell);
  const std::vector<std::uint64_t> seeds = sim::TestSeeds(kSeeds);
  std::map<std::string, std::uint64_t> counts;
  std::size_t failures = 0;
  for (const std::uint64_t seed : seeds) {
    const Report report = Execute(seed);
    for (const auto& [name, count] : report.counts) counts[name] += count;
    if (report.failure.empty()) continue;
    ADD_FAILURE() << report.ToString();
    if (++failures == kFailuresShown) break;
  }
  for (const auto& [name, count] : counts)
    std::printf("  %10llu  %s\n", static_cast<unsigned long long>(count), name.c_str());
  if (failures > 0 || seeds.size() < kSeedsForCoverage) return;
  for (const std::string& name : MustHappen()) EXPECT_GT(counts[name], 0u) << name << " never happened";
}

TEST(ReadPlaneModel, ASeedReplaysExactly) {
  for (const std::uint64_t seed : {3u, 17u, 40u, 101u}) {
    const Report first = Execute(seed);
    const Report second = Execute(seed);
    EXPECT_EQ(first.fingerprint, second.fingerprint) << sim::SeedText(seed);
    EXPECT_EQ(first.trace, second.trace);
    EXPECT_NE(first.fingerprint, Execute(seed + 1).fingerprint);
  }
}

}  // namespace
}  // namespace hearth::model
