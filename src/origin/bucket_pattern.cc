#include "origin/bucket_pattern.h"

#include <algorithm>

namespace hearth::origin {

// Only the last `*` is ever tried again, so the time is at most the product of the lengths.
bool MatchesPattern(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = pattern.npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == pattern.npos;
}

bool MatchesBucket(std::span<const std::string> patterns, const BucketName& bucket) {
  return std::ranges::any_of(patterns,
                             [&](const std::string& pattern) { return MatchesPattern(pattern, bucket.value); });
}

}  // namespace hearth::origin
