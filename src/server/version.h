// The version of this build, from CMake's project version.
#pragma once

#include <string_view>

namespace hearth::server {
inline constexpr std::string_view kVersion = HEARTH_VERSION;
}  // namespace hearth::server
