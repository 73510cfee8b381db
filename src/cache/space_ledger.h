// SpaceLedger: how many bytes a cache directory may take on disk, and how many it takes (invariant 7).
//
// Counted in allocated bytes: block files with their headers, files that were unlinked but are still being
// read, and the logs. A fill reserves all it will write before it writes. Any thread; nothing waits.
#pragma once

#include <atomic>
#include <cstdint>

namespace hearth::cache {

class SpaceLedger {
 public:
  explicit SpaceLedger(std::uint64_t budget_bytes) : budget_(budget_bytes) {}

  // Takes `bytes` if they fit into the budget.
  bool TryReserve(std::uint64_t bytes) {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > budget_ || used > budget_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  // Takes `bytes` that exist already, fit or not (found at start, logs that grew).
  void Charge(std::uint64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Release(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::uint64_t budget() const { return budget_; }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::uint64_t budget_;
  std::atomic<std::uint64_t> used_ = 0;
};

}  // namespace hearth::cache
