#include "server/config_load.h"

#include <fmt/format.h>

#include <iterator>
#include <ranges>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "origin/origin_url.h"
#include "server/config_check.h"
#include "server/config_parse.h"
#include "server/config_schema.h"

namespace hearth::server {
namespace {

class Loader {
 public:
  Loader(const ServeFlags& flags, const Surroundings& surroundings)
      : flags_(flags), surroundings_(surroundings), config_(DefaultConfig(surroundings)), problems_(flags.problems) {}

  std::expected<LoadedConfig, ConfigProblems> Load() && {
    LoadFile();
    ApplyFlags();
    ChooseDiscovery();
    config_.objects.enabled = ObjectDoorIsWanted();
    FillOrigins();
    FillDefaults();
    CheckOutcome outcome =
        CheckConfig({.config = config_, .places = places_, .surroundings = surroundings_, .file = file_});
    std::ranges::move(outcome.problems, std::back_inserter(problems_));
    std::ranges::move(outcome.warnings, std::back_inserter(warnings_));
    SortByPlace(problems_);
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    return LoadedConfig{.config = std::move(config_), .warnings = std::move(warnings_)};
  }

 private:
  void LoadFile() {
    Place named_by{.source = "--config"};
    const std::string* path = flags_.Find("--config");
    const std::string from_environment(Variable(surroundings_.environment, "HEARTH_CONFIG"));
    if (path == nullptr && !from_environment.empty()) {
      path = &from_environment;
      named_by.source = "environment HEARTH_CONFIG";
    }
    if (path == nullptr) return;
    file_ = {.source = *path};
    const Result<std::string> text = ReadConfigFile(*path);
    if (!text) {
      problems_.push_back({named_by, fmt::format("{}: {}", *path, text.error().message())});
      return;
    }
    ParsedFile parsed = ParseConfigText(*text, *path, config_);
    places_ = std::move(parsed.places);
    std::ranges::move(parsed.problems, std::back_inserter(problems_));
  }

  void ApplyFlags() {
    if (flags_.Has("--origin")) Replace("origins", config_.origins);
    if (flags_.Has("--cache-dirs")) Replace("cache.dirs", config_.cache.dirs);
    for (const FlagValue& value : flags_.values) {
      const Place place{.source = std::string(value.flag->name)};
      if (value.flag->name == "--origin") {
        AddOrigin(value.text, place);
      } else if (value.flag->name == "--cache-dirs") {
        AddCacheDirs(value.text, place);
      } else if (value.flag->name == "--ready-file") {
        config_.ready_file = Absolute(value.text);
      } else if (!value.flag->path.empty()) {
        Assign(value, place);
      }
    }
  }

  // Empties a list that flags give anew, and forgets where the file had its entries.
  template <typename Record>
  void Replace(std::string_view path, std::vector<Record>& list) {
    list.clear();
    std::erase_if(places_, [&](const auto& place) {
      return std::string_view(place.first).starts_with(fmt::format("{}[", path));
    });
  }

  void Assign(const FlagValue& value, const Place& place) {
    const Field* const field = FindField(value.flag->path);
    HEARTH_CHECK(field != nullptr);
    places_[std::string(value.flag->path)] = place;
    const bool is_path = value.flag->path == "objects.storage" && !value.text.contains(':');
    const Status status = value.text.empty()
                              ? Fail(Code::kInvalidArgument, fmt::format("is empty; allowed: {}", AllowedText(*field)))
                              : AssignScalar(*field, &config_, is_path ? Absolute(value.text) : value.text);
    if (!status) problems_.push_back({place, status.error().message()});
  }

  // A shell's user means a path of a flag from where they stand; in the file every path is absolute.
  std::string Absolute(std::string_view path) const {
    return path.starts_with('/') ? std::string(path) : fmt::format("{}/{}", surroundings_.working_directory, path);
  }

  void AddOrigin(const std::string& url, const Place& place) {
    const std::string at = fmt::format("origins[{}]", config_.origins.size());
    Result<origin::OriginSpec> origin = origin::ParseOriginUrl(url);
    if (!origin) {
      problems_.push_back({place, std::move(origin).error().message()});
      return;
    }
    places_["origins"] = place;
    places_[at] = place;
    config_.origins.push_back(*std::move(origin));
  }

  void AddCacheDirs(std::string_view text, const Place& place) {
    places_["cache.dirs"] = place;
    for (const auto part : std::views::split(text, ',')) {
      const std::string_view path(part.begin(), part.end());
      if (path.empty()) {
        problems_.push_back({place, "names an empty directory; allowed: absolute paths, separated by commas"});
        continue;
      }
      places_[fmt::format("cache.dirs[{}]", config_.cache.dirs.size())] = place;
      config_.cache.dirs.push_back({.path = Absolute(path), .size = {}});
    }
  }

  // A label alone, outside of a pod, starts nothing: there is nobody to ask.
  void ChooseDiscovery() {
    const bool labelled = flags_.Has("--label");
    const bool started_for_pods =
        surroundings_.program == Program::kFrontCache && !places_.contains("cluster.discovery");
    if (surroundings_.in_pod() && (labelled || started_for_pods)) {
      config_.cluster.discovery = Discovery::kKubernetes;
      places_["cluster.discovery"] = labelled ? Place{.source = "--label"} : Place{.source = "frontcache inside a pod"};
    }
  }

  bool ObjectDoorIsWanted() const {
    const auto first = places_.lower_bound("objects");
    const bool configured =
        first != places_.end() && (first->first == "objects" || first->first.starts_with("objects."));
    return configured || surroundings_.program != Program::kFrontCache;
  }

  void FillOrigins() {
    if (config_.origins.empty()) {
      config_.origins = {{.type = origin::OriginType::kS3}, {.type = origin::OriginType::kGs}};
    }
    for (origin::OriginSpec& origin : config_.origins) {
      if (origin.name.empty()) origin.name = origin::OriginTypeName(origin.type);
      // The file says `endpoint` for every type; a flag's URL has told them apart already.
      if (origin.type != origin::OriginType::kFile || origin.endpoint.empty()) continue;
      origin.directory = std::exchange(origin.endpoint, {});
      if (origin.directory.starts_with("file:///")) origin.directory.erase(0, std::string_view("file://").size());
      while (origin.directory.size() > 1 && origin.directory.ends_with('/')) origin.directory.pop_back();
    }
  }

  void FillDefaults() {
    if (!config_.cache.memory) {
      config_.cache.memory = std::max(DefaultMemory(surroundings_.memory_limit), config_.cache.sub_block_size);
    }
    if (!config_.loops) config_.loops = surroundings_.cpus;
    if (config_.freshness.empty() || config_.freshness.back().match != "*") config_.freshness.push_back({.match = "*"});
  }

  const ServeFlags& flags_;
  const Surroundings& surroundings_;
  Config config_;
  Place file_{.source = "defaults"};
  Places places_;
  ConfigProblems problems_;
  ConfigProblems warnings_;
};

}  // namespace

std::expected<LoadedConfig, ConfigProblems> LoadConfig(const ServeFlags& flags, const Surroundings& surroundings) {
  return Loader(flags, surroundings).Load();
}

}  // namespace hearth::server
