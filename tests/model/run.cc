#include "model/run.h"

#include <cstdio>
#include <cstdlib>
#include <tuple>

#include <fmt/format.h>

#include "base/hash.h"
#include "cache/layout.h"

namespace hearth::model {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// No read takes so long, whatever happens: faults end after seconds, attempts are few.
constexpr Duration kReadMax = minutes(5);
constexpr std::uint64_t kAllocationUnit = 4_KiB;
constexpr std::uint64_t kMetadataRoomy = 1_MiB;

// Half of the runs are on a machine on which time passes while work waits.
bool IsLate(std::uint64_t seed) { return seed % 2 == 0; }

}  // namespace

std::string Report::ToString() const {
  std::string text = fmt::format("HEARTH_SEED={}: {}\n", seed, failure);
  for (const std::string& line : trace) text += line + "\n";
  return text;
}

Run::Run(std::uint64_t seed, telemetry::Logger& log)
    : report_{.seed = seed},
      sim_(seed, {.late_one_in = IsLate(seed) ? 50u : 0u}),
      random_(sim_.Fork()),
      setting_(DrawSetting(random_)),
      disk_(sim_.clock(), seed),
      loop_(sim_.MakeExecutor("loop")),
      fetch_(sim_.MakeExecutor("fetch")),
      pool_(sim_.MakeExecutor("pool", {.delay_max = milliseconds(2)})),
      origin_(sim_.clock(), seed, setting_.origin),
      world_{sim_, disk_, loop_, fetch_, pool_, origin_, history_, log},
      planner_(sim_.Fork(), history_),
      judge_(history_),
      keys_{"immutable0", "always0", "always1", "ttl0", "ttl1", "ttl2"} {
  if (setting_.disk_faults()) judge_.AllowDiskFaults();
  if (IsLate(seed)) judge_.AllowLateness();
}

Report Run::Execute() {
  Say(fmt::format("profile {} eviction {} budget {} memory {} roomy {}", static_cast<int>(setting_.profile),
                  static_cast<int>(setting_.node.eviction), setting_.node.budget_bytes, setting_.node.memory_bytes,
                  setting_.roomy));
  for (const std::string& key : keys_) {
    if (!random_.OneIn(6)) Put(key);
  }
  Lives();
  if (!broken()) Healed();
  if (!broken()) Herd();
  if (!broken() && setting_.roomy && setting_.node.metadata_bytes >= kMetadataRoomy) Restart();
  if (node_) EndLife(End::kStop);
  if (origin_.open_bodies() > 0) Break("bodies of the origin are still open");
  ForgetRequests();
  CountDiskFaults();
  std::uint64_t hash = sim_.Trace();
  for (const std::string& line : report_.trace) hash = HashParts64({line, std::to_string(hash)});
  report_.fingerprint = hash;
  return std::move(report_);
}

// --- phases ---

void Run::Lives() {
  for (std::uint64_t life = 0; life < setting_.lives && !broken(); ++life) {
    StartNode();
    const auto end = static_cast<End>(random_.Below(3));
    if (end != End::kStop && random_.OneIn(2)) {
      disk_.CrashAfter(1 + random_.Below(800), end == End::kKill ? sim::CrashKind::kKill : sim::CrashKind::kPowerLoss);
    }
    for (std::uint64_t i = 0; i < setting_.events_a_life && !broken() && !disk_.crashed(); ++i) Event();
    EndLife(disk_.crashed() && end == End::kStop ? End::kKill : end);
    if (setting_.disk_faults()) {
      const std::string damage = DamageAtRest(random_, disk_, report_.counts);
      if (!damage.empty()) Say("damage:" + damage);
    }
  }
}

void Run::Healed() {
  origin_.SetNoFaults();
  origin_.Restart();
  HealDisk(disk_);
  StartNode();
  Pass(seconds(2));  // what was refused a moment ago is tried again
  ReadAll(false);
}

