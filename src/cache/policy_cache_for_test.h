// PolicyCache: an index with an eviction policy, used as the disk store uses it, with no disk under it.
#pragma once

#include <string>

#include "base/bytes.h"
#include "cache/index_table.h"

namespace hearth::cache {

inline Hash128 NumberedHash(std::uint64_t number) { return HashParts128({"block", std::to_string(number)}); }

class PolicyCache {
 public:
  static constexpr std::uint64_t kUnit = 4_KiB;

  PolicyCache(EvictionKind kind, std::uint64_t capacity_units) : table(kind), capacity_(capacity_units) {}

  // True: a hit. A miss is made, unless it is refused.
  bool Read(std::uint64_t number, std::uint64_t units = 1) {
    ++now_;
    const Hash128 hash = NumberedHash(number);
    if (table.Find(hash)) {
      table.Touch(hash, now_, false);
      return true;
    }
    if (!table.Admit(hash, units * kUnit, used_ + units <= capacity_)) {
      ++refused_;
      return false;
    }
    while (used_ + units > capacity_) Evict();
    BlockRecord record{.hash = hash, .allocated = units * kUnit, .present = 0, .total = 4, .last_used = now_};
    table.Begin(record);
    record.present = 4;
    table.Update(record);
    used_ += units;
    return false;
  }
  // As the purger does it.
  void Evict() { used_ -= table.Remove(*table.Victim())->allocated / kUnit; }
  bool Has(std::uint64_t number) const { return table.Find(NumberedHash(number)).has_value(); }
  std::uint64_t used() const { return used_; }
  std::uint64_t refused() const { return refused_; }

  IndexTable table;

 private:
  const std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::uint64_t refused_ = 0;
  std::uint32_t now_ = 0;
};

}  // namespace hearth::cache
