#include "cache/index_table.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"
#include "base/check.h"

namespace hearth::cache {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;
constexpr std::size_t kSlabEntries = 1024;
constexpr std::uint64_t kAllocationUnit = 4_KiB;
// Room that a hint may take in one shard: 1 MiB of buckets, or 16 M blocks in all. Beyond it the table grows as it
// fills.
constexpr std::uint64_t kReserveMax = 1 << 18;

}  // namespace

struct IndexTable::Entry {
  Hash128 hash;
  std::uint32_t chain = kNone;  // next in the hash chain, or in the free list
  std::uint32_t newer = kNone;
  std::uint32_t older = kNone;
  std::uint32_t last_used = 0;
  std::uint32_t allocated_units = 0;  // of 4 KiB
  std::uint16_t present = 0;
  std::uint16_t total : 15 = 0;      // a block has at most 1,024 sub-blocks
  std::uint16_t remembered : 1 = 0;  // stands in used_
};

class IndexTable::Shard {
 public:
  static_assert(sizeof(Entry) == 40);

  std::optional<BlockRecord> Put(const BlockRecord& record) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint32_t slot = FindSlot(record.hash);
    if (slot == kNone) {
      Add(record);
      return std::nullopt;
    }
    const BlockRecord before = RecordOf(slot);
    Change(slot, record);
    return before;
  }

  void PutAll(std::span<const BlockRecord> records) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    for (const BlockRecord& record : records) {
      const std::uint32_t slot = FindSlot(record.hash);
      if (slot == kNone) {
        Add(record);
      } else {
        Change(slot, record);
      }
    }
  }

  void Reserve(std::uint64_t count) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint64_t buckets = std::bit_ceil(std::min(count, kReserveMax));
    if (buckets > buckets_.size()) Rehash(buckets);
  }

  std::uint64_t DropUnfinished() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::uint64_t bytes = 0;
    for (std::uint32_t slot = oldest_; slot != kNone;) {
      const std::uint32_t next = At(slot).newer;
      if (At(slot).present > 0) {
        bytes += At(slot).allocated_units * kAllocationUnit;
      } else {
        Drop(slot);
      }
      slot = next;
    }
    return bytes;
  }

  std::optional<BlockRecord> Update(const BlockRecord& record) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint32_t slot = FindSlot(record.hash);
    if (slot == kNone) return std::nullopt;
    const BlockRecord before = RecordOf(slot);
    Change(slot, record);
    return before;
  }

  std::optional<BlockRecord> Find(const Hash128& hash) const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint32_t slot = FindSlot(hash);
    if (slot == kNone) return std::nullopt;
    return RecordOf(slot);
  }

  std::optional<BlockRecord> Remove(const Hash128& hash) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint32_t slot = FindSlot(hash);
    if (slot == kNone) return std::nullopt;
    BlockRecord record = RecordOf(slot);
    Drop(slot);
    return record;
  }

  void Touch(const Hash128& hash, std::uint32_t now, bool remember) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint32_t slot = FindSlot(hash);
    if (slot == kNone) return;
    Unlink(slot);
    LinkNewest(slot);
    Entry& entry = At(slot);
    entry.last_used = now;
    if (remember && entry.remembered == 0) {
      entry.remembered = 1;
      used_.push_back(hash);
    }
  }

  bool Grow(const Hash128& hash, std::int64_t bytes) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const std::uint32_t slot = FindSlot(hash);
    if (slot == kNone) return false;
    Entry& entry = At(slot);
    const std::int64_t units =
        static_cast<std::int64_t>(entry.allocated_units) + bytes / static_cast<std::int64_t>(kAllocationUnit);
    entry.allocated_units = static_cast<std::uint32_t>(std::max<std::int64_t>(0, units));
    return true;
  }

  std::optional<BlocksUsed::Use> Oldest() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (oldest_ == kNone) return std::nullopt;
    return BlocksUsed::Use{At(oldest_).hash, At(oldest_).last_used};
  }

  void TakeUsed(std::vector<BlocksUsed::Use>& uses) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    for (const Hash128& hash : used_) {
      const std::uint32_t slot = FindSlot(hash);
      if (slot == kNone) continue;
      At(slot).remembered = 0;
      uses.push_back({hash, At(slot).last_used});
    }
    used_ = {};  // its memory too: a burst must not weigh on every block for good
  }

  std::vector<BlockRecord> Copy() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    std::vector<BlockRecord> records;
    records.reserve(count_);
    for (std::uint32_t slot = oldest_; slot != kNone; slot = At(slot).newer) records.push_back(RecordOf(slot));
    return records;
  }

  std::uint64_t count() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return count_;
  }

  std::uint64_t memory_bytes() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return slabs_.size() * kSlabEntries * sizeof(Entry) + buckets_.capacity() * sizeof(std::uint32_t) +
           used_.capacity() * sizeof(Hash128);
  }

 private:
  Entry& At(std::uint32_t slot) REQUIRES(mutex_) { return slabs_[slot / kSlabEntries][slot % kSlabEntries]; }
  const Entry& At(std::uint32_t slot) const REQUIRES(mutex_) {
    return slabs_[slot / kSlabEntries][slot % kSlabEntries];
  }
  std::uint32_t& Bucket(const Hash128& hash) REQUIRES(mutex_) { return buckets_[hash.low & (buckets_.size() - 1)]; }

  std::uint32_t FindSlot(const Hash128& hash) const REQUIRES(mutex_) {
    if (buckets_.empty()) return kNone;
    std::uint32_t slot = buckets_[hash.low & (buckets_.size() - 1)];
    while (slot != kNone && At(slot).hash != hash) slot = At(slot).chain;
    return slot;
  }

  std::uint32_t Insert(const Hash128& hash) REQUIRES(mutex_) {
    if (count_ >= buckets_.size()) Rehash(std::max<std::size_t>(64, buckets_.size() * 2));
    std::uint32_t slot = free_;
    if (slot != kNone) {
      free_ = At(slot).chain;
    } else {
      slot = next_unused_++;
      HEARTH_CHECK(slot != kNone);
      if (slot / kSlabEntries == slabs_.size()) slabs_.push_back(std::make_unique<Entry[]>(kSlabEntries));
    }
    Entry& entry = At(slot);
    entry.hash = hash;
    entry.chain = Bucket(hash);
    Bucket(hash) = slot;
    ++count_;
    return slot;
  }

  void Add(const BlockRecord& record) REQUIRES(mutex_) {
    const std::uint32_t slot = Insert(record.hash);
    Set(slot, record);
    LinkNewest(slot);
  }

  void Change(std::uint32_t slot, const BlockRecord& record) REQUIRES(mutex_) {
    Unlink(slot);
    Set(slot, record);
    LinkNewest(slot);
  }

  void Drop(std::uint32_t slot) REQUIRES(mutex_) {
    Unlink(slot);
    RemoveFromChain(slot);
    At(slot) = Entry{};
    At(slot).chain = free_;
    free_ = slot;
    --count_;
  }

  void RemoveFromChain(std::uint32_t slot) REQUIRES(mutex_) {
    std::uint32_t* link = &Bucket(At(slot).hash);
    while (*link != slot) link = &At(*link).chain;
    *link = At(slot).chain;
  }

  void Rehash(std::size_t buckets) REQUIRES(mutex_) {
    buckets_.assign(buckets, kNone);
    for (std::uint32_t slot = oldest_; slot != kNone; slot = At(slot).newer) {
      At(slot).chain = Bucket(At(slot).hash);
      Bucket(At(slot).hash) = slot;
    }
  }

  void LinkNewest(std::uint32_t slot) REQUIRES(mutex_) {
    At(slot).newer = kNone;
    At(slot).older = newest_;
    if (newest_ != kNone) At(newest_).newer = slot;
    newest_ = slot;
    if (oldest_ == kNone) oldest_ = slot;
  }

  void Unlink(std::uint32_t slot) REQUIRES(mutex_) {
    const Entry& entry = At(slot);
    (entry.newer == kNone ? newest_ : At(entry.newer).older) = entry.older;
    (entry.older == kNone ? oldest_ : At(entry.older).newer) = entry.newer;
  }

  void Set(std::uint32_t slot, const BlockRecord& record) REQUIRES(mutex_) {
    Entry& entry = At(slot);
    entry.last_used = record.last_used;
    entry.allocated_units = static_cast<std::uint32_t>(DivideUp(record.allocated, kAllocationUnit));
    entry.present = static_cast<std::uint16_t>(record.present);
    entry.total = static_cast<std::uint16_t>(record.total) & 0x7fff;
  }

  BlockRecord RecordOf(std::uint32_t slot) const REQUIRES(mutex_) {
    const Entry& entry = At(slot);
    return {.hash = entry.hash,
            .offset = 0,
            .allocated = entry.allocated_units * kAllocationUnit,
            .present = entry.present,
            .total = entry.total,
            .last_used = entry.last_used};
  }

  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Entry[]>> slabs_ GUARDED_BY(mutex_);
  std::vector<std::uint32_t> buckets_ GUARDED_BY(mutex_);  // a power of two, or empty
  std::vector<Hash128> used_ GUARDED_BY(mutex_);
  std::uint32_t next_unused_ GUARDED_BY(mutex_) = 0;
  std::uint32_t free_ GUARDED_BY(mutex_) = kNone;
  std::uint32_t newest_ GUARDED_BY(mutex_) = kNone;
  std::uint32_t oldest_ GUARDED_BY(mutex_) = kNone;
  std::uint64_t count_ GUARDED_BY(mutex_) = 0;
};

