#include "cache/ghost_table.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

namespace hearth::cache {
namespace {

constexpr std::uint64_t kGhostsMin = 16;

// Bits that choose neither shard nor set, as far as there are such.
std::uint32_t TagOf(const Hash128& hash) { return static_cast<std::uint32_t>(hash.high) | 1; }

}  // namespace

void GhostTable::Fit(std::uint64_t ghosts) {
  // A table grows when it is a third too small and not before: then it is never more than twice what it holds.
  if (!ghosts_.empty() && ghosts * 3 <= ghosts_.size() * 4) return;
  const std::uint64_t size = std::bit_ceil(std::max(kGhostsMin, ghosts * 3 / 4));
  if (size <= ghosts_.size()) return;
  if (ghosts_.empty()) {
    ghosts_.resize(size);
    return;
  }
  // The set is the low bits of a hash: a ghost of old may be in any of those that its set has become.
  const std::vector<Ghost> old = std::exchange(ghosts_, std::vector<Ghost>(size));
  for (std::size_t at = 0; at < size; at += old.size()) {
    std::ranges::copy(old, ghosts_.begin() + static_cast<std::ptrdiff_t>(at));
  }
}

void GhostTable::Add(const Hash128& hash, std::uint32_t now) {
  const std::span<Ghost> set(SetOf(hash), kWays);
  const std::uint32_t tag = TagOf(hash);
  Ghost* place = &set[0];
  for (Ghost& ghost : set) {
    if (ghost.tag == tag) {
      place = &ghost;
      break;
    }
    if (place->tag != 0 && (ghost.tag == 0 || now - ghost.made > now - place->made)) place = &ghost;
  }
  *place = {tag, now};
}

bool GhostTable::Take(const Hash128& hash, std::uint32_t now, std::uint32_t age_max) {
  if (ghosts_.empty()) return false;
  for (Ghost& ghost : std::span(SetOf(hash), kWays)) {
    if (ghost.tag != TagOf(hash)) continue;
    const std::uint32_t age = now - ghost.made;
    ghost = {};
    return age <= age_max;
  }
  return false;
}

}  // namespace hearth::cache
