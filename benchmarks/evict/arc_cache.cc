#include "evict/arc_cache.h"

#include <algorithm>

namespace hearth::evict {

void ArcCache::Push(Queue queue, const Access& access) {
  queues_[queue].push_back(access.block);
  nodes_[access.block] = {queue, access.units, std::prev(queues_[queue].end())};
  sizes_[queue] += access.units;
}

void ArcCache::Take(std::uint64_t block) {
  const auto found = nodes_.find(block);
  sizes_[found->second.queue] -= found->second.units;
  queues_[found->second.queue].erase(found->second.place);
  nodes_.erase(found);
}

void ArcCache::MoveOldest(Queue from, Queue to) {
  const std::uint64_t block = queues_[from].front();
  const std::uint32_t units = nodes_[block].units;
  Take(block);
  Push(to, {block, units});
}

void ArcCache::DropOldest(Queue queue) { Take(queues_[queue].front()); }

void ArcCache::Replace(std::uint64_t units, bool from_b2) {
  while (used() + units > capacity_) {
    const bool over = size(kT1) > target_ || (from_b2 && size(kT1) == target_);
    if (!queues_[kT1].empty() && (over || queues_[kT2].empty())) {
      MoveOldest(kT1, kB1);
    } else {
      MoveOldest(kT2, kB2);
    }
  }
}

void ArcCache::TrimGhosts(std::uint64_t units) {
  while (size(kT1) + size(kB1) + units > capacity_) {
    if (queues_[kB1].empty()) {
      DropOldest(kT1);
    } else {
      DropOldest(kB1);
    }
  }
  while (used() + size(kB1) + size(kB2) + units > 2 * capacity_ && !queues_[kB2].empty()) DropOldest(kB2);
}

bool ArcCache::Read(const Access& access) {
  if (access.units > capacity_) return false;
  const auto found = nodes_.find(access.block);
  const Queue queue = found == nodes_.end() ? kT1 : found->second.queue;
  if (found != nodes_.end() && (queue == kT1 || queue == kT2)) {
    Take(access.block);
    Push(kT2, access);
    return true;
  }
  written_ += access.units;
  if (found == nodes_.end()) {
    TrimGhosts(access.units);
    Replace(access.units, false);
    Push(kT1, access);
    return false;
  }
  const std::uint64_t mine = size(queue);
  const std::uint64_t other = size(queue == kB1 ? kB2 : kB1);
  const std::uint64_t step = std::max<std::uint64_t>(1, other / std::max<std::uint64_t>(1, mine)) * access.units;
  target_ = queue == kB1 ? std::min(capacity_, target_ + step) : target_ - std::min(target_, step);
  Take(access.block);
  Replace(access.units, queue == kB2);
  Push(kT2, access);
  return false;
}

}  // namespace hearth::evict
