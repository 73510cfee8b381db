// SimContents: the bytes of one simulated file, as processes see them and as the platter has them.
//
// Writes and truncates go to the current state and into a log of what is not on the platter yet. Sync
// carries the log over. LosePower decides from a seed which entries of the log survive: all, none, the
// oldest, or any subset, each write whole or torn at 512-byte sectors. Two writes to one place keep their
// order when both survive, as in a page cache.
// Not thread-safe: SimDisk's lock guards it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"

namespace hearth::sim {

inline constexpr std::uint64_t kPageSize = 4_KiB;  // unit of allocation
inline constexpr std::uint64_t kSectorSize = 512;  // what a disk writes whole

// A file with holes.
class SparseBytes {
 public:
  std::uint64_t size() const { return size_; }
  std::uint64_t allocated() const { return pages_.size() * kPageSize; }
  // Bytes that a write of this range would newly allocate.
  std::uint64_t MissingIn(std::uint64_t offset, std::uint64_t length) const;

  std::size_t Read(std::uint64_t offset, std::span<std::byte> to) const;  // short at the end
  void Write(std::uint64_t offset, std::span<const std::byte> from);
  void Resize(std::uint64_t size);

 private:
  using Page = std::array<std::byte, kPageSize>;
  std::uint64_t size_ = 0;
  std::map<std::uint64_t, Page> pages_;
};

class SimContents {
 public:
  const SparseBytes& current() const { return current_; }

  void Write(std::uint64_t offset, std::span<const std::byte> from);
  void Truncate(std::uint64_t size);

  void Sync();
  // An fsync that failed: of what was waiting, the platter has by now what the seed says, and the rest never
  // gets there, whatever a later Sync says, since the kernel has marked its pages clean. Readers see it all
  // until the next power loss.
  void SyncFailed(Random& random);
  // The kernel writes back the oldest half of what waits, unasked.
  void WriteBack();
  std::uint64_t unsynced_bytes() const { return unsynced_bytes_; }

  void LosePower(Random& random);

  // Damage at rest: both states, no log.
  void FlipBit(std::uint64_t offset, unsigned bit);
  void Cut(std::uint64_t size);

 private:
  struct Change {
    bool is_write = true;
    std::uint64_t offset = 0;  // of the write, or the size that was set
    std::vector<std::byte> bytes;
  };
  static void Apply(const Change& change, SparseBytes& to);
  // Carries some of the log to the platter, and forgets the rest.
  void SettleLog(Random& random);
  static void ApplyTorn(const Change& change, SparseBytes& to, Random& random);

  SparseBytes current_;
  SparseBytes durable_;
  std::vector<Change> log_;
  std::uint64_t unsynced_bytes_ = 0;
};

}  // namespace hearth::sim
