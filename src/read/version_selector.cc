#include "read/version_selector.h"

#include <algorithm>

namespace hearth::read {
namespace {

using Kind = VersionSelector::Kind;

bool IsDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool IsHex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// 32 hex digits, optionally "-N": an MD5 or multipart ETag without its quotes.
bool LooksLikeETag(std::string_view text) {
  if (text.size() < 32 || !std::ranges::all_of(text.substr(0, 32), IsHex)) return false;
  if (text.size() == 32) return true;
  return text[32] == '-' && IsDigits(text.substr(33));
}

std::string Quoted(std::string_view etag) {
  if (etag.starts_with('"') || etag.starts_with("W/")) return std::string(etag);
  return '"' + std::string(etag) + '"';
}

struct Prefix {
  std::string_view text;
  Kind kind;
};
constexpr Prefix kPrefixes[] = {{"etag:", Kind::kETag},
                                {"generation:", Kind::kGeneration},
                                {"version-id:", Kind::kVersionId},
                                {"label:", Kind::kLabel}};

}  // namespace

std::string VersionSelector::MetadataKey() const {
  switch (kind) {
    case Kind::kCurrent:
    case Kind::kETag: return "";
    case Kind::kGeneration: return "generation:" + value;
    case Kind::kVersionId: return "version-id:" + value;
    case Kind::kLabel: return "label:" + value;
  }
  return "";
}

Result<VersionSelector> ParseVersionSelector(std::string_view text, bool generations) {
  if (text.empty()) return VersionSelector{};
  for (const Prefix& prefix : kPrefixes) {
    if (!text.starts_with(prefix.text)) continue;
    const std::string_view value = text.substr(prefix.text.size());
    if (value.empty())
      return Fail(Code::kInvalidArgument, "version '" + std::string(text) + "': nothing after the colon");
    if (prefix.kind == Kind::kGeneration && !IsDigits(value)) {
      return Fail(Code::kInvalidArgument, "version '" + std::string(text) + "': a generation is a number");
    }
    return VersionSelector{prefix.kind, prefix.kind == Kind::kETag ? Quoted(value) : std::string(value)};
  }
  const bool quoted = text.size() > 2 && text.front() == '"' && text.back() == '"';
  if (quoted || LooksLikeETag(text)) return VersionSelector{Kind::kETag, Quoted(text)};
  if (generations && IsDigits(text)) return VersionSelector{Kind::kGeneration, std::string(text)};
  return VersionSelector{Kind::kLabel, std::string(text)};
}

}  // namespace hearth::read
