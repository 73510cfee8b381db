// FillPolicy: when the rest of a block is worth fetching in the background.
//
// The asked sub-blocks come first, always. The rest follows after a second request that continues a first within
// 10 s, or once a quarter of the block's sub-blocks is there (design.md, "Admission and fill").
// Remembers where the last requests ended, in a small table that forgets the oldest; losing an entry costs a
// background fill that comes one request later. Any thread; nothing waits.
#pragma once

#include <array>
#include <cstdint>

#include "base/executor.h"
#include "base/hash.h"
#include "base/thread_annotations.h"

namespace hearth::read {

class FillPolicy {
 public:
  struct Options {
    bool background = true;  // false: never
    Duration continues_within = std::chrono::seconds(10);
    double present_share_min = 0.25;
  };
  explicit FillPolicy(Options options) : options_(options) {}

  // A read of `in_block` of the block `hash`, of which `present_share` (0 to 1) is there, that was not all a hit.
  bool WantsRest(const Hash128& hash, ByteRange in_block, double present_share, TimePoint now);

 private:
  struct Seen {
    Hash128 hash;
    std::uint64_t end = 0;
    TimePoint at{};
  };
  static constexpr std::size_t kEntries = 1024;  // direct-mapped

  const Options options_;
  Mutex mutex_;
  std::array<Seen, kEntries> seen_ GUARDED_BY(mutex_);
};

}  // namespace hearth::read