void Run::Herd() {
  WaitForScan();
  Pass(seconds(12));  // fills of the background end, the purger makes its round
  if (broken()) return;
  CheckLedger();
  if (broken() || !setting_.roomy) return;
  const std::array<std::string, 3> modes = {"immutable", "always", "ttl"};
  const std::string key = modes[random_.Below(modes.size())] + "herd";
  const std::string object = kBucket.value + "/" + key;
  Put(key);
  const std::uint64_t size = *history_.SizeOf(object, 1);
  ForgetRequests();
  for (std::uint64_t i = 2 + random_.Below(10); i > 0 && !broken(); --i) {
    // A GET that turns out to ask past the end has asked for nothing.
    http::RangeSpec range = planner_.DrawRange(size);
    if (!http::ResolveRange(range, size)) range = http::WholeObject{};
    Plan plan = planner_.Plain(key, range);
    plan.request.head = random_.OneIn(8);
    if (random_.OneIn(3)) plan.pause_max = milliseconds(1 + random_.Below(10));
    if (random_.OneIn(6)) plan.leave_after = random_.Below(size + 1);
    StartRead(std::move(plan));
    if (random_.OneIn(2)) Pass(milliseconds(random_.Below(30)));
  }
  Finish();
  Pass(seconds(8));
  CheckHerd(object);
  ++report_.counts["herd"];
}

void Run::Restart() {
  std::erase_if(keys_, [&](const std::string& key) { return history_.Current(kBucket.value + "/" + key) == 0; });
  // The read that finds a block corrupt goes past the disk; the next one writes it anew.
  for (int i = 0; i < 2; ++i) {
    ReadAll(false);
    Pass(seconds(4));
  }
  if (!ReadAll(true)) return;
  const auto end = static_cast<End>(random_.Below(3));
  Pass(seconds(2));
  EndLife(end);
  StartNode();
  if (random_.OneIn(2)) WaitForScan();
  ForgetRequests();
  const bool hits = ReadAll(end != End::kPowerLoss);
  if (!hits || end == End::kPowerLoss) return;
  if (origin_.counters().gets > 0) Break("a hit asked the origin for bytes");
  std::erase_if(keys_, [](const std::string& key) { return !key.starts_with("immutable"); });
  origin_.HangUp();
  ReadAll(true);
  origin_.Restart();
  ++report_.counts["restart"];
}

// --- what happens ---

void Run::StartNode() {
  while (true) {
    node_ = std::make_unique<Node>(world_, setting_.node);
    const Status started = node_->Start();
    if (started) break;
    Say("start failed: " + started.error().ToString());
    ++report_.counts["start failed"];
    if (!setting_.disk_faults()) Break("a start failed without a reason: " + started.error().ToString());
    node_.reset();
    HealDisk(disk_);
  }
  Say("started");
}

Duration Run::DrawTime() {
  switch (random_.Below(12)) {
    case 0:
    case 1:
    case 2: return Duration::zero();
    case 3:
    case 4: return milliseconds(random_.Below(10));
    case 5: return seconds(1 + random_.Below(3));
    case 6: return random_.OneIn(3) ? seconds(12) : seconds(1);
    default: return milliseconds(random_.Below(200));
  }
}

void Run::Event() {
  if (origin_down_ && random_.OneIn(3)) {
    origin_down_ = false;
    origin_.Restart();
    Say("origin is back");
  }
  switch (random_.Below(24)) {
    case 0:
    case 1:
    case 2: Put(AnyKey()); break;
    case 3: Delete(AnyKey()); break;
    case 4: Evict(AnyKey()); break;
    case 5: CancelOne(); break;
    case 6:
      if (setting_.origin_faults()) {
        origin_down_ = true;
        origin_.HangUp();
        Say("origin hangs up");
      }
      break;
    case 7:
    case 8:
    case 9:
      if (setting_.origin_faults()) Say(TroubleOrigin(random_, origin_));
      break;
    case 10:
    case 11:
      if (setting_.disk_faults()) Say(TroubleDisk(random_, disk_));
      break;
    case 12:
      if (setting_.disk_faults()) RemoveBlockFile();
      break;
    case 13:
    case 14: Burst(AnyKey()); break;
    default: {
      const std::string key = AnyKey();
      for (std::uint64_t n = 1 + random_.Below(3); n > 0; --n)
        StartRead(planner_.Draw(random_.OneIn(2) ? key : AnyKey()));
    }
  }
  Pass(DrawTime());
}

