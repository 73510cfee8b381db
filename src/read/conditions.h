// Conditional requests: If-Match and its kin, with the precedence that S3 documents for GetObject (which is RFC 9110
// 13.2.2's). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/executor.h"
#include "base/names.h"

namespace hearth::read {

// Header values as they came; a date that cannot be parsed is no condition (RFC 9110 13.1.3).
struct Conditions {
  std::optional<std::string> if_match;  // "*" or a list of ETags
  std::optional<std::string> if_none_match;
  std::optional<WallTime> if_modified_since;
  std::optional<WallTime> if_unmodified_since;
  std::optional<std::string> if_range;  // an ETag or a date; the range counts only if it is still true

  bool empty() const { return !if_match && !if_none_match && !if_modified_since && !if_unmodified_since && !if_range; }
};

enum class Verdict : std::uint8_t { kProceed, kNotModified, kPreconditionFailed };

// `last_modified` nullopt: unknown, then dates are no condition.
Verdict Evaluate(const Conditions& conditions, const ETag& etag, std::optional<WallTime> last_modified);

// Whether a Range header counts, given If-Range (strong comparison, RFC 9110 13.1.5).
bool RangeApplies(const Conditions& conditions, const ETag& etag, std::optional<WallTime> last_modified);

}  // namespace hearth::read
