// The way through a crash that sim_executor.h prescribes, walked by a small process: it copies objects from
// the origin to the disk and acknowledges each one. Nothing acknowledged is ever lost, and no coroutine leaks.
#include <map>
#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "base/task_scope.h"
#include "support/fake_origin.h"
#include "support/object_bytes.h"
#include "support/seeds.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"

namespace hearth::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kObjectSize = 20'000;

std::string Name(std::size_t i) { return "k" + std::to_string(i); }

// How careful a Copier is before it acknowledges.
struct Care {
  bool sync_file = true;
  bool sync_directory = true;
};

// One process: copies with two executors, and notes what it has acknowledged.
class Copier {
 public:
  Copier(SimWorld& world, SimExecutor& disk, FakeOrigin& origin, std::unique_ptr<io::FileSystem> fs, Care care)
      : world_(world), disk_(disk), origin_(origin), fs_(std::move(fs)), care_(care) {}

  void Start(std::size_t objects) {
    for (std::size_t i = 0; i < objects; ++i) scope_.Start(world_.main(), Copy(*this, i));
  }
  std::size_t running() const { return scope_.running(); }
  const std::set<std::size_t>& acknowledged() const { return acknowledged_; }

  // Steps 3 of a crash, and an orderly stop alike. False if something hangs.
  bool Stop() {
    scope_.Close();
    cancel_.Cancel();
    return world_.RunUntil([this] { return scope_.running() == 0; }, hours(1));
  }

 private:
  static Task<void> Copy(Copier& self, std::size_t i) {
    const RequestContext context{.request_id = {}, .cancel = self.cancel_.token()};
    while (!self.cancel_.token().IsCancelled()) {
      const Status copied = co_await CopyOnce(self, i, context);
      if (copied) {
        self.acknowledged_.insert(i);
        co_return;
      }
      co_await SleepFor(milliseconds(10));
    }
  }

  static Task<Status> CopyOnce(Copier& self, std::size_t i, RequestContext context) {
    origin::GetRequest request;
    request.bucket = BucketName("b");
    request.key = ObjectKey(Name(i));
    auto answer = co_await self.origin_.Get(std::move(request), std::move(context));
    if (!answer) co_return Fail(answer.error());
    std::vector<std::byte> bytes(kObjectSize);
    for (std::size_t done = 0; done < bytes.size();) {
      const auto n = co_await answer->body->Read(std::span(bytes).subspan(done));
      if (!n) co_return Fail(n.error());
      done += *n;
    }
    auto store = [&self, i, &bytes] { return self.Store(Name(i), bytes); };
    co_return co_await RunOn(self.disk_, std::move(store));
  }

  Status Store(const std::string& name, std::span<const std::byte> bytes) {
    const std::string temporary = "tmp-" + name;
    const auto file = fs_->Open(temporary, {.write = true, .create = true, .truncate = true});
    if (!file) return Fail(file.error());
    HEARTH_TRY((*file)->WriteAt(0, bytes));
    if (care_.sync_file) HEARTH_TRY((*file)->Sync());
    HEARTH_TRY(fs_->Rename(temporary, name));
    if (care_.sync_directory) HEARTH_TRY(fs_->SyncDirectory(""));
    return {};
  }

  SimWorld& world_;
  SimExecutor& disk_;
  FakeOrigin& origin_;
  const std::unique_ptr<io::FileSystem> fs_;
  const Care care_;
  CancelSource cancel_;
  std::set<std::size_t> acknowledged_;
  TaskScope scope_;
};

struct Verdict {
  std::size_t lost = 0;  // acknowledged, and missing or wrong after a crash
  std::size_t crashes = 0;
  std::size_t acknowledged = 0;
  std::uint64_t trace = 0;
};

bool IsIntact(io::FileSystem& fs, const std::string& name) {
  const auto file = fs.Open(name, {});
  if (!file) return false;
  std::vector<std::byte> bytes(kObjectSize);
  return (*file)->ReadAt(0, bytes).value_or(0) == kObjectSize && CheckObjectBytes({.key = "b/" + name}, bytes).empty();
}

Verdict RunCrashes(std::uint64_t seed, Care care) {
  constexpr std::size_t kObjects = 6;
  SimWorld world(seed, {.late_one_in = 50});
  SimExecutor& disk_pool = world.MakeExecutor("disk", {.delay_max = milliseconds(2)});
  FakeOrigin origin(world.clock(), seed);
  SimDisk disk(world.clock(), seed);
  Random random = world.Fork();
  for (std::size_t i = 0; i < kObjects; ++i) origin.Put("b", Name(i), kObjectSize);
  for (const OriginFault fault : {OriginFault::kCut, OriginFault::kSilent, OriginFault::kStall}) {
    origin.SetFaultRate(fault, 0.1);
  }
  disk.SetErrorRate(DiskCall::kWrite, 0.05);
  Verdict verdict;
  for (int life = 0; life < 4; ++life) {
    const CrashKind kind = random.OneIn(3) ? CrashKind::kKill : CrashKind::kPowerLoss;
    disk.CrashAfter(1 + random.Below(kObjects * 6), kind);
    auto copier = std::make_unique<Copier>(world, disk_pool, origin, disk.Mount(), care);
    copier->Start(kObjects);
    world.RunUntil([&] { return disk.crashed() || copier->running() == 0; }, hours(1));
    if (!disk.crashed()) disk.Crash(kind);
    ++verdict.crashes;
    const std::set<std::size_t> acknowledged = copier->acknowledged();
    origin.HangUp();
    EXPECT_TRUE(copier->Stop()) << "hangs after a crash";
    copier.reset();
    world.DropAll();
    origin.Restart();
    EXPECT_EQ(origin.open_bodies(), 0u);
    const auto fs = disk.Mount();
    for (const std::size_t i : acknowledged) verdict.lost += IsIntact(*fs, Name(i)) ? 0 : 1;
    verdict.acknowledged += acknowledged.size();
  }
  verdict.trace = world.Trace();
  return verdict;
}

TEST(Crash, NothingAcknowledgedIsLostByACarefulProcess) {
  std::size_t acknowledged = 0;
  for (const std::uint64_t seed : TestSeeds(200)) {
    SCOPED_TRACE(SeedText(seed));
    const Verdict verdict = RunCrashes(seed, {});
    EXPECT_EQ(verdict.lost, 0u);
    acknowledged += verdict.acknowledged;
  }
  EXPECT_GT(acknowledged, TestSeeds(200).size() == 1 ? 0u : 1000u);
}

TEST(Crash, TheSimulationCatchesAProcessThatForgetsToSyncTheFile) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) lost += RunCrashes(seed, {.sync_file = false}).lost;
  EXPECT_GT(lost, 20u);
}

TEST(Crash, TheSimulationCatchesAProcessThatForgetsToSyncTheDirectory) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) lost += RunCrashes(seed, {.sync_directory = false}).lost;
  EXPECT_GT(lost, 20u);
}

TEST(Crash, ASeedReplaysExactly) {
  for (const std::uint64_t seed : TestSeeds(10)) {
    const Verdict first = RunCrashes(seed, {.sync_file = false});
    const Verdict again = RunCrashes(seed, {.sync_file = false});
    EXPECT_EQ(first.trace, again.trace);
    EXPECT_EQ(first.lost, again.lost);
  }
}

}  // namespace
}  // namespace hearth::sim