// Reads and overwrites of one object so close together that they meet on their way to the origin.
void Run::Burst(const std::string& key) {
  for (std::uint64_t n = 2 + random_.Below(4); n > 0 && !broken() && !disk_.crashed(); --n) {
    if (random_.OneIn(3)) Put(key);
    StartRead(random_.OneIn(2) ? planner_.Plain(key, http::WholeObject{}) : planner_.Draw(key));
    Pass(milliseconds(random_.Below(25)));
  }
}

const std::string& Run::AnyKey() {
  if (random_.OneIn(40)) hot_key_ = random_.Below(keys_.size());
  return keys_[random_.OneIn(2) ? hot_key_ : random_.Below(keys_.size())];
}

void Run::StartRead(Plan plan) {
  Say(plan.ToString());
  judge_.NoteAttempt(plan, sim_.clock().Now());
  Reading& reading = readings_.emplace_back();
  reading.plan = std::move(plan);
  reading.random = Random(random_.Next());
  loop_.Post([task = RunClient(world_, *node_, reading, ended_)]() mutable { StartDetached(std::move(task)); });
}

void Run::CancelOne() {
  if (readings_.empty()) return;
  auto which = readings_.begin();
  std::advance(which, static_cast<std::ptrdiff_t>(random_.Below(readings_.size())));
  Say(fmt::format("client of {} goes away", which->plan.number));
  ++report_.counts["client went away"];
  which->cancelled = true;
  which->cancel.Cancel();
}

void Run::Put(const std::string& key) {
  const std::uint64_t size = planner_.DrawSize();
  const std::uint64_t version = origin_.Put(kBucket.value, key, size);
  history_.SetCurrent(kBucket.value + "/" + key, version, size, sim_.clock().Now());
  Say(fmt::format("put {} v{} of {} bytes", key, version, size));
}

void Run::Delete(const std::string& key) {
  origin_.Delete(kBucket.value, key);
  history_.SetCurrent(kBucket.value + "/" + key, 0, 0, sim_.clock().Now());
  Say("delete " + key);
}

Task<void> Run::RunEvict(Run& run, std::string key) {
  const std::string object = kBucket.value + "/" + key;
  run.judge_.NoteEvict(object, run.sim_.clock().Now());
  ObjectId id{OriginName("s3"), kBucket, ObjectKey(key)};
  co_await run.node_->reader().Evict(run.node_->origin(), std::move(id), {});
  if (!run.disk_.crashed()) run.judge_.NoteEvicted(object, run.sim_.clock().Now());
  run.evicting_ = false;
}

void Run::Evict(const std::string& key) {
  if (evicting_) return;
  evicting_ = true;
  Say("evict " + key);
  loop_.Post([task = RunEvict(*this, key)]() mutable { StartDetached(std::move(task)); });
}

void Run::RemoveBlockFile() {
  for (const auto& [path, facts] : disk_.Files()) {
    if (!path.ends_with(".blk") || !random_.OneIn(2)) continue;
    Say("somebody removes " + path);
    ++report_.counts["file removed under our feet"];
    std::ignore = disk_.RemoveAtRest(path);
    return;
  }
}

void Run::Pass(Duration time) {
  sim_.RunUntil([this] { return disk_.crashed(); }, time);
  CheckEnded();
  CheckBounds();
}

void Run::Finish() {
  const auto done = [this] { return ended_.size() == readings_.size() && !evicting_; };
  if (!sim_.RunUntil(done, kReadMax)) Hang("a read does not end");
  CheckEnded();
}

