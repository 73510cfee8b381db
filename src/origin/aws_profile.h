// The shared files of AWS's tools (~/.aws/credentials and ~/.aws/config): INI sections of `name = value`.
//
// Pure; any thread. Keys are compared in lower case. Comments begin with # or ; at the start of a line, or
// after a space. Indented lines belong to a nested setting (`s3 =`) and are skipped.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hearth::origin {

using ProfileSettings = std::map<std::string, std::string>;

enum class ProfileFile : std::uint8_t {
  kCredentials,  // sections are [NAME]
  kConfig,       // sections are [profile NAME], and [default]
};

// By profile name. A section that comes twice is one, later settings win. Lines that mean nothing are skipped,
// as AWS's own tools do with sections that they do not know.
std::map<std::string, ProfileSettings> ParseProfiles(std::string_view text, ProfileFile kind);

}  // namespace hearth::origin
