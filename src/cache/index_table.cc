#include "cache/index_table.h"

#include <algorithm>

#include "cache/index_shard.h"

namespace hearth::cache {
namespace {

// How many blocks may be given another chance before one goes all the same: a bound for when all are in use.
constexpr int kSparedMax = 32;

}  // namespace

IndexTable::IndexTable(EvictionKind eviction)
    : policy_(MakeEvictionPolicy(eviction)), shards_(std::make_unique<Shard[]>(kShards)) {
  for (std::size_t i = 0; i < kShards; ++i) shards_[i].SetPolicy(policy_.get());
}
IndexTable::~IndexTable() = default;

std::size_t IndexTable::ShardIndex(const Hash128& hash) { return hash.high >> 58; }
IndexTable::Shard& IndexTable::ShardOf(const Hash128& hash) const { return shards_[ShardIndex(hash)]; }

std::optional<BlockRecord> IndexTable::Put(const BlockRecord& record) {
  return ShardOf(record.hash).Put(record, EvictionPolicy::Arrival::kKnown);
}
std::optional<BlockRecord> IndexTable::Begin(const BlockRecord& record) {
  return ShardOf(record.hash).Put(record, EvictionPolicy::Arrival::kMade);
}
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

// --- eviction ---

Finalists IndexTable::FindFinalists(const Hash128* spare, bool with_unmade) const {
  Finalists finalists;
  for (std::size_t i = 0; i < kShards; ++i) shards_[i].Compete(finalists, spare, with_unmade);
  for (std::optional<Finalist>& finalist : finalists) {
    if (finalist) finalist->frequency = ShardOf(finalist->hash).FrequencyOf(finalist->hash);
  }
  return finalists;
}

Finalists IndexTable::FindFinalists(const Hash128* spare) const {
  Finalists finalists = FindFinalists(spare, false);
  const bool any = std::ranges::any_of(finalists, [](const auto& finalist) { return finalist.has_value(); });
  return any ? finalists : FindFinalists(spare, true);
}

std::optional<Hash128> IndexTable::Victim(const Hash128* spare) {
  for (int spared = 0;; ++spared) {
    const Finalists finalists = FindFinalists(spare);
    if (std::ranges::none_of(finalists, [](const auto& finalist) { return finalist.has_value(); })) return std::nullopt;
    const Verdict verdict = policy_->Judge(finalists);
    const Hash128 hash = finalists[static_cast<std::size_t>(verdict.list)]->hash;
    if (verdict.evict || spared == kSparedMax) {
      ShardOf(hash).Choose(hash);
      return hash;
    }
    ShardOf(hash).Spare(hash);
  }
}

bool IndexTable::IsWorthIt(std::uint32_t frequency) const {
  const Finalists finalists = FindFinalists(nullptr);
  if (std::ranges::none_of(finalists, [](const auto& finalist) { return finalist.has_value(); })) return true;
  return policy_->Admits(frequency, finalists);
}

bool IndexTable::Admit(const Hash128& hash, std::uint64_t bytes, bool regardless) {
  const std::uint32_t frequency = ShardOf(hash).NoteMiss(hash, bytes);
  if (regardless || !policy_->MayRefuse() || IsWorthIt(frequency)) return true;
  ShardOf(hash).NoteRefused(hash);
  return false;
}

bool IndexTable::WouldAdmit(const Hash128& hash) {
  return !policy_->MayRefuse() || IsWorthIt(ShardOf(hash).FrequencyOf(hash) + 1);
}

// --- all of it ---

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