IndexTable::IndexTable() : shards_(std::make_unique<Shard[]>(kShards)) {}
IndexTable::~IndexTable() = default;

std::size_t IndexTable::ShardIndex(const Hash128& hash) { return hash.high >> 58; }
IndexTable::Shard& IndexTable::ShardOf(const Hash128& hash) const { return shards_[ShardIndex(hash)]; }

std::optional<BlockRecord> IndexTable::Put(const BlockRecord& record) { return ShardOf(record.hash).Put(record); }
void IndexTable::PutAll(std::span<const BlockRecord> records) {
  while (!records.empty()) {
    const std::size_t shard = ShardIndex(records.front().hash);
    const auto other = std::ranges::find_if(records, [&](const auto& each) { return ShardIndex(each.hash) != shard; });
    const auto run = static_cast<std::size_t>(other - records.begin());
    shards_[shard].PutAll(records.first(run));
    records = records.subspan(run);
  }
}
void IndexTable::Reserve(std::uint64_t count) {
  for (std::size_t i = 0; i < kShards; ++i) shards_[i].Reserve(count / kShards);
}
std::uint64_t IndexTable::DropUnfinished() {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < kShards; ++i) bytes += shards_[i].DropUnfinished();
  return bytes;
}
std::optional<BlockRecord> IndexTable::Update(const BlockRecord& record) { return ShardOf(record.hash).Update(record); }
std::optional<BlockRecord> IndexTable::Find(const Hash128& hash) const { return ShardOf(hash).Find(hash); }
std::optional<BlockRecord> IndexTable::Remove(const Hash128& hash) { return ShardOf(hash).Remove(hash); }
void IndexTable::Touch(const Hash128& hash, std::uint32_t now, bool remember) {
  ShardOf(hash).Touch(hash, now, remember);
}
bool IndexTable::Grow(const Hash128& hash, std::int64_t allocated_bytes) {
  return ShardOf(hash).Grow(hash, allocated_bytes);
}