void Run::WaitForScan() {
  if (!sim_.RunUntil([this] { return node_->store().scan_done(); }, kReadMax)) Hang("the scan does not end");
}

void Run::StopNode() {
  for (const auto reason : {"space", "purge", "asked", "corrupt", "bad"}) {
    report_.counts[fmt::format("evicted: {}", reason)] += node_->Evicted(reason);
  }
  report_.counts["refused"] += node_->Refused();
  report_.counts["corrupt pages"] += node_->corrupt_pages();
  node_->Stop();
  if (node_->memory().used() > 0) Break(fmt::format("{} bytes of memory were leaked", node_->memory().used()));
  node_.reset();
}

void Run::EndLife(End end) {
  disk_.CrashAfter(0, sim::CrashKind::kKill);
  if (end == End::kStop) {
    Finish();
    Say("stop");
    ++report_.counts["stops"];
    StopNode();
    return;
  }
  const auto kind = end == End::kKill ? sim::CrashKind::kKill : sim::CrashKind::kPowerLoss;
  if (!disk_.crashed()) disk_.Crash(kind);
  Say(end == End::kKill ? "kill" : "power loss");
  ++report_.counts[end == End::kKill ? "kills" : "power losses"];
  origin_.HangUp();
  for (Reading& reading : readings_) reading.cancel.Cancel();
  Finish();
  StopNode();
  sim_.DropAll();
  judge_.NoteCrash(sim_.clock().Now());
  origin_.Restart();
  origin_down_ = false;
}

// --- what is checked ---

bool Run::ReadAll(bool must_hit) {
  for (const std::string& key : keys_) {
    if (broken()) return false;
    missed_ = false;
    StartRead(planner_.Plain(key, http::WholeObject{}));
    Finish();
    if (must_hit && missed_) Break("what is here was no hit");
  }
  return !broken();
}

void Run::CheckEnded() {
  for (Reading* reading : std::exchange(ended_, {})) {
    const ObjectId& object = reading->plan.request.key.object;
    const std::string wrong = judge_.Check(*reading, node_->RuleOf(object));
    Say(fmt::format("answer {}: {}", reading->plan.number, reading->Summary()));
    if (!wrong.empty()) Break(fmt::format("answer {}: {}", reading->plan.number, wrong));
    const bool is_hit = reading->hit_path || reading->cache == read::CacheStatus::kHit || reading->range.empty();
    missed_ = missed_ || reading->error || !is_hit;
    auto& counts = report_.counts;
    ++counts[reading->void_ ? "answers that nobody saw" : reading->error ? "errors" : "answers"];
    if (reading->error) ++counts[fmt::format("error: {}", CodeName(reading->error->code()))];
    if (reading->error && reading->meta) ++counts["cut answers"];
    if (reading->hit_path) ++counts["hit path"];
    if (reading->meta) ++counts[fmt::format("cache: {}", read::CacheStatusName(reading->cache))];
    if (reading->meta) ++counts[fmt::format("outcome: {}", static_cast<int>(reading->outcome))];
    if (reading->stale_for) ++counts["stale answers"];
    if (reading->left) ++counts["clients that left"];
    if (reading->slice_failed) ++counts["slices that failed"];
    readings_.remove_if([&](const Reading& each) { return &each == reading; });
  }
}

void Run::CheckBounds() {
  if (disk_.crashed() || !node_) return;
  if (node_->memory().used() > node_->memory().capacity()) Break("more memory in flight than there may be");
  std::uint64_t besides = 2 * kAllocationUnit;  // directories and what the ledger does not know of
  for (const auto& [path, facts] : disk_.Files()) {
    if (path.starts_with("blocks/")) directories_[path.substr(0, 9)] = true;
    if (path.ends_with("log.tmp")) besides += AlignUp(facts.allocated, kAllocationUnit);
  }
  besides += directories_.size() * kAllocationUnit;
  const std::uint64_t most = setting_.node.budget_bytes + kGeometry.block_size + cache::kBlockHeaderMax + besides;
  if (disk_.used() > most) Break(fmt::format("{} bytes on disk, {} at most", disk_.used(), most));
}

