// The table of everything that can be set: one row a field, in the order of the documentation.
//
// The one place that knows names, defaults, what is allowed and what it means. The file's parser
// (config_parse.cc), the flags (flags.cc) and docs/configuration.md (config_markdown.cc) walk it, so that
// none of them can forget a field. Constant; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "server/config.h"

namespace hearth::server {

// How a value is written.
enum class Kind : std::uint8_t {
  kText,
  kBool,
  kInteger,
  kNumber,
  kSize,
  kDuration,
  kShare,
  kAddress,      // ADDR:PORT to listen on
  kChoice,       // one of Field::choices
  kTextList,     // [a, b]; with choices: each one of them
  kRecords,      // [{...}, {...}], each by Field::record
  kSpace,        // a size or a share
  kCredentials,  // default | none | profile:NAME
};

struct ChoiceTarget {
  void* value;
  void (*set)(void* value, std::size_t choice);
};
struct RecordsTarget {
  void* list;
  void* (*append)(void* list);  // returns the new record
  void (*clear)(void* list);
};
using Target =
    std::variant<std::string*, bool*, std::uint64_t*, std::optional<std::uint64_t>*, double*, Duration*, Share*,
                 SpaceLimit*, origin::CredentialsChoice*, std::vector<std::string>*, ChoiceTarget, RecordsTarget>;

struct Field {
  std::string_view name;
  Kind kind = Kind::kText;
  std::string_view default_text;           // as the file would have it; "null": may be left unset; empty: must be given
  std::string_view allowed;                // what is allowed, in words; empty for choices
  std::string_view help;                   // one sentence, with the unit
  Target (*bind)(void* record) = nullptr;  // where the value goes, in the Config or in the record
  std::span<const std::string_view> choices{};
  std::span<const Field> record{};
  std::string_view record_short_form{};  // the field that a bare text in place of a record stands for
  std::string_view later{};              // set: the part that reads it is not built yet, and its name
};

struct Section {
  std::string_view name;  // "cache", "gate.tls"; empty for what stands at the top
  std::string_view help;
  std::span<const Field> fields;
  std::string_view later{};  // as Field::later, for the whole section
};

std::span<const Section> ConfigSchema();

// "cache.block_size".
std::string PathOf(const Section& section, const Field& field);

// The row of a path; null if there is none. Fields of records have no path of their own.
const Field* FindField(std::string_view path);

// What is allowed, in words: the choices, or the row's own text.
std::string AllowedText(const Field& field);

// Reads `text` as the field's kind and stores it. Not for lists.
// kInvalidArgument: what is wrong and what is allowed, without the field's name.
Status AssignScalar(const Field& field, void* record, std::string_view text);

// Adds one text to a kTextList.
Status AppendText(const Field& field, void* record, std::string_view text);

// Stores "not set". Only for fields whose default is null.
void AssignNull(const Field& field, void* record);

inline bool IsNullable(const Field& field) { return field.default_text == "null"; }
inline bool IsRequired(const Field& field) { return field.default_text.empty(); }

}  // namespace hearth::server
