#include "telemetry/log_record.h"

#include <array>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "telemetry/utf8.h"

namespace hearth::telemetry {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 4> kLevelTextNames = {"DEBUG", "INFO", "WARN", "ERROR"};

// Characters that end a line, move the cursor or turn the direction of what a terminal shows.
bool IsUnsafe(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == '=') return false;
  }
  return !text.empty();
}

// Bytes that are not UTF-8 become \xNN in text; JSON has no such escape, so there the backslash is one itself.
void AppendEscaped(std::string& line, std::string_view text, LogFormat format) {
  while (!text.empty()) {
    const Utf8Character next = DecodeUtf8(text);
    if (!next.code_point) {
      line += format == LogFormat::kJson ? "\\\\x" : "\\x";
      fmt::format_to(std::back_inserter(line), "{:02x}", static_cast<unsigned char>(text.front()));
    } else if (*next.code_point == '"' || *next.code_point == '\\') {
      line += '\\';
      line += text.front();
    } else if (*next.code_point == '\n') {
      line += "\\n";
    } else if (IsUnsafe(*next.code_point)) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", *next.code_point);
    } else {
      line += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
}

void AppendQuoted(std::string& line, std::string_view text, LogFormat format) {
  line += '"';
  AppendEscaped(line, text, format);
  line += '"';
}

struct ValueWriter {
  std::string& line;
  LogFormat format;

  void operator()(std::string_view text) const {
    if (format == LogFormat::kText && IsPlain(text)) {
      line += text;
    } else {
      AppendQuoted(line, text, format);
    }
  }
  void operator()(bool value) const { line += value ? "true" : "false"; }
  void operator()(double value) const {
    if (format == LogFormat::kJson && !std::isfinite(value)) {  // JSON has no infinity and no NaN
      fmt::format_to(std::back_inserter(line), "\"{}\"", value);
    } else {
      fmt::format_to(std::back_inserter(line), "{}", value);
    }
  }
  void operator()(std::integral auto value) const { fmt::format_to(std::back_inserter(line), "{}", value); }
};

void AppendText(std::string& line, const LogRecord& record) {
  line += FormatTime(record.time);
  line += ' ';
  line += kLevelTextNames[static_cast<std::size_t>(record.level)];
  line += ' ';
  AppendEscaped(line, record.message, LogFormat::kText);
  for (const Field& field : record.fields) {
    line += ' ';
    AppendEscaped(line, field.key(), LogFormat::kText);
    line += '=';
    std::visit(ValueWriter{line, LogFormat::kText}, field.value());
  }
}

void AppendJson(std::string& line, const LogRecord& record) {
  fmt::format_to(std::back_inserter(line), R"({{"time":"{}","level":"{}","message":)", FormatTime(record.time),
                 LevelName(record.level));
  AppendQuoted(line, record.message, LogFormat::kJson);
  for (const Field& field : record.fields) {
    line += ',';
    AppendQuoted(line, field.key(), LogFormat::kJson);
    line += ':';
    std::visit(ValueWriter{line, LogFormat::kJson}, field.value());
  }
  line += '}';
}

}  // namespace

std::string_view LevelName(Level level) { return kLevelNames[static_cast<std::size_t>(level)]; }

std::optional<Level> ParseLevel(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<Level>(i);
  }
  return std::nullopt;
}

std::optional<LogFormat> ParseLogFormat(std::string_view name) {
  if (name == "text") return LogFormat::kText;
  if (name == "json") return LogFormat::kJson;
  return std::nullopt;
}

std::string FormatTime(WallTime time) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::milliseconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::string FormatRecord(LogFormat format, const LogRecord& record) {
  std::string line;
  line.reserve(256);
  if (format == LogFormat::kJson) {
    AppendJson(line, record);
  } else {
    AppendText(line, record);
  }
  line += '\n';
  return line;
}

}  // namespace hearth::telemetry
