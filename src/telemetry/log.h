// Logger: structured records to a file descriptor, one line each.
//
//   logger.Info("cache opened", {{"dir", path}, {"blocks", 12}});
//
// The caller formats and queues; a thread of the logger's own writes, one write(2) a line, so that an
// event loop never waits for a terminal or a full pipe. The queue is bounded in bytes: what does not fit is
// dropped and counted, and a record says so once there is room again.
//
// Owned by the composition root, made first and destroyed last; passed by reference. Any thread may call.
// Errors of the sink are counted as drops: nothing can be said about them anywhere else.
// Messages are constants of the code; what varies is a field. Never log a secret (invariant 12).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/executor.h"
#include "base/thread_annotations.h"
#include "telemetry/log_record.h"

namespace hearth::telemetry {

struct LogOptions {
  Level level = Level::kInfo;  // records below it are not formatted
  LogFormat format = LogFormat::kText;
  int fd = 2;                                    // borrowed, stderr by default; stays open as long as the logger lives
  std::size_t queue_bytes_max = 1 << 20;         // bytes of lines that wait for the writer
  Duration leave_max = std::chrono::seconds(2);  // how long the destructor waits for a sink that takes nothing
};

class Logger {
 public:
  explicit Logger(LogOptions options, const Clock& clock = SystemClock());
  // Writes what is queued, for at most `leave_max`.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  bool Enabled(Level level) const { return level >= options_.level; }
  void Log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) EXCLUDES(mutex_);

  void Debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    Log(Level::kDebug, message, fields);
  }
  void Info(std::string_view message, std::initializer_list<Field> fields = {}) { Log(Level::kInfo, message, fields); }
  void Warn(std::string_view message, std::initializer_list<Field> fields = {}) { Log(Level::kWarn, message, fields); }
  void Error(std::string_view message, std::initializer_list<Field> fields = {}) {
    Log(Level::kError, message, fields);
  }

  // Waits until everything that was logged before the call is written or dropped. Never on an event loop.
  void Flush() EXCLUDES(mutex_);

  // Records that were lost, to a full queue or to the sink, since the beginning.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void WriteQueued() EXCLUDES(mutex_);
  std::optional<std::string> TakeLine() EXCLUDES(mutex_);
  void LineIsDone(std::size_t bytes) EXCLUDES(mutex_);
  bool WriteLine(std::string_view line) EXCLUDES(mutex_);
  bool WaitWritable() EXCLUDES(mutex_);
  bool ShouldGiveUp() EXCLUDES(mutex_);

  const LogOptions options_;
  const Clock& clock_;
  std::atomic<std::uint64_t> dropped_ = 0;

  Mutex mutex_;
  std::condition_variable changed_;                   // any of what follows
  std::deque<std::string> queue_ GUARDED_BY(mutex_);  // lines not yet taken by the writer
  std::size_t queue_bytes_ GUARDED_BY(mutex_) = 0;    // of queue_ and of the line in the writer's hand
  std::uint64_t queued_ GUARDED_BY(mutex_) = 0;       // lines ever put into queue_
  std::uint64_t done_ GUARDED_BY(mutex_) = 0;         // of those, written or given up
  std::uint64_t overflowed_ GUARDED_BY(mutex_) = 0;   // dropped since the last record that said so
  std::optional<std::chrono::steady_clock::time_point> give_up_at_ GUARDED_BY(mutex_);  // set: leaving

  std::thread writer_;  // last: uses all of the above
};

// Keeps a storm of equal records down to one every `interval`. One per place that logs, owned by the component.
//
//   if (auto silenced = complaint_.Pass(clock.Now())) logger.Warn("read failed", {{"silenced", *silenced}});
//
// Any thread may call; exactly one of those that call at once passes.
class LogEvery {
 public:
  explicit LogEvery(Duration interval) : interval_(interval) {}

  // Nothing: be quiet. Else how many calls were silenced since the last that passed.
  std::optional<std::uint64_t> Pass(TimePoint now);

 private:
  const Duration interval_;
  std::atomic<Duration::rep> next_ns_ = std::numeric_limits<Duration::rep>::min();
  std::atomic<std::uint64_t> silenced_ = 0;
};

}  // namespace hearth::telemetry
