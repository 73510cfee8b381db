#include "http/date.h"

#include <chrono>

namespace hearth::http {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;

constexpr std::array<std::string_view, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongWeekdays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                           "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void PutTwo(char* to, unsigned value) {
  to[0] = static_cast<char>('0' + value / 10 % 10);
  to[1] = static_cast<char>('0' + value % 10);
}

// Takes pieces off the front of a text; the first piece that does not fit makes it fail for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  void Literal(std::string_view literal) {
    if (!rest_.starts_with(literal)) return Fail();
    rest_.remove_prefix(literal.size());
  }
  template <std::size_t N>
  int OneOf(const std::array<std::string_view, N>& names) {
    for (std::size_t i = 0; i < N; ++i) {
      if (rest_.starts_with(names[i])) {
        rest_.remove_prefix(names[i].size());
        return static_cast<int>(i);
      }
    }
    Fail();
    return 0;
  }
  int Digits(std::size_t count) {
    if (rest_.size() < count) {
      Fail();
      return 0;
    }
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') Fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool StartsWith(char c) const { return rest_.starts_with(c); }
  bool complete() const { return !failed_ && rest_.empty(); }

 private:
  void Fail() { failed_ = true; }

  std::string_view rest_;
  bool failed_ = false;
};

struct Fields {
  int year = 0;
  int month = 0;  // 0 is January
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;

  void TakeTime(Scanner& scan) {
    hour = scan.Digits(2);
    scan.Literal(":");
    minute = scan.Digits(2);
    scan.Literal(":");
    second = scan.Digits(2);
  }

  std::optional<WallTime> ToTime() const {
    const std::chrono::year_month_day date{std::chrono::year(year),
                                           std::chrono::month(static_cast<unsigned>(month + 1)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    // 60 is a leap second.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return WallTime(sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
  }
};

std::optional<WallTime> ParseFixdate(std::string_view text) {
  Scanner scan(text);
  Fields fields;
  scan.OneOf(kWeekdays);
  scan.Literal(", ");
  fields.day = scan.Digits(2);
  scan.Literal(" ");
  fields.month = scan.OneOf(kMonths);
  scan.Literal(" ");
  fields.year = scan.Digits(4);
  scan.Literal(" ");
  fields.TakeTime(scan);
  scan.Literal(" GMT");
  return scan.complete() ? fields.ToTime() : std::nullopt;
}

std::optional<WallTime> ParseRfc850(std::string_view text) {
  Scanner scan(text);
  Fields fields;
  scan.OneOf(kLongWeekdays);
  scan.Literal(", ");
  fields.day = scan.Digits(2);
  scan.Literal("-");
  fields.month = scan.OneOf(kMonths);
  scan.Literal("-");
  const int year = scan.Digits(2);
  fields.year = year + (year < 70 ? 2000 : 1900);
  scan.Literal(" ");
  fields.TakeTime(scan);
  scan.Literal(" GMT");
  return scan.complete() ? fields.ToTime() : std::nullopt;
}

std::optional<WallTime> ParseAsctime(std::string_view text) {
  Scanner scan(text);
  Fields fields;
  scan.OneOf(kWeekdays);
  scan.Literal(" ");
  fields.month = scan.OneOf(kMonths);
  scan.Literal(" ");
  if (scan.StartsWith(' ')) {
    scan.Literal(" ");
    fields.day = scan.Digits(1);
  } else {
    fields.day = scan.Digits(2);
  }
  scan.Literal(" ");
  fields.TakeTime(scan);
  scan.Literal(" ");
  fields.year = scan.Digits(4);
  return scan.complete() ? fields.ToTime() : std::nullopt;
}

}  // namespace

std::array<char, kHttpDateSize> HttpDateBytes(WallTime time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{floor<std::chrono::seconds>(time - day)};
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));

  std::array<char, kHttpDateSize> text;
  static constexpr std::string_view kPattern = "Sun, 06 Nov 1994 08:49:37 GMT";
  kPattern.copy(text.data(), kHttpDateSize);
  kWeekdays[std::chrono::weekday(sys_days(day)).c_encoding()].copy(text.data(), 3);
  PutTwo(&text[5], static_cast<unsigned>(date.day()));
  kMonths[static_cast<unsigned>(date.month()) - 1].copy(&text[8], 3);
  PutTwo(&text[12], year / 100);
  PutTwo(&text[14], year % 100);
  PutTwo(&text[17], static_cast<unsigned>(clock.hours().count()));
  PutTwo(&text[20], static_cast<unsigned>(clock.minutes().count()));
  PutTwo(&text[23], static_cast<unsigned>(clock.seconds().count()));
  return text;
}

std::string FormatHttpDate(WallTime time) {
  const auto bytes = HttpDateBytes(time);
  return {bytes.data(), bytes.size()};
}

std::optional<WallTime> ParseHttpDate(std::string_view text) {
  if (text.size() < 4) return std::nullopt;
  if (text[3] == ',') return ParseFixdate(text);
  if (text[3] == ' ') return ParseAsctime(text);
  return ParseRfc850(text);
}

}  // namespace hearth::http
