// GhostTable: hashes of blocks that were let go or turned away not long ago, with when that was.
//
// A set-associative table of 32-bit tags, eight bytes a ghost; a full set forgets its oldest. `now` is the policy's own
// count of ghosts made over all shards, so that an age is a distance in a queue. Owned by a shard and guarded by its
// lock. A wrong "yes" is one in a billion; a wrong "no" happens when a set is crowded.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash.h"

namespace hearth::cache {

class GhostTable {
 public:
  // Grows, if need be, to hold about `ghosts`; those that are here stay.
  void Fit(std::uint64_t ghosts);
  // Fit comes first, once.
  void Add(const Hash128& hash, std::uint32_t now);
  // Forgets the ghost; true if it was here and made at most `age_max` before `now`.
  bool Take(const Hash128& hash, std::uint32_t now, std::uint32_t age_max);

  std::uint64_t memory_bytes() const { return ghosts_.capacity() * sizeof(Ghost); }

 private:
  static constexpr std::size_t kWays = 4;
  struct Ghost {
    std::uint32_t tag = 0;  // 0: none
    std::uint32_t made = 0;
  };

  Ghost* SetOf(const Hash128& hash) { return &ghosts_[(hash.low >> 8) * kWays & (ghosts_.size() - 1)]; }

  std::vector<Ghost> ghosts_;  // a power of two, or empty
};

}  // namespace hearth::cache
