// Freshness: for how long remembered metadata may answer without the origin being asked. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"

namespace hearth::read {

enum class FreshnessMode : std::uint8_t {
  kImmutable,  // never asked again
  kTtl,        // asked again once it is older than `ttl`
  kAlways,     // asked at every read
};

struct FreshnessRule {
  std::string match = "*";  // over canonical URLs, NAME://bucket/key; `*` stands for anything, '/' too
  FreshnessMode mode = FreshnessMode::kTtl;
  Duration ttl = std::chrono::seconds(60);
  Duration stale_if_error = std::chrono::hours(1);  // past the ttl; kTtl only
};

class FreshnessPolicy {
 public:
  // First match wins; what matches nothing goes by a default FreshnessRule.
  explicit FreshnessPolicy(std::vector<FreshnessRule> rules);

  // True when every object goes by the same rule, so that no URL need be made on the hit path.
  bool uniform() const { return uniform_; }
  const FreshnessRule& For(std::string_view canonical_url) const;

 private:
  std::vector<FreshnessRule> rules_;  // the last one matches everything
  bool uniform_ = false;
};

bool IsFresh(const FreshnessRule& rule, Duration age);
// Whether metadata of this age may still answer while the origin cannot be asked.
bool MayServeStale(const FreshnessRule& rule, Duration age);

}  // namespace hearth::read
