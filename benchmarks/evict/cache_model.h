// CacheModel: a cache of blocks as the simulator sees it: which blocks are here, and how much of them.
//
// Owned by one run, used by one thread. Deterministic.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace hearth::evict {

struct Access {
  std::uint64_t block = 0;
  std::uint32_t units = 1;  // what it takes of the capacity; the same each time
};

class CacheModel {
 public:
  virtual ~CacheModel() = default;

  // True: it was here. False: it was not, and is now if the policy let it in.
  virtual bool Read(const Access& access) = 0;
  virtual std::uint64_t used() const = 0;     // units
  virtual std::uint64_t written() const = 0;  // units that were let in, so far
};

// By name: "lru", "s3-fifo" and "w-tinylfu" are the product's index with that policy; "arc" is only here. Null:
// unknown.
std::unique_ptr<CacheModel> MakeCache(std::string_view policy, std::uint64_t capacity_units);

}  // namespace hearth::evict
