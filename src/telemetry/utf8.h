// Reading text that others wrote, character by character, whether or not it is UTF-8.
//
// Keys, paths and names are opaque bytes (invariant 11); log lines and metrics are UTF-8. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hearth::telemetry {

// One character: how many bytes it takes, and its code point; of bytes that are not UTF-8, one byte and nothing.
struct Utf8Character {
  std::size_t bytes = 1;
  std::optional<std::uint32_t> code_point;
};

// The first character of `text`, which is not empty. Strict as RFC 3629: no overlong forms, no surrogates,
// nothing above U+10FFFF.
Utf8Character DecodeUtf8(std::string_view text);

}  // namespace hearth::telemetry
