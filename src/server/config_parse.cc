#include "server/config_parse.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

#include "server/config_schema.h"
#include "server/config_value.h"

namespace hearth::server {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

std::string Join(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

// Names that may stand directly below `path`, and what each of them is.
struct Level {
  std::vector<const Field*> fields;
  std::vector<const Section*> sections;

  std::vector<std::string_view> Names() const {
    std::vector<std::string_view> names;
    for (const Field* field : fields) names.push_back(field->name);
    for (const Section* section : sections) names.push_back(LastPart(section->name));
    return names;
  }
  static std::string_view LastPart(std::string_view path) { return path.substr(path.rfind('.') + 1); }
};

Level LevelOf(const Section& section) {
  Level level;
  for (const Field& field : section.fields) level.fields.push_back(&field);
  for (const Section& other : ConfigSchema()) {
    const std::size_t dot = other.name.rfind('.');
    const std::string_view parent = dot == std::string_view::npos ? std::string_view() : other.name.substr(0, dot);
    if (!other.name.empty() && parent == section.name) level.sections.push_back(&other);
  }
  return level;
}

Level LevelOf(std::span<const Field> record) {
  Level level;
  for (const Field& field : record) level.fields.push_back(&field);
  return level;
}

// The full path of a setting that has this very name elsewhere in the file; empty if there is none.
std::string SameNameElsewhere(std::string_view name) {
  for (const Section& section : ConfigSchema()) {
    for (const Field& field : section.fields) {
      if (field.name == name) return PathOf(section, field);
    }
    if (!section.name.empty() && Level::LastPart(section.name) == name) return std::string(section.name);
  }
  return {};
}

// Notes where documents begin, and nothing else.
class DocumentStarts final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { line = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  int line = 1;  // of the last one
};

// The line where a second document begins; 0 if there is none. yaml-cpp ends a document at a token that does not
// fit (a comma at its beginning) and takes the rest for the next one, without end: so never YAML::LoadAll.
int SecondDocument(const std::string& yaml) {
  std::istringstream stream(yaml);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return 0;
  return std::max(1, starts.line);
}

class Parser {
 public:
  Parser(std::string name, Config& config) : name_(std::move(name)), config_(config) {}

  void ParseDocument(const YAML::Node& root) {
    if (root.IsNull()) return;  // an empty file sets nothing
    if (!root.IsMap()) return Report(root, "", "the file must be a map of settings (`listen: 0.0.0.0:8080`)");
    ParseLevel(root, "", LevelOf(ConfigSchema().front()), &config_);
  }

  void ReportAt(int line, std::string message) {
    file_.problems.push_back({{.source = name_, .line = line}, std::move(message)});
  }

  ParsedFile Take() && {
    SortByPlace(file_.problems);
    return std::move(file_);
  }

 private:
  static int LineOf(const YAML::Node& node) { return std::max(0, node.Mark().line) + 1; }

  void Report(const YAML::Node& node, std::string_view path, std::string_view message) {
    ReportAt(LineOf(node), path.empty() ? std::string(message) : fmt::format("{}: {}", path, message));
  }

  // Remembers where `path` was set. False, and a problem, if it was set before.
  bool Note(const YAML::Node& key, const std::string& path) {
    const auto [place, is_new] = file_.places.emplace(path, Place{.source = name_, .line = LineOf(key)});
    if (!is_new) Report(key, path, fmt::format("was set in line {} already", place->second.line));
    return is_new;
  }

  void ParseLevel(const YAML::Node& map, const std::string& path, const Level& level, void* record) {
    for (const auto& entry : map) {
      const YAML::Node& key = entry.first;
      if (!key.IsScalar()) {
        Report(key, path, "a name must be a plain text");
        continue;
      }
      ParseEntry(key, entry.second, path, level, record);
    }
  }

  void ParseEntry(const YAML::Node& key, const YAML::Node& value, const std::string& path, const Level& level,
                  void* record) {
    const std::string& name = key.Scalar();
    const auto field = std::ranges::find(level.fields, name, [](const Field* known) { return known->name; });
    if (field != level.fields.end()) {
      const std::string full = Join(path, name);
      if (Note(key, full)) ParseField(value, full, **field, record);
      return;
    }
    const auto section =
        std::ranges::find(level.sections, name, [](const Section* known) { return Level::LastPart(known->name); });
    if (section == level.sections.end()) return ReportUnknown(key, path, level);
    const std::string full((*section)->name);
    if (!Note(key, full) || value.IsNull()) return;
    if (!value.IsMap()) return Report(value, full, "must be a map of settings");
    ParseLevel(value, full, LevelOf(**section), &config_);
  }

  void ReportUnknown(const YAML::Node& key, const std::string& path, const Level& level) {
    const std::string& name = key.Scalar();
    const std::vector<std::string_view> names = level.Names();
    std::string hint;
    const std::string_view nearest = NearestName(name, names);
    if (const std::string elsewhere = SameNameElsewhere(name); nearest.empty() && !elsewhere.empty()) {
      hint = fmt::format(", did you mean {}?", elsewhere);
    } else if (!nearest.empty()) {
      hint = fmt::format(", did you mean {}?", Join(path, nearest));
    }
    Report(key, "",
           fmt::format("unknown setting {}{} (known here: {})", Quote(Join(path, name)), hint, JoinNames(names)));
  }

  void ParseField(const YAML::Node& value, const std::string& path, const Field& field, void* record) {
    if (value.IsNull()) {
      if (IsNullable(field)) return AssignNull(field, record);
      return Report(value, path, fmt::format("needs a value; allowed: {}", AllowedText(field)));
    }
    if (field.kind == Kind::kRecords) return ParseRecords(value, path, field, record);
    if (field.kind == Kind::kTextList) return ParseTexts(value, path, field, record);
    if (!value.IsScalar())
      return Report(value, path, fmt::format("must be one value; allowed: {}", AllowedText(field)));
    const std::string& text = value.Scalar();
    const Status status = text.empty()
                              ? Fail(Code::kInvalidArgument, fmt::format("is empty; allowed: {}", AllowedText(field)))
                              : AssignScalar(field, record, text);
    if (!status) Report(value, path, status.error().message());
  }

  void ParseTexts(const YAML::Node& value, const std::string& path, const Field& field, void* record) {
    if (!value.IsSequence()) return Report(value, path, fmt::format("must be a list: [{}]", AllowedText(field)));
    std::get<std::vector<std::string>*>(field.bind(record))->clear();
    for (const YAML::Node& item : value) {
      if (!item.IsScalar()) {
        Report(item, path, fmt::format("must hold plain texts; allowed: {}", AllowedText(field)));
      } else if (const Status status = AppendText(field, record, item.Scalar()); !status) {
        Report(item, path, status.error().message());
      }
    }
  }

  void ParseRecords(const YAML::Node& value, const std::string& path, const Field& field, void* record) {
    if (!value.IsSequence()) return Report(value, path, fmt::format("must be {}", field.allowed));
    const RecordsTarget target = std::get<RecordsTarget>(field.bind(record));
    target.clear(target.list);
    std::size_t index = 0;
    for (const YAML::Node& item : value) {
      const std::string item_path = fmt::format("{}[{}]", path, index++);
      ParseRecord(item, item_path, field, target.append(target.list));
    }
  }

  void ParseRecord(const YAML::Node& item, const std::string& path, const Field& field, void* record) {
    const Level level = LevelOf(field.record);
    file_.places.emplace(path, Place{.source = name_, .line = LineOf(item)});
    if (item.IsScalar() && !field.record_short_form.empty()) {
      const auto stands_for = std::ranges::find(field.record, field.record_short_form, &Field::name);
      return ParseField(item, Join(path, stands_for->name), *stands_for, record);
    }
    if (!item.IsMap()) {
      return Report(item, path, fmt::format("must be a map with {}", JoinNames(level.Names())));
    }
    ParseLevel(item, path, level, record);
    for (const Field& needed : field.record) {
      if (IsRequired(needed) && !file_.places.contains(Join(path, needed.name))) {
        Report(item, path, fmt::format("needs `{}`: {}", needed.name, AllowedText(needed)));
      }
    }
  }

  const std::string name_;
  Config& config_;
  ParsedFile file_;
};

}  // namespace

ParsedFile ParseConfigText(std::string_view yaml, const std::string& name, Config& config) {
  Parser parser(name, config);
  try {
    const std::string text(yaml);
    const YAML::Node root = YAML::Load(text);
    if (const int line = SecondDocument(text); line > 0) {
      parser.ReportAt(line,
                      "a second document, or text that does not fit to what stands before it; one document is allowed");
    }
    parser.ParseDocument(root);
  } catch (const YAML::Exception& exception) {
    parser.ReportAt(std::max(0, exception.mark.line) + 1, fmt::format("is not YAML: {}", exception.msg));
  }
  return std::move(parser).Take();
}

Result<std::string> ReadConfigFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(ErrorFromErrno(errno, "cannot read the configuration file"));
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.gcount() == 0 && !file.eof()))
    return Fail(Code::kInvalidArgument, "cannot be read; is it a directory?");
  if (static_cast<std::size_t>(file.gcount()) > kFileBytesMax)
    return Fail(Code::kInvalidArgument, "is larger than 1 MiB");
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

}  // namespace hearth::server
