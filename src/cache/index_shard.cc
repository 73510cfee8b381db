#include "cache/index_shard.h"

#include <algorithm>
#include <bit>

#include "base/bytes.h"

namespace hearth::cache {
namespace {

constexpr std::uint64_t kAllocationUnit = 4_KiB;
// Room that a hint may take in one shard: 1 MiB of buckets, or 16 M blocks in all. Beyond it the table grows as it
// fills.
constexpr std::uint64_t kReserveMax = 1 << 18;

std::uint32_t UnitsOf(std::uint64_t bytes) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(DivideUp(bytes, kAllocationUnit), 0xffffffff));
}

void SetFields(BlockEntry& entry, const BlockRecord& record) {
  entry.last_used = record.last_used;
  entry.present = std::min(record.present, BlockEntry::kSubsMax) & BlockEntry::kSubsMax;
  entry.total = std::min(record.total, BlockEntry::kSubsMax) & BlockEntry::kSubsMax;
}

}  // namespace

std::optional<BlockRecord> IndexTable::Shard::Put(const BlockRecord& record, EvictionPolicy::Arrival arrival) {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(record.hash);
  if (slot == kNoSlot) {
    Add(record, arrival);
    return std::nullopt;
  }
  const BlockRecord before = RecordOf(slot);
  Change(slot, record);
  state_.entries[slot].making = arrival == EvictionPolicy::Arrival::kMade ? 1 : 0;
  return before;
}

void IndexTable::Shard::PutAll(std::span<const BlockRecord> records) {
  MutexLock lock(mutex_);
  for (const BlockRecord& record : records) {
    const std::uint32_t slot = FindSlot(record.hash);
    if (slot == kNoSlot) {
      Add(record, EvictionPolicy::Arrival::kKnown);
    } else {
      Change(slot, record);
    }
  }
}

void IndexTable::Shard::Reserve(std::uint64_t count) {
  MutexLock lock(mutex_);
  const std::uint64_t buckets = std::bit_ceil(std::min(count, kReserveMax));
  if (buckets > buckets_.size()) Rehash(buckets);
}

std::uint64_t IndexTable::Shard::DropUnfinished() {
  MutexLock lock(mutex_);
  std::uint64_t bytes = 0;
  for (std::uint32_t slot = 0; slot < state_.entries.end(); ++slot) {
    if (state_.ListOf(slot) == BlockList::kNone) continue;
    if (state_.entries[slot].present > 0) {
      bytes += state_.entries[slot].allocated_units * kAllocationUnit;
    } else {
      Drop(slot);
    }
  }
  return bytes;
}

std::optional<BlockRecord> IndexTable::Shard::Update(const BlockRecord& record) {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(record.hash);
  if (slot == kNoSlot) return std::nullopt;
  const BlockRecord before = RecordOf(slot);
  Change(slot, record);
  return before;
}

std::optional<BlockRecord> IndexTable::Shard::Find(const Hash128& hash) const {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(hash);
  if (slot == kNoSlot) return std::nullopt;
  return RecordOf(slot);
}

std::optional<BlockRecord> IndexTable::Shard::Remove(const Hash128& hash) {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(hash);
  if (slot == kNoSlot) return std::nullopt;
  BlockRecord record = RecordOf(slot);
  Drop(slot);
  return record;
}

void IndexTable::Shard::Touch(const Hash128& hash, std::uint32_t now, bool remember) {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(hash);
  if (slot == kNoSlot) return;
  policy_->OnUse(state_, slot);
  BlockEntry& entry = state_.entries[slot];
  entry.last_used = now;
  if (remember && entry.remembered == 0) {
    entry.remembered = 1;
    used_.push_back(hash);
  }
}

bool IndexTable::Shard::Grow(const Hash128& hash, std::int64_t bytes) {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(hash);
  if (slot == kNoSlot) return false;
  const std::int64_t units = static_cast<std::int64_t>(state_.entries[slot].allocated_units) +
                             bytes / static_cast<std::int64_t>(kAllocationUnit);
  policy_->Resize(state_, slot, static_cast<std::uint32_t>(std::max<std::int64_t>(0, units)));
  return true;
}

// --- eviction ---

std::uint32_t IndexTable::Shard::NoteMiss(const Hash128& hash, std::uint64_t bytes) {
  MutexLock lock(mutex_);
  policy_->OnMiss(state_, hash, UnitsOf(bytes));
  return policy_->FrequencyOf(state_, hash, FindSlot(hash));
}

std::uint32_t IndexTable::Shard::FrequencyOf(const Hash128& hash) {
  MutexLock lock(mutex_);
  return policy_->FrequencyOf(state_, hash, FindSlot(hash));
}

void IndexTable::Shard::NoteRefused(const Hash128& hash) {
  MutexLock lock(mutex_);
  policy_->OnRefused(state_, hash);
}

