// What is wrong with a configuration, said so that its author can mend it: where, what, what is allowed.
//
// Pure values; any thread. Problems are collected, never thrown, so that all of them show at once.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::server {

// Where a value was written: a file and its line, or a flag or a variable (line 0).
struct Place {
  std::string source;
  int line = 0;

  std::string ToString() const;  // "hearth.yaml:12", "--listen", "environment HEARTH_CONFIG"
  bool operator==(const Place&) const = default;
};

// Values that were written somewhere, by their path ("cache.block_size", "origins[1].name").
using Places = std::map<std::string, Place, std::less<>>;

struct ConfigProblem {
  Place place;
  std::string message;

  std::string ToString() const;  // "hearth.yaml:12: message"
};

using ConfigProblems = std::vector<ConfigProblem>;

// Puts problems of one source in the order of their lines, sources in the order they first appear.
void SortByPlace(ConfigProblems& problems);

// The known name that `name` was most likely meant to be; empty if none is near (more than a third of its
// letters differ, or it is not there at all).
std::string_view NearestName(std::string_view name, const std::vector<std::string_view>& known);

// "a, b, c".
std::string JoinNames(const std::vector<std::string_view>& names);

}  // namespace hearth::server
