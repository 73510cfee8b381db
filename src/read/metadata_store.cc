#include "read/metadata_store.h"

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "cache/layout.h"

namespace hearth::read {
namespace {

constexpr std::uint64_t kCompactBytesMin = 4_MiB;
// Between two attempts to write everything anew on a disk that refuses.
constexpr Duration kCompactPause = std::chrono::seconds(1);
// Older than any rule asks for; what is said to be older, or from the future, counts as this old.
constexpr Duration kAgeMax = std::chrono::hours(24 * 365);

bool IsPinned(const MetaKey& key) { return key.selector.starts_with("label:"); }

bool SameMeta(const origin::ObjectMeta& a, const origin::ObjectMeta& b) {
  return a.version == b.version && a.size == b.size && a.etag == b.etag && a.last_modified == b.last_modified &&
         a.version_id == b.version_id && a.headers == b.headers && a.of_part == b.of_part;
}

}  // namespace

MetadataStore::MetadataStore(Options options, Environment env)
    : options_(options), env_(std::move(env)), share_(env_.ledger) {}
MetadataStore::~MetadataStore() = default;

// An unreadable log is started anew.
Status MetadataStore::OpenLog() {
  const WallTime wall_now = env_.clock.Wall();
  const TimePoint now = env_.clock.Now();
  const auto replay = [&](std::span<const std::byte> bytes) { Replay(bytes, now, wall_now); };
  const std::string path(cache::kMetadataLogPath);
  Result<std::unique_ptr<cache::RecordLog>> log =
      cache::RecordLog::Open(*env_.files, path, cache::kMetadataKind, replay);
  if (!log) {
    env_.log.Warn("metadata log begun anew", {{"error", log.error().ToString()}});
    HEARTH_TRY(env_.files->Unlink(path));
    log = cache::RecordLog::Open(*env_.files, path, cache::kMetadataKind, replay);
    if (!log) return Fail(std::move(log).error());
  }
  log_ = std::move(*log);
  return {};
}

Status MetadataStore::Open() {
  if (env_.files == nullptr) return {};
  if (const Status opened = OpenLog(); !opened) {
    env_.log.Warn("metadata is not kept over a restart", {{"error", opened.error().ToString()}});
    return {};
  }
  MutexLock lock(write_mutex_);
  compact_at_bytes_ = std::max(kCompactBytesMin, log_->size() * 2);
  share_.Set(log_->size());
  env_.log.Info("metadata loaded", {{"objects", static_cast<std::uint64_t>(count())},
                                    {"log_bytes_dropped", log_->replayed().bytes_dropped}});
  return {};
}

void MetadataStore::Replay(std::span<const std::byte> bytes, TimePoint now, WallTime wall_now) {
  Result<MetaRecord> record = DecodeMetaRecord(bytes);
  if (!record) return;
  if (!record->meta) {
    Forget(record->key);
    return;
  }
  // From a clock that was ahead of ours: as old as can be, so that the origin is asked.
  const bool plausible = record->fetched <= wall_now && record->fetched > wall_now - kAgeMax;
  const Duration age = plausible ? Duration(wall_now - record->fetched) : kAgeMax;
  Insert(
      std::make_shared<const MetaEntry>(std::move(record->key), std::move(*record->meta), record->fetched, now - age),
      If::kAny);
}

Task<void> MetadataStore::Stop() {
  scope_.Close();
  co_await scope_.Join();
  co_await RunOn(env_.pool, [this] {
    MutexLock lock(write_mutex_);
    compact_again_at_ = {};
    if (const Status written = WriteQueued(false); !written) Complain(written.error());
  });
}

MetaPtr MetadataStore::Find(const MetaKey& key) {
  Shard& shard = ShardOf(key.object);
  MutexLock lock(shard.mutex);
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) return nullptr;
  const bool moves = !IsPinned(key) && found->second != shard.items.begin();
  if (moves) shard.items.splice(shard.items.begin(), shard.items, found->second);
  return found->second->entry;
}

std::list<MetadataStore::Item>& MetadataStore::ListOf(Shard& shard, const MetaKey& key) {
  return IsPinned(key) ? shard.pinned : shard.items;
}

MetaPtr MetadataStore::Take(Shard& shard, const MetaKey& key) {
  const auto found = shard.by_key.find(key);
  if (found == shard.by_key.end()) return nullptr;
  MetaPtr entry = std::move(found->second->entry);
  if (!IsPinned(key)) shard.bytes -= entry->memory_bytes();
  ListOf(shard, key).erase(found->second);
  shard.by_key.erase(found);
  return entry;
}

std::vector<MetadataStore::Item> MetadataStore::MakeRoom(Shard& shard, std::uint64_t bytes_max) {
  std::vector<Item> dropped;
  // The newest stays, however large it is.
  while (shard.bytes > bytes_max && shard.items.size() > 1) {
    Item& oldest = shard.items.back();
    shard.bytes -= oldest.entry->memory_bytes();
    shard.by_key.erase(oldest.entry->key);
    dropped.push_back(std::move(oldest));
    shard.items.pop_back();
  }
  return dropped;
}

