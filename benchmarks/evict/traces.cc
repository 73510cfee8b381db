#include "evict/traces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/random.h"

namespace hearth::evict {
namespace {

using Accesses = std::vector<Access>;

// Ranks from 0 on, rank r with a probability in proportion to 1 / (r + 1) ^ skew.
class Zipf {
 public:
  Zipf(std::uint64_t count, double skew) {
    double sum = 0;
    below_.reserve(count);
    for (std::uint64_t rank = 0; rank < count; ++rank) {
      sum += std::pow(static_cast<double>(rank + 1), -skew);
      below_.push_back(sum);
    }
  }
  std::uint64_t Draw(Random& random) const {
    const double at = random.Fraction() * below_.back();
    return static_cast<std::uint64_t>(std::ranges::upper_bound(below_, at) - below_.begin());
  }

 private:
  std::vector<double> below_;
};

// Blocks of different kinds do not meet.
constexpr std::uint64_t kOtherKind = 1ULL << 40;

Accesses ZipfTrace(std::uint64_t capacity, std::uint64_t seed, double skew) {
  Random random(seed);
  const Zipf zipf(20 * capacity, skew);
  Accesses accesses;
  for (std::uint64_t i = 0; i < 60 * capacity; ++i) accesses.push_back({zipf.Draw(random)});
  return accesses;
}
Accesses Zipf08(std::uint64_t capacity, std::uint64_t seed) { return ZipfTrace(capacity, seed, 0.8); }
Accesses Zipf10(std::uint64_t capacity, std::uint64_t seed) { return ZipfTrace(capacity, seed, 1.0); }

Accesses Epochs(std::uint64_t blocks, std::uint64_t seed, bool shuffled) {
  Random random(seed);
  std::vector<std::uint64_t> order(blocks);
  std::iota(order.begin(), order.end(), 0);
  Accesses accesses;
  for (int epoch = 0; epoch < 20; ++epoch) {
    if (shuffled) {
      for (std::uint64_t i = blocks - 1; i > 0; --i) std::swap(order[i], order[random.Below(i + 1)]);
    }
    for (const std::uint64_t block : order) accesses.push_back({block});
  }
  return accesses;
}
Accesses Sequential2(std::uint64_t capacity, std::uint64_t seed) { return Epochs(2 * capacity, seed, false); }
Accesses Sequential5(std::uint64_t capacity, std::uint64_t seed) { return Epochs(5 * capacity, seed, false); }
Accesses Shuffled2(std::uint64_t capacity, std::uint64_t seed) { return Epochs(2 * capacity, seed, true); }
Accesses Shuffled5(std::uint64_t capacity, std::uint64_t seed) { return Epochs(5 * capacity, seed, true); }

// Lookups, and every now and then somebody reads a cacheful that nobody reads again, at the same pace.
Accesses Scans(std::uint64_t capacity, std::uint64_t seed) {
  Random random(seed);
  const Zipf zipf(5 * capacity, 0.9);
  Accesses accesses;
  std::uint64_t fresh = kOtherKind;
  for (int round = 0; round < 15; ++round) {
    for (std::uint64_t i = 0; i < 2 * capacity; ++i) accesses.push_back({zipf.Draw(random)});
    for (std::uint64_t i = 0; i < capacity; ++i) {
      accesses.push_back({zipf.Draw(random)});
      accesses.push_back({fresh++});
    }
  }
  return accesses;
}

// Lookups, while a table of one and a half caches is read from begin to end again and again.
Accesses TableScan(std::uint64_t capacity, std::uint64_t seed) {
  Random random(seed);
  const Zipf zipf(2 * capacity, 1.0);
  Accesses accesses;
  for (std::uint64_t i = 0; i < 30 * capacity; ++i) {
    accesses.push_back({zipf.Draw(random)});
    accesses.push_back({kOtherKind + i % (capacity + capacity / 2)});
  }
  return accesses;
}

// Sixteen readers, each of whom reads objects of eight blocks, every block in eight ranges; nearly all are read once.
Accesses Streaming(std::uint64_t capacity, std::uint64_t seed) {
  constexpr std::uint64_t kBlocks = 8;
  constexpr std::uint64_t kRanges = 8;
  struct Reader {
    std::uint64_t object = 0;
    std::uint64_t at = kBlocks * kRanges;
  };
  Random random(seed);
  std::array<Reader, 16> readers;
  Accesses accesses;
  while (accesses.size() < 60 * capacity) {
    Reader& reader = readers[random.Below(readers.size())];
    if (reader.at == kBlocks * kRanges) reader = {random.Below(1000 * capacity), 0};
    accesses.push_back({reader.object * kBlocks + reader.at / kRanges});
    ++reader.at;
  }
  return accesses;
}

// Every twenty caches of lookups everybody turns to blocks that nobody has read before.
Accesses WorkingSetChange(std::uint64_t capacity, std::uint64_t seed) {
  Random random(seed);
  const Zipf zipf(2 * capacity, 0.9);
  Accesses accesses;
  for (std::uint64_t set = 0; set < 5; ++set) {
    for (std::uint64_t i = 0; i < 20 * capacity; ++i) accesses.push_back({set * kOtherKind + zipf.Draw(random)});
  }
  return accesses;
}

constexpr std::array kTraces = {
    Trace{"zipf 0.8", "20 caches of blocks, skew 0.8", Zipf08, 10},
    Trace{"zipf 1.0", "20 caches of blocks, skew 1.0", Zipf10, 10},
    Trace{"epochs x2", "twice the cache, from begin to end, 20 times", Sequential2, 4},
    Trace{"epochs x5", "five times the cache, from begin to end, 20 times", Sequential5, 10},
    Trace{"shuffled x2", "twice the cache, each epoch in an order of its own", Shuffled2, 4},
    Trace{"shuffled x5", "five times the cache, each epoch in an order of its own", Shuffled5, 10},
    Trace{"scans", "lookups (skew 0.9, 5 caches), and scans of a cacheful that never comes again", Scans, 4},
    Trace{"table scan", "lookups (skew 1.0, 2 caches) beside a table of 1.5 caches, scanned over and over", TableScan,
          6},
    Trace{"streaming", "16 readers, objects of 8 blocks, every block in 8 range reads", Streaming, 10},
    Trace{"change", "lookups (skew 0.9, 2 caches), all new every 20 caches", WorkingSetChange, 0},
};

}  // namespace

std::span<const Trace> Traces() { return kTraces; }

}  // namespace hearth::evict
