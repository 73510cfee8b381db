#include "read/fill_policy.h"

namespace hearth::read {

bool FillPolicy::WantsRest(const Hash128& hash, ByteRange in_block, double present_share, TimePoint now) {
  if (!options_.background) return false;
  MutexLock lock(mutex_);
  Seen& entry = seen_[hash.low % kEntries];
  const bool continues = entry.hash == hash && entry.end != 0 && entry.end == in_block.begin &&
                         now - entry.at <= options_.continues_within;
  entry = {hash, in_block.end, now};
  return continues || present_share >= options_.present_share_min;
}

}  // namespace hearth::read