MetadataStore::Inserted MetadataStore::Insert(MetaPtr entry, If when) {
  std::vector<Item> dropped;  // let go outside of the lock
  MetaPtr before;
  Shard& shard = ShardOf(entry->key.object);
  MutexLock lock(shard.mutex);
  Item item{entry, entry->fetched_wall};
  if (const auto found = shard.by_key.find(entry->key); found != shard.by_key.end()) {
    Item& held = *found->second;
    if (when == If::kAbsent) return {held.entry, false};
    const bool same = SameMeta(held.entry->meta, entry->meta);
    if (same && entry->fetched_wall - held.logged < options_.relog_after) item.logged = held.logged;
    before = Take(shard, entry->key);
  }
  const bool log = !before || item.logged == entry->fetched_wall;
  if (!IsPinned(entry->key)) shard.bytes += entry->memory_bytes();
  std::list<Item>& list = ListOf(shard, entry->key);
  list.push_front(std::move(item));
  shard.by_key.emplace(entry->key, list.begin());
  dropped = MakeRoom(shard, options_.memory_bytes_max / kShards);
  return {std::move(entry), log};
}

void MetadataStore::Put(const MetaPtr& entry) {
  if (Insert(entry, If::kAny).log) Queue({entry->key, entry->meta, entry->fetched_wall});
}

Task<MetaPtr> MetadataStore::Bind(MetaPtr entry) {
  MetaPtr bound = Insert(std::move(entry), If::kAbsent).holds;
  // Also when somebody else's binding holds: it may not be durable yet.
  Queue({bound->key, bound->meta, bound->fetched_wall});
  co_await Flush();
  co_return bound;
}

Task<void> MetadataStore::Flush() {
  co_await RunOn(env_.pool, [this] {
    MutexLock lock(write_mutex_);
    if (const Status written = WriteQueued(true); !written) Complain(written.error());
  });
}

void MetadataStore::Forget(const MetaKey& key) {
  MetaPtr dropped;
  {
    Shard& shard = ShardOf(key.object);
    MutexLock lock(shard.mutex);
    dropped = Take(shard, key);
    if (!dropped) return;
  }
  Queue({key, std::nullopt, env_.clock.Wall()});
}

std::vector<MetaPtr> MetadataStore::FindObject(const ObjectId& object) {
  std::vector<MetaPtr> found;
  Shard& shard = ShardOf(object);
  MutexLock lock(shard.mutex);
  for (const std::list<Item>* list : {&shard.items, &shard.pinned}) {
    for (const Item& item : *list) {
      if (item.entry->key.object == object) found.push_back(item.entry);
    }
  }
  return found;
}

std::vector<MetaPtr> MetadataStore::ForgetObject(const ObjectId& object) {
  std::vector<MetaPtr> forgotten = FindObject(object);
  for (const MetaPtr& entry : forgotten) Forget(entry->key);
  return forgotten;
}

std::size_t MetadataStore::count() const {
  std::size_t count = 0;
  for (const Shard& shard : shards_) {
    MutexLock lock(shard.mutex);
    count += shard.by_key.size();
  }
  return count;
}

// --- the log ---

void MetadataStore::Queue(const MetaRecord& record) {
  if (!log_) return;  // none, or being loaded: what is replayed stands there already
  std::vector<std::byte> bytes = EncodeMetaRecord(record);
  if (bytes.size() > cache::RecordLog::kRecordMax) return;
  {
    MutexLock lock(mutex_);
    queued_.push_back(std::move(bytes));
    if (writing_) return;
    writing_ = true;
  }
  // Refused once Stop has begun, which writes what is queued itself.
  scope_.Start(env_.pool, Write(*this));
}

Task<void> MetadataStore::Write(MetadataStore& store) {
  MutexLock lock(store.write_mutex_);
  if (const Status written = store.WriteQueued(false); !written) store.Complain(written.error());
  co_return;
}

void MetadataStore::Complain(const Error& error) {
  const std::optional<std::uint64_t> silenced = complaints_.Pass(env_.clock.Now());
  if (silenced) env_.log.Warn("metadata not logged", {{"error", error.ToString()}, {"silenced", *silenced}});
}

Status MetadataStore::WriteQueued(bool durably) {
  std::vector<std::vector<std::byte>> records;
  {
    MutexLock lock(mutex_);
    records.swap(queued_);
    writing_ = false;
  }
  if (!log_) return {};
  if (incomplete_) return Compact();  // which writes what was queued as well
  Status status = Append(records, durably);
  if (!status) {
    incomplete_ = true;
    status = Compact();
  } else if (log_->size() > compact_at_bytes_) {
    status = Compact();
  }
  share_.Set(log_->size());
  return status;
}

Status MetadataStore::Append(const std::vector<std::vector<std::byte>>& records, bool durably) {
  const std::vector<std::span<const std::byte>> spans(records.begin(), records.end());
  return durably ? log_->AppendDurably(spans) : log_->Append(spans);
}

Status MetadataStore::Compact() {
  if (env_.clock.Now() < compact_again_at_) return Fail(Code::kUnavailable, "the metadata log failed a moment ago");
  // What is put or forgotten while this runs is queued behind it and lands in the new log.
  share_.Set(log_->size(), log_->size());
  const Status status = log_->Rewrite([this](const cache::RecordLog::Add& add) {
    for (Shard& shard : shards_) {
      std::vector<MetaPtr> entries;
      {
        MutexLock lock(shard.mutex);
        for (const Item& item : shard.items) entries.push_back(item.entry);
        for (const Item& item : shard.pinned) entries.push_back(item.entry);
      }
      // Oldest first, as they are replayed.
      for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        const std::vector<std::byte> bytes = EncodeMetaRecord({(*entry)->key, (*entry)->meta, (*entry)->fetched_wall});
        if (bytes.size() <= cache::RecordLog::kRecordMax) add(bytes);
      }
    }
  });
  incomplete_ = incomplete_ && !status;
  if (!status) compact_again_at_ = env_.clock.Now() + kCompactPause;
  compact_at_bytes_ = std::max(kCompactBytesMin, log_->size() * 2);
  share_.Set(log_->size());
  return status;
}

}  // namespace hearth::read
