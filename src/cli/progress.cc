#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hearth::cli {
namespace {

constexpr Duration kBetweenLines = std::chrono::milliseconds(100);
constexpr std::size_t kBarWidth = 30;
constexpr std::string_view kClearLine = "\r\033[K";

}  // namespace

std::string HumanSize(double bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string ProgressLine(std::uint64_t done, std::uint64_t total, Duration elapsed) {
  const double part = total == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<std::size_t>(part * kBarWidth);
  std::string bar(filled, '=');
  if (filled < kBarWidth) bar += '>';
  bar.resize(kBarWidth, ' ');
  const double seconds = std::max(1e-3, std::chrono::duration<double>(elapsed).count());
  return fmt::format("[{}] {:3.0f}%  {}  {}/s", bar, part * 100, HumanSize(static_cast<double>(done)),
                     HumanSize(static_cast<double>(done) / seconds));
}

Progress::Progress(std::ostream* out, const Clock& clock) : out_(out), clock_(clock), started_(clock.Now()) {}

Progress::~Progress() {
  if (shown_) *out_ << kClearLine << std::flush;
}

void Progress::Show(std::uint64_t done, std::uint64_t total) {
  if (out_ == nullptr) return;
  const TimePoint now = clock_.Now();
  if (shown_ && now - *shown_ < kBetweenLines && done < total) return;
  shown_ = now;
  *out_ << kClearLine << ProgressLine(done, total, now - started_) << std::flush;
}

}  // namespace hearth::cli
