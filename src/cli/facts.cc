#include "cli/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace hearth::cli {
namespace {

// Keeps the order in which the node wrote the names.
using Json = nlohmann::ordered_json;

std::string Compact(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string ScalarText(const Json& value) {
  if (value.is_string()) return PrintableText(value.get_ref<const std::string&>());
  if (value.is_null()) return "-";
  if (value.is_array()) {
    std::string list;
    for (const Json& item : value) list += (list.empty() ? "" : ", ") + ScalarText(item);
    return list.empty() ? "-" : list;
  }
  return PrintableText(Compact(value));
}

bool IsTable(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::ranges::all_of(value, [](const Json& item) { return item.is_object(); });
}

void AppendTable(std::string& text, const Json& rows, std::size_t indent) {
  std::vector<std::string> columns;
  for (const Json& row : rows) {
    for (const auto& [name, value] : row.items()) {
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  std::vector<std::vector<std::string>> cells{{}};
  for (const std::string& column : columns) cells.front().push_back(PrintableText(column));
  for (const Json& row : rows) {
    std::vector<std::string>& line = cells.emplace_back();
    for (const std::string& column : columns) line.push_back(row.contains(column) ? ScalarText(row.at(column)) : "");
  }
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : cells) {
    std::string out(indent, ' ');
    for (std::size_t i = 0; i < line.size(); ++i) out += fmt::format("{:<{}}  ", line[i], widths[i]);
    out.erase(out.find_last_not_of(' ') + 1);
    text += out + "\n";
  }
}

void AppendObject(std::string& text, const Json& object, std::size_t indent) {
  std::size_t width = 0;
  for (const auto& [name, value] : object.items()) width = std::max(width, name.size());
  for (const auto& [name, value] : object.items()) {
    const std::string margin(indent, ' ');
    if (value.is_object() && !value.empty()) {
      text += fmt::format("{}{}\n", margin, PrintableText(name));
      AppendObject(text, value, indent + 2);
    } else if (IsTable(value)) {
      text += fmt::format("{}{}\n", margin, PrintableText(name));
      AppendTable(text, value, indent + 2);
    } else {
      text += fmt::format("{}{:<{}}  {}\n", margin, PrintableText(name), width, ScalarText(value));
    }
  }
}

}  // namespace

std::string PrintableText(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string FactsText(std::string_view json) {
  const Json value = Json::parse(json, nullptr, false);
  std::string text;
  if (value.is_object()) {
    AppendObject(text, value, 0);
  } else if (IsTable(value)) {
    AppendTable(text, value, 0);
  } else {
    text = json;
    if (!text.ends_with('\n')) text += '\n';
  }
  return text;
}

}  // namespace hearth::cli