std::optional<Hash128> IndexTable::Oldest() const {
  std::optional<BlocksUsed::Use> oldest;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::optional<BlocksUsed::Use> candidate = shards_[i].Oldest();
    if (candidate && (!oldest || candidate->last_used < oldest->last_used)) oldest = candidate;
  }
  if (!oldest) return std::nullopt;
  return oldest->hash;
}

std::vector<BlocksUsed::Use> IndexTable::TakeUsed() {
  std::vector<BlocksUsed::Use> uses;
  for (std::size_t i = 0; i < kShards; ++i) shards_[i].TakeUsed(uses);
  // Noted in the order of first use; a replay touches in the order of last use.
  std::ranges::sort(uses, {}, &BlocksUsed::Use::last_used);
  return uses;
}

std::uint64_t IndexTable::count() const {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < kShards; ++i) count += shards_[i].count();
  return count;
}

std::uint64_t IndexTable::memory_bytes() const {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < kShards; ++i) bytes += shards_[i].memory_bytes();
  return bytes;
}

void IndexTable::ForEach(const std::function<void(const BlockRecord&)>& visit) const {
  for (std::size_t i = 0; i < kShards; ++i) {
    for (const BlockRecord& record : shards_[i].Copy()) visit(record);
  }
}

std::vector<Hash128> IndexTable::WithPrefix(std::uint8_t byte) const {
  std::vector<Hash128> hashes;
  for (const BlockRecord& record : shards_[byte >> 2].Copy()) {
    if (record.hash.high >> 56 == byte) hashes.push_back(record.hash);
  }
  return hashes;
}

}  // namespace hearth::cache
