// docs/configuration.md, made from the tables of config_schema.h and flags.h (`hearth docs configuration`).
// A test compares the file with it.
#pragma once

#include <string>

namespace hearth::server {

std::string ConfigurationMarkdown();

}  // namespace hearth::server
