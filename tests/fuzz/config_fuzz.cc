// A configuration file: the input is its text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "server/config_check.h"
#include "server/config_parse.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  hearth::server::Config config;
  const hearth::server::ParsedFile file = hearth::server::ParseConfigText(text, "f", config);
  for (const auto& problem : file.problems) HEARTH_CHECK(problem.place.line >= 1 && !problem.message.empty());
  // A line is where the text has one.
  const auto lines = 2 + std::count(text.begin(), text.end(), '\n') + std::count(text.begin(), text.end(), '\r');
  for (const auto& [path, place] : file.places) HEARTH_CHECK(place.line >= 1 && place.line <= lines);
  const hearth::server::Surroundings surroundings;
  const auto outcome = hearth::server::CheckConfig(
      {.config = config, .places = file.places, .surroundings = surroundings, .file = {.source = "f"}});
  for (const auto& problem : outcome.problems) HEARTH_CHECK(!problem.message.empty());
  // What is read again is the same.
  hearth::server::Config again;
  hearth::server::ParseConfigText(text, "f", again);
  HEARTH_CHECK(again == config);
  return 0;
}
