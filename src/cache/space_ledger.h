// SpaceLedger: how many bytes a cache directory may take on disk, and how many it takes (invariant 7).
//
// Counted in allocated bytes: block files with their headers, files that were unlinked but are still being
// read, and the logs. A fill reserves all it will write before it writes. Any thread; nothing waits.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/bytes.h"

namespace hearth::cache {

class SpaceLedger {
 public:
  explicit SpaceLedger(std::uint64_t budget_bytes) : budget_(budget_bytes), limit_(budget_bytes) {}

  // Takes `bytes` if they fit into the limit.
  bool TryReserve(std::uint64_t bytes) {
    const std::uint64_t most = limit();
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > most || used > most - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }
  // Takes `bytes` that exist already, fit or not (found at start, logs that grew).
  void Charge(std::uint64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void Release(std::uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  // What else is on the disk takes its place first: with `available` bytes free, of which `margin` stay so, the limit
  // is what the cache has and the rest of those, but never more than the budget.
  void FitTo(std::uint64_t available, std::uint64_t margin) {
    const std::uint64_t fits = used() + available;
    limit_.store(std::min(budget_, fits - std::min(fits, margin)), std::memory_order_relaxed);
  }

  std::uint64_t budget() const { return budget_; }
  std::uint64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::uint64_t budget_;
  std::atomic<std::uint64_t> limit_;
  std::atomic<std::uint64_t> used_ = 0;
};

// What one file of records takes of the ledger, as it grows and is written anew. Its owner's lock guards it.
class LedgerShare {
 public:
  // Null: nothing is counted.
  explicit LedgerShare(std::shared_ptr<SpaceLedger> ledger) : ledger_(std::move(ledger)) {}

  // `file_bytes`: its size now; `while_rewriting`: of the new file that is written beside it.
  void Set(std::uint64_t file_bytes, std::uint64_t while_rewriting = 0) {
    const std::uint64_t bytes = AlignUp(file_bytes, 4_KiB) + AlignUp(while_rewriting, 4_KiB);
    if (!ledger_) return;
    if (bytes > charged_) ledger_->Charge(bytes - charged_);
    if (bytes < charged_) ledger_->Release(charged_ - bytes);
    charged_ = bytes;
  }

 private:
  const std::shared_ptr<SpaceLedger> ledger_;
  std::uint64_t charged_ = 0;
};

}  // namespace hearth::cache
