// Progress: one line on a terminal that says how far a transfer is.
//
// One thread. Silent where there is no terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "base/executor.h"

namespace hearth::cli {

// "[=========>          ]  47%  481.2 MiB  312.0 MiB/s", without an end of line. `total` 0 counts as done.
std::string ProgressLine(std::uint64_t done, std::uint64_t total, Duration elapsed);

// "481.2 MiB".
std::string HumanSize(double bytes);

class Progress {
 public:
  // Borrows both. `out` null: says nothing.
  Progress(std::ostream* out, const Clock& clock);
  ~Progress();  // clears the line

  void Show(std::uint64_t done, std::uint64_t total);

 private:
  std::ostream* const out_;
  const Clock& clock_;
  const TimePoint started_;
  std::optional<TimePoint> shown_;
};

}  // namespace hearth::cli
