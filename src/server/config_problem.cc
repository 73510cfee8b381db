#include "server/config_problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <utility>

namespace hearth::server {
namespace {

// Names in a configuration are short; a longer text is no misspelt name, and would cost its square.
constexpr std::size_t kNameBytesMax = 64;

char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Optimal string alignment distance, without case, '-' and '_' alike: insert, delete, replace, swap neighbours.
std::size_t Distance(std::string_view a, std::string_view b) {
  const auto at = [](std::string_view text, std::size_t i) { return text[i] == '-' ? '_' : Lower(text[i]); };
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = rows[i - 1][j - 1] + (at(a, i - 1) == at(b, j - 1) ? 0 : 1);
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && at(a, i - 1) == at(b, j - 2) && at(a, i - 2) == at(b, j - 1);
      if (swapped) rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

}  // namespace

std::string Place::ToString() const { return line > 0 ? fmt::format("{}:{}", source, line) : source; }

std::string ConfigProblem::ToString() const { return fmt::format("{}: {}", place.ToString(), message); }

void SortByPlace(ConfigProblems& problems) {
  std::vector<std::string> sources;
  std::map<std::pair<std::ptrdiff_t, int>, ConfigProblems> sorted;
  for (ConfigProblem& problem : problems) {
    auto source = std::ranges::find(sources, problem.place.source);
    if (source == sources.end()) source = sources.insert(source, problem.place.source);
    sorted[{source - sources.begin(), problem.place.line}].push_back(std::move(problem));
  }
  problems.clear();
  for (auto& [place, here] : sorted) std::ranges::move(here, std::back_inserter(problems));
}

std::string_view NearestName(std::string_view name, const std::vector<std::string_view>& known) {
  if (name.size() > kNameBytesMax) return {};
  std::string_view nearest;
  std::size_t best = name.size() / 3 + 2;
  for (const std::string_view candidate : known) {
    const std::size_t distance = Distance(name, candidate);
    if (distance < best && distance < candidate.size()) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string JoinNames(const std::vector<std::string_view>& names) { return fmt::format("{}", fmt::join(names, ", ")); }

}  // namespace hearth::server
