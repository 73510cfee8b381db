#include "evict/report.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"

namespace hearth::evict {

Outcome Play(std::string_view policy, const Trace& trace, std::uint64_t capacity, std::uint64_t seed) {
  const std::unique_ptr<CacheModel> cache = MakeCache(policy, capacity);
  HEARTH_CHECK(cache);
  const std::vector<Access> accesses = trace.make(capacity, seed);
  const std::uint64_t warm_up = trace.warm_up * capacity;
  std::uint64_t hits = 0;
  std::uint64_t units = 0;
  for (std::uint64_t i = 0; i < accesses.size(); ++i) {
    const bool hit = cache->Read(accesses[i]);
    if (hit && i >= warm_up) ++hits;
    units += accesses[i].units;
    HEARTH_CHECK(cache->used() <= capacity);
  }
  return {.hits = static_cast<double>(hits) / static_cast<double>(accesses.size() - warm_up),
          .written = static_cast<double>(cache->written()) / static_cast<double>(units)};
}

std::string Report(std::uint64_t capacity, std::uint64_t seed) {
  std::string text =
      fmt::format("cache {} blocks, seed {}: share of reads that hit (written: blocks a read)\n\n", capacity, seed);
  text += "| trace |";
  for (const std::string_view policy : kPolicies) text += fmt::format(" {} |", policy);
  text += " default / best |\n|---|---:|---:|---:|---:|---:|\n";
  for (const Trace& trace : Traces()) {
    text += fmt::format("| {} |", trace.name);
    std::array<Outcome, kPolicies.size()> outcomes;
    std::ranges::transform(kPolicies, outcomes.begin(),
                           [&](std::string_view policy) { return Play(policy, trace, capacity, seed); });
    for (const Outcome& outcome : outcomes) text += fmt::format(" {:.3f} ({:.3f}) |", outcome.hits, outcome.written);
    const double best = std::ranges::max(outcomes, {}, &Outcome::hits).hits;
    text += fmt::format(" {:.2f} |\n", best > 0 ? outcomes[0].hits / best : 1.0);
  }
  return text;
}

}  // namespace hearth::evict
