#include "cache/disk_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"
#include "cache/directory_scan.h"
#include "cache/layout.h"

namespace hearth::cache {
namespace {

// How many victims one reservation may take before it gives up: enough for a block of 64 MiB made of the
// smallest ones, and a bound when everything that could go is being read.
constexpr int kVictimsMax = 1024;
// Left free on a disk that others fill too: for directories and what else is not in the ledger.
constexpr std::uint64_t kFreeMargin = 256_KiB;
constexpr Duration kTroublePause = std::chrono::seconds(1);
constexpr std::uint64_t kAllocationUnit = 4_KiB;
// Resolution of "last checked": 32 bits of these are 497 days.
constexpr Duration kTick = std::chrono::milliseconds(10);
// 2020-01-01T00:00:00Z, the epoch of BlockRecord::last_used.
constexpr std::int64_t kUseEpochSeconds = 1577836800;

std::string_view ReasonName(EvictReason reason) {
  switch (reason) {
    case EvictReason::kSpace: return "space";
    case EvictReason::kPurge: return "purge";
    case EvictReason::kAsked: return "asked";
    case EvictReason::kCorrupt: return "corrupt";
    case EvictReason::kBad: return "bad";
  }
  return "bad";
}

}  // namespace

DiskStore::DiskStore(Options options, Environment environment)
    : options_(std::move(options)),
      env_(environment),
      verify_interval_ticks_(static_cast<std::uint32_t>(options_.verify_interval / kTick)),
      started_(env_.clock.Now()),
      ledger_(std::make_shared<SpaceLedger>(options_.budget_bytes)),
      live_(std::make_shared<LiveFiles>()),
      index_(options_.eviction),
      journal_(env_.files, ledger_),
      open_files_(options_.open_files_max) {
  env_.metrics.AddCollector([this] {
    env_.metrics.GetGauge(telemetry::Family::kCacheBytes, {options_.directory})
        .Set(static_cast<std::int64_t>(ledger_->used()));
    env_.metrics.GetGauge(telemetry::Family::kCacheBudgetBytes, {options_.directory})
        .Set(static_cast<std::int64_t>(ledger_->budget()));
    env_.metrics.GetGauge(telemetry::Family::kCacheBlocks, {options_.directory})
        .Set(static_cast<std::int64_t>(index_.count()));
  });
}

DiskStore::~DiskStore() = default;

std::uint32_t DiskStore::NowTick() const {
  return 1 + static_cast<std::uint32_t>((env_.clock.Now() - started_) / kTick);
}

std::uint32_t DiskStore::UseTick() const {
  const auto since_epoch = std::chrono::duration_cast<std::chrono::seconds>(env_.clock.Wall().time_since_epoch());
  return static_cast<std::uint32_t>(std::max<std::int64_t>(0, since_epoch.count() - kUseEpochSeconds));
}

Status DiskStore::Open() {
  HEARTH_TRY(env_.files.Lock(kLockPath));
  HEARTH_TRY(env_.files.MakeDirectory(kBlocksDirectory));
  Result<IndexJournal::Loaded> loaded = journal_.Load(index_);
  if (!loaded) return Fail(std::move(loaded).error().With("index of " + options_.directory));
  // What was being made may not have a file. If it has one, the scan takes it.
  const std::uint64_t known = index_.count();
  const std::uint64_t bytes = index_.DropUnfinished();
  complete_at_open_ = loaded->complete && index_.count() == known;
  ledger_->Charge(bytes);
  FitToDisk();
  if (loaded->discarded) {
    env_.log.Warn("index begun anew", {{"dir", options_.directory}, {"error", loaded->discarded->ToString()}});
  }
  // After a crash, or with an index that is not whole, files may be there that nobody has counted; not in a new
  // directory.
  const Result<std::vector<std::string>> directories = env_.files.List(kBlocksDirectory);
  counted_.store(complete_at_open_ || (directories && directories->empty()), std::memory_order_release);
  env_.log.Info("cache directory opened", {{"dir", options_.directory},
                                           {"blocks", index_.count()},
                                           {"bytes", bytes},
                                           {"budget_bytes", options_.budget_bytes},
                                           {"log_records", loaded->log_records},
                                           {"log_bytes_dropped", loaded->bytes_dropped}});
  return {};
}

void DiskStore::StartBackground(Executor& home) {
  scope_.Start(home, Scan());
  scope_.Start(home, PurgeLoop());
}

Task<void> DiskStore::Stop() {
  stopping_.store(true, std::memory_order_release);
  stop_.NotifyAll();
  scope_.Close();
  co_await scope_.Join();
  const Status written = co_await RunOn(env_.pool, [this]() -> Status {
    HEARTH_TRY(journal_.Checkpoint(index_));
    return IsExact() ? journal_.StopInOrder() : Status();
  });
  if (!written) {
    env_.log.Warn("index checkpoint not written", {{"dir", options_.directory}, {"error", written.error().ToString()}});
  }
}

bool DiskStore::IsExact() {
  MutexLock lock(orphans_mutex_);
  return orphans_.empty() && (complete_at_open_ || scan_done());
}

void DiskStore::NoteUse(BlockFile& file) {
  const std::uint32_t now = UseTick();
  if (file.NoteUse(now)) index_.Touch(file.hash(), now, true);
}

bool DiskStore::InTrouble() const {
  return env_.clock.Now().time_since_epoch().count() < trouble_until_ns_.load(std::memory_order_relaxed);
}

void DiskStore::NoteTrouble(const Error& error, std::string_view doing) {
  if (!InTrouble()) {
    env_.log.Warn("cache directory bypassed for a second",
                  {{"dir", options_.directory}, {"doing", doing}, {"error", error.ToString()}});
  }
  trouble_until_ns_.store((env_.clock.Now() + kTroublePause).time_since_epoch().count(), std::memory_order_relaxed);
  env_.metrics.GetCounter(telemetry::Family::kBypass, {options_.directory, CodeName(error.code())}).Add();
  // Somebody else has filled the disk. Looked at when the fill has given back the room that it did not get.
  if (error.code() == Code::kNoSpace) fit_to_disk_.store(true, std::memory_order_relaxed);
}

// --- opening and making files ---

std::shared_ptr<BlockFile> DiskStore::Adopt(BlockHeader header, std::shared_ptr<io::File> file) {
  // Closing an unlinked file frees its blocks, which may take a while: the pool does it.
  const auto deleter = [live = live_, pool = &env_.pool](BlockFile* dead) {
    std::unique_ptr<BlockFile> owned(dead);
    live->Forget(owned->hash());
    if (Executor::Current() != pool) pool->Post([last = std::move(owned)] {});
  };
  std::shared_ptr<BlockFile> block(new BlockFile(std::move(header), std::move(file), ledger_), deleter);
  live_->Add(block);
  return block;
}

Result<std::shared_ptr<BlockFile>> DiskStore::OpenFile(const BlockInfo& info) {
  const Hash128 hash = HashBlock(info.object, info.version, info.index);
  Result<std::shared_ptr<io::File>> file = env_.files.Open(BlockPath(hash), {.write = true});
  if (!file) return Fail(std::move(file).error());
  std::vector<std::byte> bytes(BlockHeader::Empty(info, options_.geometry).data_offset());
  const Result<std::size_t> read = (*file)->ReadAt(0, bytes);
  if (!read) return Fail(read.error());
  Result<BlockHeader> header = DecodeBlockHeader(std::span(bytes).first(*read));
  if (!header) return Fail(std::move(header).error());
  if (header->info != info || header->geometry != options_.geometry) {
    return Fail(Code::kCorruption, "block file " + hash.ToHex() + " holds another block");
  }
  const Result<io::FileInfo> stat = (*file)->Info();
  if (!stat) return Fail(stat.error());
  const BlockRecord record{.hash = hash,
                           .allocated = AlignUp(stat->allocated, kAllocationUnit),
                           .present = header->present_count(),
                           .total = header->sub_count(),
                           .last_used = UseTick()};
  // The index may be older than the file, or the scan have not come here yet.
  if (!Recount(record)) {
    if (record.present == 0) return Fail(Code::kCorruption, "block file without data");
    ledger_->Charge(record.allocated);
    index_.Put(record);
  }
  return Adopt(std::move(*header), std::move(*file));
}

Task<std::shared_ptr<BlockFile>> DiskStore::OpenBlock(BlockInfo info) {
  const Hash128 hash = HashBlock(info.object, info.version, info.index);
  const LiveFiles::Claim claim = co_await live_->Acquire(hash);
  if (std::shared_ptr<BlockFile> file = live_->Find(hash); file && !file->gone()) {
    if (file->info() == info) co_return open_files_.Add(std::move(file));
    // Of the same version, but of another size: one of the two is a lie of the origin's.
    co_await EvictClaimed(hash, EvictReason::kBad);
  }
  if (!index_.Find(hash) && scan_done()) co_return nullptr;
  Result<std::shared_ptr<BlockFile>> opened = co_await RunOn(env_.pool, [&] { return OpenFile(info); });
  if (opened) co_return open_files_.Add(std::move(*opened));
  // One that the index does not know is the scan's.
  const bool was_known = co_await EvictClaimed(hash, EvictReason::kBad);
  if (was_known && opened.error().code() != Code::kNotFound) {
    env_.log.Warn("block file dropped",
                  {{"dir", options_.directory}, {"block", hash.ToHex()}, {"error", opened.error().ToString()}});
  }
  co_return nullptr;
}

Result<std::shared_ptr<BlockFile>> DiskStore::CreateFile(const BlockHeader& header) {
  const Hash128 hash = HashBlock(header.info.object, header.info.version, header.info.index);
  const std::string path = BlockPath(hash);
  const io::OpenOptions make{.write = true, .create = true, .exclusive = true};
  Result<std::shared_ptr<io::File>> file = env_.files.Open(path, make);
  if (!file && file.error().code() == Code::kNotFound) {
    HEARTH_TRY(env_.files.MakeDirectory(BlockDirectory(hash)));
    file = env_.files.Open(path, make);
  } else if (!file && file.error().code() == Code::kInvalidArgument) {
    // A file of that name that the index does not know: left over from a crash, of no use to anybody.
    HEARTH_TRY(env_.files.Unlink(path));
    file = env_.files.Open(path, make);
  }
  if (!file) return Fail(std::move(file).error());
  const std::vector<std::byte> bytes = EncodeBlockHeader(header);
  HEARTH_TRY((*file)->WriteAt(0, bytes));
  return Adopt(header, std::move(*file));
}

bool DiskStore::HasRoomFor(const BlockInfo& info, std::uint64_t fill_bytes) const {
  const std::uint64_t bytes =
      BlockHeader::Empty(info, options_.geometry).data_offset() + AlignUp(fill_bytes, kAllocationUnit);
  const std::uint64_t limit = ledger_->limit();
  return bytes <= limit && ledger_->used() <= limit - bytes;
}

bool DiskStore::Admit(const BlockInfo& info, std::uint64_t fill_bytes, bool regardless) {
  const Hash128 hash = HashBlock(info.object, info.version, info.index);
  if (index_.Admit(hash, fill_bytes, regardless || HasRoomFor(info, fill_bytes))) return true;
  env_.metrics.GetCounter(telemetry::Family::kBypass, {options_.directory, "rejected"}).Add();
  return false;
}

bool DiskStore::WouldAdmit(const BlockInfo& info, std::uint64_t fill_bytes) {
  return HasRoomFor(info, fill_bytes) || index_.WouldAdmit(HashBlock(info.object, info.version, info.index));
}

Task<Result<std::shared_ptr<BlockFile>>> DiskStore::Create(BlockInfo info, std::uint64_t fill_bytes) {
  if (InTrouble()) co_return Fail(Code::kUnavailable, "the directory failed a moment ago");
  if (!counted_.load(std::memory_order_acquire)) co_return Fail(Code::kUnavailable, "the directory is being counted");
  if (!IsStorable(info, options_.geometry)) co_return Fail(Code::kInvalidArgument, "not a block that a file can hold");
  BlockHeader header = BlockHeader::Empty(std::move(info), options_.geometry);
  const Hash128 hash = HashBlock(header.info.object, header.info.version, header.info.index);
  const std::uint64_t header_bytes = header.data_offset();
  const std::uint64_t data_bytes = AlignUp(fill_bytes, kAllocationUnit);
  // Before the claim: making room waits for the claims of others.
  if (!co_await MakeRoom(header_bytes + data_bytes, nullptr))
    co_return Fail(Code::kNoSpace, "no room within the budget");
  const LiveFiles::Claim claim = co_await live_->Acquire(hash);
  if (std::shared_ptr<BlockFile> file = live_->Find(hash); file && !file->gone()) {
    ledger_->Release(header_bytes);
    HEARTH_CO_TRY(TakeRoom(*file, data_bytes));
    co_return open_files_.Add(std::move(file));
  }
  co_return co_await CreateClaimed(std::move(header), data_bytes);
}

Task<Result<std::shared_ptr<BlockFile>>> DiskStore::CreateClaimed(BlockHeader header, std::uint64_t fill_bytes) {
  const Hash128 hash = HashBlock(header.info.object, header.info.version, header.info.index);
  const std::optional<BlockRecord> before = index_.Begin({.hash = hash,
                                                          .allocated = header.data_offset() + fill_bytes,
                                                          .present = 0,
                                                          .total = header.sub_count(),
                                                          .last_used = UseTick()});
  if (before) ledger_->Release(before->allocated);  // a file that could not be opened: it is replaced
  Result<std::shared_ptr<BlockFile>> file = co_await RunOn(env_.pool, [&] { return CreateFile(header); });
  if (!file) {
    co_await DropClaimed(hash, IfStuck::kForget);  // there may be some of it
    NoteTrouble(file.error(), "making a block file");
    if (file.error().code() == Code::kNoSpace) co_await RunOn(env_.pool, [this] { FitToDisk(); });
    co_return Fail(std::move(file).error());
  }
  (*file)->AddReserved(fill_bytes);
  co_return open_files_.Add(std::move(*file));
}

// --- room ---

Task<bool> DiskStore::MakeRoom(std::uint64_t bytes, const Hash128* spare) {
  if (bytes > ledger_->budget()) co_return false;
  if (bytes > ledger_->limit()) {
    co_await RunOn(env_.pool, [this] { FitToDisk(); });  // there may be more by now
    if (bytes > ledger_->limit()) co_return false;
  }
  for (int victims = 0; !ledger_->TryReserve(bytes); ++victims) {
    const std::optional<Hash128> victim = index_.Victim(spare);
    if (!victim || victims == kVictimsMax) co_return false;
    // A directory that does not let go of its files keeps them, as hits.
    if (!co_await Evict(*victim, EvictReason::kSpace) && InTrouble()) co_return false;
  }
  co_return true;
}

// `bytes` are the ledger's already: the file's from now on, or given back.
Status DiskStore::TakeRoom(BlockFile& file, std::uint64_t bytes) {
  file.AddReserved(bytes);
  if (!file.gone() && index_.Grow(file.hash(), static_cast<std::int64_t>(bytes))) return {};
  file.TakeReserved(bytes);
  ledger_->Release(bytes);
  return Fail(Code::kUnavailable, "the block was evicted");
}

Task<Status> DiskStore::Reserve(std::shared_ptr<BlockFile> file, std::uint64_t fill_bytes) {
  if (InTrouble()) co_return Fail(Code::kUnavailable, "the directory failed a moment ago");
  const std::uint64_t bytes = AlignUp(fill_bytes, kAllocationUnit);
  index_.Touch(file->hash(), UseTick(), false);
  if (!co_await MakeRoom(bytes, &file->hash())) co_return Fail(Code::kNoSpace, "no room within the budget");
  co_return TakeRoom(*file, bytes);
}

void DiskStore::Unreserve(BlockFile& file, std::uint64_t bytes) {
  bytes = AlignUp(bytes, kAllocationUnit);
  file.TakeReserved(bytes);
  // An evicted block was charged with all that it had reserved, and gives it back when it closes.
  if (!file.gone() && index_.Grow(file.hash(), -static_cast<std::int64_t>(bytes))) ledger_->Release(bytes);
}

// --- bytes ---

Task<Status> DiskStore::Verify(std::shared_ptr<BlockFile> file, ByteRange in_block) {
  std::uint32_t pages_corrupt = 0;
  Status status = co_await RunOn(env_.pool, [&] { return file->Verify(in_block, NowTick(), pages_corrupt); });
  if (status) co_return status;
  if (pages_corrupt > 0) {
    env_.metrics.GetCounter(telemetry::Family::kCacheCorruptPages, {options_.directory}).Add(pages_corrupt);
  }
  env_.log.Warn("block dropped", {{"dir", options_.directory},
                                  {"block", file->hash().ToHex()},
                                  {"object", file->info().object.Url()},
                                  {"pages_corrupt", pages_corrupt},
                                  {"error", status.error().ToString()}});
  const LiveFiles::Claim claim = co_await live_->Acquire(file->hash());
  // Somebody else may have found out too, and another file have its place by now.
  if (!file->gone()) {
    co_await EvictClaimed(file->hash(), pages_corrupt > 0 ? EvictReason::kCorrupt : EvictReason::kBad);
  }
  co_return status;
}

Task<Status> DiskStore::Write(std::shared_ptr<BlockFile> file, std::uint32_t sub, BufferSlice bytes) {
  Status status = co_await RunOn(env_.writers, [&] {
    Status written = file->Write(sub, bytes.bytes, NowTick());
    file->TakeReserved(AlignUp(bytes.bytes.size(), kAllocationUnit));
    return written;
  });
  if (!status) NoteTrouble(status.error(), "writing a block");
  co_return status;
}

bool DiskStore::Recount(const BlockRecord& record) {
  const std::optional<BlockRecord> before = index_.Update(record);
  if (!before) return false;
  if (record.allocated > before->allocated) ledger_->Charge(record.allocated - before->allocated);
  if (record.allocated < before->allocated) ledger_->Release(before->allocated - record.allocated);
  return true;
}

Status DiskStore::RecordFile(BlockFile& file) {
  if (file.gone()) return {};
  const std::uint32_t present = file.present_count();
  Status status = file.Record();
  std::optional<BlockRecord> record = index_.Find(file.hash());
  if (!record) return status;
  // Counts what is there: a failed write has taken some of its room, or none. A fill of another part that takes room
  // at this very moment may be missed; it ends with a Record too.
  if (const Result<std::uint64_t> on_disk = file.AllocatedOnDisk()) {
    record->allocated = AlignUp(*on_disk, kAllocationUnit) + file.reserved();
  }
  record->present = present;
  record->last_used = UseTick();
  const bool known = Recount(*record);
  if (fit_to_disk_.exchange(false, std::memory_order_relaxed)) FitToDisk();
  if (!known || !status) return status;
  const std::array<IndexRecord, 1> records = {*record};
  return journal_.Append(records);
}

Task<void> DiskStore::Record(std::shared_ptr<BlockFile> file) {
  const Status status = co_await RunOn(env_.pool, [&] { return RecordFile(*file); });
  if (!status) NoteTrouble(status.error(), "recording a block");
}

// --- eviction ---

bool DiskStore::UnlinkFile(const Hash128& hash) {
  const Status unlinked = env_.files.Unlink(BlockPath(hash));
  if (unlinked || unlinked.error().code() == Code::kNotFound) return true;
  NoteTrouble(unlinked.error(), "unlinking a block");
  return false;
}

void DiskStore::LogGone(const Hash128& hash) {
  const std::array<IndexRecord, 1> records = {BlockGone{hash}};
  if (const Status logged = journal_.Append(records); !logged) NoteTrouble(logged.error(), "logging an eviction");
}

Task<bool> DiskStore::DropClaimed(Hash128 hash, IfStuck if_stuck) {
  if (!index_.Find(hash)) co_return false;
  // Held until the name is gone: a file that is open gives its bytes back when it closes.
  std::shared_ptr<BlockFile> file = live_->Find(hash);
  if (file && file->gone()) file = nullptr;
  const bool unlinked = co_await RunOn(env_.pool, [&] { return UnlinkFile(hash); });
  if (!unlinked && if_stuck == IfStuck::kKeep) co_return false;
  const std::optional<BlockRecord> record = index_.Remove(hash);
  HEARTH_CHECK(record.has_value());  // by the claim
  // One that could not be unlinked is an orphan from now on, which pays for itself.
  const bool open = file != nullptr;
  if (open) file->MarkGone(unlinked ? record->allocated : 0);
  open_files_.Remove(hash, nullptr);
  if (unlinked && !open) ledger_->Release(record->allocated);
  if (!unlinked) {
    MutexLock lock(orphans_mutex_);
    orphans_.push_back({hash, record->allocated});
  }
  co_await RunOn(env_.pool, [&] {
    LogGone(hash);
    file.reset();  // here, so that its bytes are free before whoever makes room looks again
  });
  co_return true;
}

Task<bool> DiskStore::EvictClaimed(Hash128 hash, EvictReason reason) {
  // What gives way to others may stay if the disk will not let go of it; what is wrong or unwanted is not served again.
  const bool gives_way = reason == EvictReason::kSpace || reason == EvictReason::kPurge;
  const bool was_there = co_await DropClaimed(hash, gives_way ? IfStuck::kKeep : IfStuck::kForget);
  if (was_there) {
    env_.metrics.GetCounter(telemetry::Family::kCacheEvictedBlocks, {options_.directory, ReasonName(reason)}).Add();
  }
  co_return was_there;
}

Task<bool> DiskStore::Evict(Hash128 hash, EvictReason reason) {
  const LiveFiles::Claim claim = co_await live_->Acquire(hash);
  co_return co_await EvictClaimed(hash, reason);
}

// Whether the orphan is no more. One that is still being read waits: its bytes are its charge.
bool DiskStore::IsSettled(const Orphan& orphan) {
  const std::optional<LiveFiles::Claim> claim = live_->TryAcquire(orphan.hash);
  if (!claim) return false;
  if (index_.Find(orphan.hash)) return true;  // a block that was made since has taken the name, and the file with it
  if (live_->Find(orphan.hash)) return false;
  const Status unlinked = env_.files.Unlink(BlockPath(orphan.hash));
  return unlinked || unlinked.error().code() == Code::kNotFound;
}

void DiskStore::RetryUnlinks() {
  std::vector<Orphan> orphans;
  {
    MutexLock lock(orphans_mutex_);
    orphans.swap(orphans_);
  }
  for (const Orphan& orphan : orphans) {
    if (IsSettled(orphan)) {
      ledger_->Release(orphan.allocated);
      continue;
    }
    MutexLock lock(orphans_mutex_);
    orphans_.push_back(orphan);
  }
}

// --- background ---

Task<void> DiskStore::Scan() {
  DirectoryScan scan({.files = env_.files,
                      .index = index_,
                      .ledger = *ledger_,
                      .live = *live_,
                      .geometry = options_.geometry,
                      .use_tick = UseTick()});
  Status status;
  for (int byte = 0; byte < 256; ++byte) {
    if (stopping_.load(std::memory_order_acquire)) co_return;
    Status scanned = co_await RunOn(env_.pool, [&] { return scan.ScanOne(static_cast<std::uint8_t>(byte)); });
    if (!scanned) status = std::move(scanned);
  }
  for (const Hash128& hash : scan.skipped()) {
    const LiveFiles::Claim claim = co_await live_->Acquire(hash);
    co_await RunOn(env_.pool, [&] { scan.ScanClaimed(hash); });
  }
  counted_.store(true, std::memory_order_release);  // as far as it can be
  if (!status) {
    env_.log.Warn("cache directory scanned in part",
                  {{"dir", options_.directory}, {"error", status.error().ToString()}});
    co_return;
  }
  scan_done_.store(true, std::memory_order_release);
  env_.log.Info("cache directory scanned", {{"dir", options_.directory},
                                            {"blocks", index_.count()},
                                            {"adopted", scan.counts().adopted},
                                            {"unlinked", scan.counts().unlinked},
                                            {"missing", scan.counts().missing}});
}

Task<void> DiskStore::PurgeTo(std::uint64_t used_bytes) {
  // Files that are being read stay charged after their eviction: bounded by what is there.
  for (std::uint64_t left = index_.count(); left > 0 && ledger_->used() > used_bytes; --left) {
    const std::optional<Hash128> victim = index_.Victim();
    if (!victim || stopping_.load(std::memory_order_acquire)) co_return;
    if (!co_await Evict(*victim, EvictReason::kPurge) && InTrouble()) co_return;
  }
}

void DiskStore::WriteUses() {
  const std::vector<BlocksUsed::Use> uses = index_.TakeUsed();
  Status status;
  for (std::size_t begin = 0; begin < uses.size() && status; begin += BlockBatch::kBatchMax) {
    const auto batch = std::span(uses).subspan(begin, std::min(BlockBatch::kBatchMax, uses.size() - begin));
    const std::array<IndexRecord, 1> records = {BlocksUsed{{batch.begin(), batch.end()}}};
    status = journal_.Append(records);
  }
  if (journal_.WantsCheckpoint()) status = journal_.Checkpoint(index_);
  if (!status) NoteTrouble(status.error(), "writing the index");
}

void DiskStore::FitToDisk() {
  if (const Result<io::FileSystem::Space> space = env_.files.GetSpace()) ledger_->FitTo(space->available, kFreeMargin);
}

Task<void> DiskStore::PurgeOnce() {
  co_await RunOn(env_.pool, [this] { FitToDisk(); });
  const auto share = [this](double of) {
    return static_cast<std::uint64_t>(static_cast<double>(ledger_->limit()) * of);
  };
  if (ledger_->used() > share(options_.high_watermark)) co_await PurgeTo(share(options_.low_watermark));
  co_await RunOn(env_.pool, [this] {
    RetryUnlinks();
    WriteUses();
  });
}

Task<void> DiskStore::PurgeLoop() {
  while (!stopping_.load(std::memory_order_acquire)) {
    const std::uint64_t seen = stop_.generation();
    if (stopping_.load(std::memory_order_acquire)) co_return;
    co_await stop_.Wait(seen, env_.clock.Now() + options_.purge_interval);
    if (!stopping_.load(std::memory_order_acquire)) co_await PurgeOnce();
  }
}

}  // namespace hearth::cache
