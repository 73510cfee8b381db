// One log record, and how it becomes one line of text or JSON.
//
// Pure: no clock, no file. Whatever the values hold, a record is exactly one line: control characters,
// quotes, line separators, characters that turn the direction of text, and bytes that are not UTF-8 are escaped.
//   text  2026-11-05T09:03:07.120Z INFO cache opened dir=/var/lib/hearth/cache blocks=12
//   json  {"time":"2026-11-05T09:03:07.120Z","level":"info","message":"cache opened","dir":"...","blocks":12}
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/executor.h"

namespace hearth::telemetry {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

// "debug", "info", "warn", "error": as --log-level takes them and JSON shows them.
std::string_view LevelName(Level level);
std::optional<Level> ParseLevel(std::string_view name);
// "text", "json".
std::optional<LogFormat> ParseLogFormat(std::string_view name);

// A name and a value. Borrows both: it lives as an argument of a call and no longer.
// Keys are lower-case words of the code ("dir", "request_id"), never "time", "level" or "message".
class Field {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  Field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  Field(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, const std::string& value) : key_(key), value_(std::string_view(value)) {}
  Field(std::string_view key, std::same_as<bool> auto value) : key_(key), value_(value) {}
  Field(std::string_view key, double value) : key_(key), value_(value) {}
  template <std::signed_integral Integer>
  Field(std::string_view key, Integer value) : key_(key), value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral Integer>
    requires(!std::same_as<Integer, bool>)
  Field(std::string_view key, Integer value) : key_(key), value_(static_cast<std::uint64_t>(value)) {}

  std::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  std::string_view key_;
  Value value_;
};

struct LogRecord {
  WallTime time;
  Level level = Level::kInfo;
  std::string_view message;
  std::span<const Field> fields;
};

// The line, with its newline.
std::string FormatRecord(LogFormat format, const LogRecord& record);

// RFC 3339, UTC, milliseconds: 2026-11-05T09:03:07.120Z.
std::string FormatTime(WallTime time);

}  // namespace hearth::telemetry
