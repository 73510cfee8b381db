#include "origin/aws_profile.h"

#include <algorithm>
#include <optional>

namespace hearth::origin {
namespace {

std::string_view Trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::string_view WithoutComment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins_word = i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t';
    if (begins_word && (line[i] == '#' || line[i] == ';')) return line.substr(0, i);
  }
  return line;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

// The profile that "[...]" begins, or nullopt for sections of another kind ([sso-session X], [services X]).
std::optional<std::string> ProfileName(std::string_view header, ProfileFile kind) {
  const auto close = header.find(']');
  if (close == header.npos) return std::nullopt;
  std::string_view name = Trim(header.substr(1, close - 1));
  if (kind == ProfileFile::kCredentials || name == "default") return std::string(name);
  constexpr std::string_view kPrefix = "profile";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  if (name.empty() || (name.front() != ' ' && name.front() != '\t')) return std::nullopt;
  return std::string(Trim(name));
}

}  // namespace

std::map<std::string, ProfileSettings> ParseProfiles(std::string_view text, ProfileFile kind) {
  std::map<std::string, ProfileSettings> profiles;
  ProfileSettings* current = nullptr;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = WithoutComment(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    if (Trim(line).empty() || line.front() == ' ' || line.front() == '\t') continue;
    if (line.front() == '[') {
      const auto name = ProfileName(line, kind);
      current = name ? &profiles[*name] : nullptr;
      continue;
    }
    const auto equals = line.find('=');
    if (current == nullptr || equals == line.npos) continue;
    (*current)[LowerCase(Trim(line.substr(0, equals)))] = Trim(line.substr(equals + 1));
  }
  return profiles;
}

}  // namespace hearth::origin
