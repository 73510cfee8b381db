// The `buckets` of an origin: patterns in which `*` stands for any run of bytes. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/names.h"

namespace hearth::origin {

bool MatchesPattern(std::string_view pattern, std::string_view text);
// True if any of the patterns fits.
bool MatchesBucket(std::span<const std::string> patterns, const BucketName& bucket);

}  // namespace hearth::origin
