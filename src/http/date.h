// HTTP dates (RFC 9110 5.6.7). Pure; any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/executor.h"

namespace hearth::http {

// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate), the fraction of the second dropped. Years 0 to 9999.
std::string FormatHttpDate(WallTime time);

// The same 29 bytes without a string, for the Date line that every answer carries.
inline constexpr std::size_t kHttpDateSize = 29;
std::array<char, kHttpDateSize> HttpDateBytes(WallTime time);

// IMF-fixdate, RFC 850 ("Sunday, 06-Nov-94 08:49:37 GMT") or asctime ("Sun Nov  6 08:49:37 1994").
// The weekday must be one, but need not be the date's. Two-digit years are 1970 to 2069: a fixed pivot
// instead of RFC 9110's "50 years from now" needs no clock. nullopt: none of the three.
std::optional<WallTime> ParseHttpDate(std::string_view text);

}  // namespace hearth::http
