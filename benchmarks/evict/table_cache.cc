#include "evict/table_cache.h"

#include "base/bytes.h"
#include "evict/arc_cache.h"

namespace hearth::evict {
namespace {

constexpr std::uint64_t kUnit = 4_KiB;

Hash128 HashOf(std::uint64_t block) {
  // As even as the product's hashes, and quicker.
  const auto mix = [](std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  };
  return {mix(block + 0x9e3779b97f4a7c15u), mix(block + 0x3c6ef372fe94f82au)};
}

}  // namespace

bool TableCache::Read(const Access& access) {
  ++now_;
  const Hash128 hash = HashOf(access.block);
  if (table_.Find(hash)) {
    table_.Touch(hash, now_, false);
    return true;
  }
  const bool is_free = used_ + access.units <= capacity_;
  if (access.units > capacity_ || !table_.Admit(hash, access.units * kUnit, is_free)) return false;
  while (used_ + access.units > capacity_) {
    const std::optional<cache::BlockRecord> gone = table_.Remove(*table_.Victim());
    used_ -= gone->allocated / kUnit;
  }
  cache::BlockRecord record{
      .hash = hash, .allocated = access.units * kUnit, .present = 0, .total = 1, .last_used = now_};
  table_.Begin(record);
  record.present = 1;
  table_.Update(record);
  used_ += access.units;
  written_ += access.units;
  return false;
}

std::unique_ptr<CacheModel> MakeCache(std::string_view policy, std::uint64_t capacity_units) {
  using cache::EvictionKind;
  if (policy == "lru") return std::make_unique<TableCache>(EvictionKind::kLru, capacity_units);
  if (policy == "s3-fifo") return std::make_unique<TableCache>(EvictionKind::kS3Fifo, capacity_units);
  if (policy == "w-tinylfu") return std::make_unique<TableCache>(EvictionKind::kWTinyLfu, capacity_units);
  if (policy == "arc") return std::make_unique<ArcCache>(capacity_units);
  return nullptr;
}

}  // namespace hearth::evict