// Nobody reads or fills, and the scan has been everywhere: what lies in the directory is what is counted.
void Run::CheckLedger() {
  std::uint64_t on_disk = 0;
  for (const auto& [path, facts] : disk_.Files()) {
    const bool is_log = path.starts_with("index.") || path.starts_with("metadata.");
    if (path.starts_with("blocks/") || is_log) on_disk += AlignUp(facts.allocated, kAllocationUnit);
    const auto hash = cache::HashOfFileName(path.substr(path.rfind('/') + 1));
    const auto record = hash ? node_->store().Lookup(*hash) : std::nullopt;
    const std::uint64_t said = record ? record->allocated : 0;
    if (hash && said != facts.allocated) {
      Say(fmt::format("{} has {} bytes, the index says {} ({} of {})", path, facts.allocated, said,
                      record ? record->present : 0, record ? record->total : 0));
    }
  }
  const std::uint64_t counted = node_->store().ledger().used();
  // What somebody else has removed, or a power cut has taken, is counted until it is asked for.
  const bool lossy = setting_.disk_faults() || report_.counts["power losses"] > 0;
  if (report_.counts["bit flipped at rest"] > 0) return;  // which may have given a hole a page
  if (lossy ? counted < on_disk : counted != on_disk)
    Break(fmt::format("{} bytes are on disk, {} are counted", on_disk, counted));
}

void Run::CheckHerd(const std::string& object) {
  std::vector<ByteRange> fetched;
  for (const sim::OriginRequest& request : origin_.Requests()) {
    if (request.kind != sim::OriginRequest::Kind::kGet || request.object != object) continue;
    const std::uint64_t size = *history_.SizeOf(object, 1);
    const ByteRange bytes = request.range ? request.range->Intersect({0, size}) : ByteRange{0, size};
    Say(fmt::format("origin was asked for {}-{}", bytes.begin, bytes.end));
    for (const ByteRange& other : fetched) {
      if (!bytes.Intersect(other).empty()) Break("bytes were asked for twice, without faults");
    }
    fetched.push_back(bytes);
  }
}

void Run::ForgetRequests() {
  const sim::OriginCounters counters = origin_.counters();
  for (std::size_t i = 0; i < sim::kOriginFaults; ++i) {
    const auto fault = static_cast<sim::OriginFault>(i);
    report_.counts[fmt::format("origin: {}", sim::OriginFaultName(fault))] += counters.of(fault);
  }
  origin_.ForgetRequests();
}

void Run::CountDiskFaults() {
  const sim::DiskCounters disk = disk_.counters();
  for (std::size_t i = 0; i < sim::kDiskCalls; ++i) {
    report_.counts[fmt::format("disk: {} failed", sim::DiskCallName(static_cast<sim::DiskCall>(i)))] += disk.failed[i];
  }
  report_.counts["disk: no space"] += disk.no_space;
  report_.counts["disk: not resident"] += disk.probes_refused;
}

void Run::Say(std::string line) {
  const double now =
      std::chrono::duration<double>(sim_.clock().Now().time_since_epoch() - std::chrono::hours(1)).count();
  report_.trace.push_back(fmt::format("{:10.4f} {}", now, line));
}

void Run::Break(std::string what) {
  Say("BROKEN: " + what);
  if (!broken()) report_.failure = std::move(what);
}

void Run::Hang(const std::string& what) {
  Break(what);
  for (const Reading& reading : readings_)
    Say(fmt::format("still there: {} {}", reading.plan.ToString(), reading.Summary()));
  std::fputs(report_.ToString().c_str(), stderr);
  std::abort();
}

}  // namespace hearth::model
