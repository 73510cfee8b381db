// MetadataStore: remembered metadata, in memory within a budget of its own, and in an append-only log so that a restart
// answers hits also while the origin is dead.
//
// Owned by the composition root. Open (a job of the disk pool) before use; Stop last. Find, Put, Forget: any thread, no
// wait; what changed is written by a job of the disk pool soon after (a crash loses the last moments, which costs a
// HEAD). Bindings of labels are pinned: neither the budget nor a restart forgets them, and Bind is durable before it
// resumes.
// A log that cannot be written or read costs a restart its memory, never a read. After a failed write all that is in
// memory is written anew as soon as the disk takes it.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/executor.h"
#include "base/task.h"
#include "base/task_scope.h"
#include "base/thread_annotations.h"
#include "cache/record_log.h"
#include "cache/space_ledger.h"
#include "read/meta_entry.h"
#include "telemetry/log.h"

namespace hearth::read {

class MetadataStore {
 public:
  struct Options {
    std::uint64_t memory_bytes_max = 64 << 20;
    Duration relog_after = std::chrono::seconds(60);  // an unchanged entry's new time is logged this seldom
  };
  struct Environment {
    io::FileSystem* files = nullptr;  // where the log lies; null: none, everything is in memory only
    Executor& pool;
    const Clock& clock;
    telemetry::Logger& log;
    std::shared_ptr<cache::SpaceLedger> ledger{};  // of the directory; null: the log's bytes are nobody's
  };

  MetadataStore(Options options, Environment env);
  ~MetadataStore();

  // Loads the log. Blocks: a job of the disk pool. An unreadable log is reported and started anew.
  Status Open();
  // Writes what is queued.
  Task<void> Stop();

  // Null: nothing is remembered.
  MetaPtr Find(const MetaKey& key);
  // Remembers what the origin said.
  void Put(const MetaPtr& entry);
  // Remembers and pins the binding of a label, unless it is bound already; resumes once that is durable, with the
  // binding that holds.
  Task<MetaPtr> Bind(MetaPtr entry);
  void Forget(const MetaKey& key);
  // Resumes once everything before it is durable; an error has been logged.
  Task<void> Flush();
  // Forgets all that is remembered of the object, labels too; returns what it was.
  std::vector<MetaPtr> ForgetObject(const ObjectId& object);
  // All that is remembered of the object.
  std::vector<MetaPtr> FindObject(const ObjectId& object);

  std::size_t count() const;

 private:
  static constexpr std::size_t kShards = 64;
  struct Item {
    MetaPtr entry;
    WallTime logged{};  // fetched_wall of what the log has of it
  };
  struct Shard {
    mutable Mutex mutex;
    std::list<Item> items GUARDED_BY(mutex);   // newest first
    std::list<Item> pinned GUARDED_BY(mutex);  // bindings of labels: not in `bytes`, never dropped to make room
    std::unordered_map<MetaKey, std::list<Item>::iterator> by_key GUARDED_BY(mutex);
    std::uint64_t bytes GUARDED_BY(mutex) = 0;
  };
  // All versions of an object share a shard, so that ForgetObject looks at one.
  Shard& ShardOf(const ObjectId& object) { return shards_[HashObject(object) % kShards]; }

  enum class If : std::uint8_t { kAny, kAbsent };
  struct Inserted {
    MetaPtr holds;     // after the call: the new entry, or what was there
    bool log = false;  // the log is to be told
  };
  Inserted Insert(MetaPtr entry, If when);
  static std::vector<Item> MakeRoom(Shard& shard, std::uint64_t bytes_max) REQUIRES(shard.mutex);
  static std::list<Item>& ListOf(Shard& shard, const MetaKey& key) REQUIRES(shard.mutex);
  // Takes the item out of the shard.
  static MetaPtr Take(Shard& shard, const MetaKey& key) REQUIRES(shard.mutex);
  void Replay(std::span<const std::byte> bytes, TimePoint now, WallTime wall_now);
  Status OpenLog();
  void Queue(const MetaRecord& record);
  static Task<void> Write(MetadataStore& store);            // disk pool
  Status WriteQueued(bool durably) REQUIRES(write_mutex_);  // disk pool
  Status Append(const std::vector<std::vector<std::byte>>& records, bool durably) REQUIRES(write_mutex_);
  Status Compact() REQUIRES(write_mutex_);  // disk pool
  void Complain(const Error& error);

  const Options options_;
  const Environment env_;
  std::array<Shard, kShards> shards_;

  // One writer at a time, so that records reach the log in the order in which they were queued. Taken before mutex_.
  Mutex write_mutex_;
  std::unique_ptr<cache::RecordLog> log_;  // set by Open
  std::uint64_t compact_at_bytes_ GUARDED_BY(write_mutex_) = 0;
  bool incomplete_ GUARDED_BY(write_mutex_) = false;  // a record was lost: only a new log has everything
  cache::LedgerShare share_ GUARDED_BY(write_mutex_);
  TimePoint compact_again_at_ GUARDED_BY(write_mutex_){};

  Mutex mutex_;
  std::vector<std::vector<std::byte>> queued_ GUARDED_BY(mutex_);
  bool writing_ GUARDED_BY(mutex_) = false;
  TaskScope scope_;  // the writer
  telemetry::LogEvery complaints_{std::chrono::seconds(10)};
};

}  // namespace hearth::read
