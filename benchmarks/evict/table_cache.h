// TableCache: the product's index with one of its policies, used as the disk store uses it, with no disk under it.
#pragma once

#include "cache/index_table.h"
#include "evict/cache_model.h"

namespace hearth::evict {

class TableCache final : public CacheModel {
 public:
  TableCache(cache::EvictionKind kind, std::uint64_t capacity_units) : table_(kind), capacity_(capacity_units) {}

  bool Read(const Access& access) override;
  std::uint64_t used() const override { return used_; }
  std::uint64_t written() const override { return written_; }

 private:
  cache::IndexTable table_;
  const std::uint64_t capacity_;
  std::uint64_t used_ = 0;
  std::uint64_t written_ = 0;
  std::uint32_t now_ = 0;  // every read is a second of its own
};

}  // namespace hearth::evict
