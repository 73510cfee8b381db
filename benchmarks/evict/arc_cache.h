// ArcCache: ARC (Megiddo, Modha: "ARC: a self-tuning, low overhead replacement cache", FAST 2003), to compare with.
//
// T1 and T2 are here, B1 and B2 are ghosts of them. Sizes are units instead of pages: with blocks of one unit it is the
// paper's algorithm to the letter.
#pragma once

#include <array>
#include <list>
#include <unordered_map>

#include "evict/cache_model.h"

namespace hearth::evict {

class ArcCache final : public CacheModel {
 public:
  explicit ArcCache(std::uint64_t capacity_units) : capacity_(capacity_units) {}

  bool Read(const Access& access) override;
  std::uint64_t used() const override { return size(kT1) + size(kT2); }
  std::uint64_t written() const override { return written_; }

 private:
  enum Queue : std::uint8_t { kT1, kT2, kB1, kB2 };
  struct Node {
    Queue queue = kT1;
    std::uint32_t units = 0;
    std::list<std::uint64_t>::iterator place;
  };

  std::uint64_t size(Queue queue) const { return sizes_[queue]; }
  void Push(Queue queue, const Access& access);
  void Take(std::uint64_t block);
  void MoveOldest(Queue from, Queue to);
  void DropOldest(Queue queue);
  // Makes room for `units` in T1 and T2. `from_b2`: for a ghost of T2.
  void Replace(std::uint64_t units, bool from_b2);
  void TrimGhosts(std::uint64_t units);

  const std::uint64_t capacity_;
  std::uint64_t target_ = 0;  // of T1
  std::uint64_t written_ = 0;
  std::unordered_map<std::uint64_t, Node> nodes_;
  std::array<std::list<std::uint64_t>, 4> queues_;  // oldest first
  std::array<std::uint64_t, 4> sizes_{};
};

}  // namespace hearth::evict
