#include "support/sim_contents.h"

#include <algorithm>
#include <iterator>

namespace hearth::sim {

std::uint64_t SparseBytes::MissingIn(std::uint64_t offset, std::uint64_t length) const {
  if (length == 0) return 0;
  const std::uint64_t first = offset / kPageSize;
  const std::uint64_t end = DivideUp(offset + length, kPageSize);
  const auto there = std::distance(pages_.lower_bound(first), pages_.lower_bound(end));
  return (end - first - static_cast<std::uint64_t>(there)) * kPageSize;
}

std::size_t SparseBytes::Read(std::uint64_t offset, std::span<std::byte> to) const {
  if (offset >= size_) return 0;
  to = to.first(std::min<std::uint64_t>(to.size(), size_ - offset));
  for (std::size_t done = 0; done < to.size();) {
    const std::uint64_t within = (offset + done) % kPageSize;
    const std::size_t n = std::min<std::uint64_t>(kPageSize - within, to.size() - done);
    const auto page = pages_.find((offset + done) / kPageSize);
    if (page == pages_.end()) {
      std::fill_n(to.begin() + static_cast<std::ptrdiff_t>(done), n, std::byte{0});
    } else {
      std::copy_n(page->second.begin() + static_cast<std::ptrdiff_t>(within), n,
                  to.begin() + static_cast<std::ptrdiff_t>(done));
    }
    done += n;
  }
  return to.size();
}

void SparseBytes::Write(std::uint64_t offset, std::span<const std::byte> from) {
  if (from.empty()) return;
  size_ = std::max(size_, offset + from.size());
  while (!from.empty()) {
    const std::uint64_t within = offset % kPageSize;
    const std::size_t n = std::min<std::uint64_t>(kPageSize - within, from.size());
    Page& page = pages_[offset / kPageSize];  // a new page is zeros
    std::copy_n(from.begin(), n, page.begin() + static_cast<std::ptrdiff_t>(within));
    offset += n;
    from = from.subspan(n);
  }
}

void SparseBytes::Resize(std::uint64_t size) {
  if (size < size_) {
    pages_.erase(pages_.lower_bound(DivideUp(size, kPageSize)), pages_.end());
    // What is cut off must read as zeros if the file grows again.
    const auto last = pages_.find(size / kPageSize);
    if (last != pages_.end()) {
      std::fill(last->second.begin() + static_cast<std::ptrdiff_t>(size % kPageSize), last->second.end(), std::byte{0});
    }
  }
  size_ = size;
}

void SimContents::Write(std::uint64_t offset, std::span<const std::byte> from) {
  if (from.empty()) return;
  current_.Write(offset, from);
  log_.push_back({true, offset, {from.begin(), from.end()}});
  unsynced_bytes_ += from.size();
}

void SimContents::Truncate(std::uint64_t size) {
  current_.Resize(size);
  log_.push_back({false, size, {}});
}

void SimContents::Apply(const Change& change, SparseBytes& to) {
  if (change.is_write) {
    to.Write(change.offset, change.bytes);
  } else {
    to.Resize(change.offset);
  }
}

void SimContents::Sync() {
  for (const Change& change : log_) Apply(change, durable_);
  log_.clear();
  unsynced_bytes_ = 0;
}

void SimContents::SyncFailed(Random& random) { SettleLog(random); }

void SimContents::WriteBack() {
  const auto middle = log_.begin() + static_cast<std::ptrdiff_t>(DivideUp(log_.size(), 2));
  for (auto change = log_.begin(); change != middle; ++change) {
    Apply(*change, durable_);
    unsynced_bytes_ -= change->bytes.size();
  }
  log_.erase(log_.begin(), middle);
}

// Sectors of one write that reach the platter: those before a point, or any.
void SimContents::ApplyTorn(const Change& change, SparseBytes& to, Random& random) {
  const std::uint64_t end = change.offset + change.bytes.size();
  const bool prefix_only = random.OneIn(2);
  const std::uint64_t cut = change.offset + random.Below(change.bytes.size());
  // The file may have been made longer although the data is missing: it reads as zeros.
  if (random.OneIn(2) && to.size() < end) to.Resize(end);
  for (std::uint64_t at = change.offset; at < end;) {
    const std::uint64_t next = std::min(AlignDown(at, kSectorSize) + kSectorSize, end);
    const bool survives = prefix_only ? next <= cut : random.OneIn(2);
    if (survives) to.Write(at, std::span(change.bytes).subspan(at - change.offset, next - at));
    at = next;
  }
}

void SimContents::SettleLog(Random& random) {
  enum : std::uint64_t { kNothing, kEverything, kOldest, kAnySubset, kModes };
  const std::uint64_t mode = random.Below(kModes);
  const std::size_t oldest = mode == kOldest ? random.Below(log_.size() + 1) : 0;
  for (std::size_t i = 0; i < log_.size(); ++i) {
    const Change& change = log_[i];
    bool whole = false;
    bool torn = false;
    switch (mode) {
      case kNothing: break;
      case kEverything: whole = true; break;
      case kOldest:
        whole = i < oldest;
        torn = i == oldest;  // the write that was under way
        break;
      default: whole = random.OneIn(2); torn = !whole && random.OneIn(2);
    }
    if (whole) {
      Apply(change, durable_);
    } else if (torn && change.is_write) {
      ApplyTorn(change, durable_, random);
    }
  }
  log_.clear();
  unsynced_bytes_ = 0;
}

void SimContents::LosePower(Random& random) {
  SettleLog(random);
  current_ = durable_;
}

void SimContents::FlipBit(std::uint64_t offset, unsigned bit) {
  for (SparseBytes* state : {&current_, &durable_}) {
    std::byte byte{};
    if (state->Read(offset, {&byte, 1}) == 0) continue;
    byte ^= std::byte{1} << bit;
    state->Write(offset, {&byte, 1});
  }
}

void SimContents::Cut(std::uint64_t size) {
  for (SparseBytes* state : {&current_, &durable_}) {
    if (size < state->size()) state->Resize(size);
  }
}

}  // namespace hearth::sim