void IndexTable::Shard::Compete(Finalists& finalists, const Hash128* spare, bool with_unmade) const {
  MutexLock lock(mutex_);
  for (const BlockList list : {BlockList::kNew, BlockList::kMain, BlockList::kProtected}) {
    std::uint32_t slot = state_.OldestOf(list);
    // As many steps as there are fills at most.
    while (slot != kNoSlot) {
      const BlockEntry& entry = state_.entries[slot];
      if ((entry.making == 0 || with_unmade) && (spare == nullptr || entry.hash != *spare)) break;
      slot = entry.newer;
    }
    if (slot == kNoSlot) continue;
    const BlockEntry& entry = state_.entries[slot];
    std::optional<Finalist>& best = finalists[static_cast<std::size_t>(list)];
    if (!best || entry.last_used < best->last_used) best = Finalist{.hash = entry.hash, .last_used = entry.last_used};
  }
}

bool IndexTable::Shard::Choose(const Hash128& hash) {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(hash);
  if (slot == kNoSlot) return false;
  policy_->OnChosen(state_, slot);
  return true;
}

void IndexTable::Shard::Spare(const Hash128& hash) {
  MutexLock lock(mutex_);
  const std::uint32_t slot = FindSlot(hash);
  if (slot != kNoSlot) policy_->OnSpared(state_, slot);
}

// --- all of it ---

void IndexTable::Shard::TakeUsed(std::vector<BlocksUsed::Use>& uses) {
  MutexLock lock(mutex_);
  for (const Hash128& hash : used_) {
    const std::uint32_t slot = FindSlot(hash);
    if (slot == kNoSlot) continue;
    state_.entries[slot].remembered = 0;
    uses.push_back({hash, state_.entries[slot].last_used});
  }
  used_ = {};  // its memory too: a burst must not weigh on every block for good
}

std::vector<BlockRecord> IndexTable::Shard::Copy() const {
  MutexLock lock(mutex_);
  std::vector<BlockRecord> records;
  records.reserve(state_.count);
  for (const BlockList list : {BlockList::kNew, BlockList::kMain, BlockList::kProtected}) {
    for (std::uint32_t slot = state_.OldestOf(list); slot != kNoSlot; slot = state_.entries[slot].newer) {
      records.push_back(RecordOf(slot));
    }
  }
  const auto last_used = &BlockRecord::last_used;
  if (std::ranges::is_sorted(records, {}, last_used)) return records;
  // Several lists, or a queue that uses do not move. Within a tick the order does not matter.
  std::ranges::sort(records, {}, last_used);
  return records;
}

std::uint64_t IndexTable::Shard::count() const {
  MutexLock lock(mutex_);
  return state_.count;
}

std::uint64_t IndexTable::Shard::memory_bytes() const {
  MutexLock lock(mutex_);
  return state_.entries.memory_bytes() + state_.sketch.memory_bytes() + state_.ghosts.memory_bytes() +
         buckets_.capacity() * sizeof(std::uint32_t) + used_.capacity() * sizeof(Hash128);
}

// --- the hash table ---

std::uint32_t IndexTable::Shard::FindSlot(const Hash128& hash) const {
  if (buckets_.empty()) return kNoSlot;
  std::uint32_t slot = buckets_[hash.low & (buckets_.size() - 1)];
  while (slot != kNoSlot && state_.entries[slot].hash != hash) slot = state_.entries[slot].chain;
  return slot;
}

void IndexTable::Shard::Add(const BlockRecord& record, EvictionPolicy::Arrival arrival) {
  if (state_.count >= buckets_.size()) Rehash(std::max<std::size_t>(64, buckets_.size() * 2));
  const std::uint32_t slot = state_.entries.Take();
  BlockEntry& entry = state_.entries[slot];
  entry.hash = record.hash;
  entry.chain = Bucket(record.hash);
  Bucket(record.hash) = slot;
  ++state_.count;
  SetFields(entry, record);
  entry.allocated_units = UnitsOf(record.allocated);
  entry.making = arrival == EvictionPolicy::Arrival::kMade ? 1 : 0;
  policy_->OnInsert(state_, slot, arrival);
}

void IndexTable::Shard::Change(std::uint32_t slot, const BlockRecord& record) {
  SetFields(state_.entries[slot], record);
  state_.entries[slot].making = 0;
  policy_->Resize(state_, slot, UnitsOf(record.allocated));
  policy_->OnChange(state_, slot);
}

void IndexTable::Shard::Drop(std::uint32_t slot) {
  policy_->OnRemove(state_, slot);
  std::uint32_t* link = &Bucket(state_.entries[slot].hash);
  while (*link != slot) link = &state_.entries[*link].chain;
  *link = state_.entries[slot].chain;
  state_.entries.Give(slot);
  --state_.count;
}

void IndexTable::Shard::Rehash(std::size_t buckets) {
  buckets_.assign(buckets, kNoSlot);
  for (std::uint32_t slot = 0; slot < state_.entries.end(); ++slot) {
    if (state_.ListOf(slot) == BlockList::kNone) continue;
    BlockEntry& entry = state_.entries[slot];
    entry.chain = Bucket(entry.hash);
    Bucket(entry.hash) = slot;
  }
}

BlockRecord IndexTable::Shard::RecordOf(std::uint32_t slot) const {
  const BlockEntry& entry = state_.entries[slot];
  return {.hash = entry.hash,
          .offset = 0,
          .allocated = entry.allocated_units * kAllocationUnit,
          .present = entry.present,
          .total = entry.total,
          .last_used = entry.last_used};
}

}  // namespace hearth::cache
