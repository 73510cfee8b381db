#include "read/freshness.h"

#include "origin/bucket_pattern.h"

namespace hearth::read {

FreshnessPolicy::FreshnessPolicy(std::vector<FreshnessRule> rules) : rules_(std::move(rules)) {
  rules_.push_back(FreshnessRule{});
  uniform_ = rules_.front().match == "*";
}

const FreshnessRule& FreshnessPolicy::For(std::string_view canonical_url) const {
  for (const FreshnessRule& rule : rules_) {
    if (rule.match == "*" || origin::MatchesPattern(rule.match, canonical_url)) return rule;
  }
  return rules_.back();
}

bool IsFresh(const FreshnessRule& rule, Duration age) {
  switch (rule.mode) {
    case FreshnessMode::kImmutable: return true;
    case FreshnessMode::kTtl: return age < rule.ttl;
    case FreshnessMode::kAlways: return false;
  }
  return false;
}

bool MayServeStale(const FreshnessRule& rule, Duration age) {
  return rule.mode == FreshnessMode::kTtl && rule.stale_if_error > Duration::zero() &&
         age < rule.ttl + rule.stale_if_error;
}

}  // namespace hearth::read
