// Percent-coding of paths and queries (RFC 3986 2.1), over opaque bytes: %00 and bytes that are not UTF-8
// are as good as any. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth::http {

// Decodes %XX; every other byte stands for itself, '+' too. nullopt: a '%' without two hex digits.
std::optional<std::string> PercentDecode(std::string_view text);

enum class Slash : std::uint8_t { kEncode, kKeep };

// S3's UriEncode: A-Z a-z 0-9 - . _ ~ stay, everything else becomes %XX in upper case; '/' as `slash` says.
std::string PercentEncode(std::string_view bytes, Slash slash);
void AppendPercentEncoded(std::string& to, std::string_view bytes, Slash slash);

using QueryList = std::vector<std::pair<std::string, std::string>>;

// "a=1&b&c=%2F" -> {a,1} {b,} {c,/}, in order, empty parts left out. '+' is a space here, as S3 reads it.
// nullopt: a '%' without two hex digits.
std::optional<QueryList> ParseQuery(std::string_view query);

// First value of `name`, compared exactly; null if it is not there.
const std::string* FindQuery(const QueryList& query, std::string_view name);

}  // namespace hearth::http
