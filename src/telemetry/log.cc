#include "telemetry/log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace hearth::telemetry {
namespace {

constexpr int kPollMs = 100;  // how often a writer that is stuck looks whether it should leave

// The program's signals are for its main thread; SIGPIPE of a closed sink would end the process.
void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

Logger::Logger(LogOptions options, const Clock& clock)
    : options_(options), clock_(clock), writer_([this] { WriteQueued(); }) {}

Logger::~Logger() {
  {
    MutexLock lock(mutex_);
    give_up_at_ = std::chrono::steady_clock::now() + options_.leave_max;
  }
  changed_.notify_all();
  writer_.join();
}

void Logger::Log(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!Enabled(level)) return;
  std::string line = FormatRecord(options_.format, {clock_.Wall(), level, message, {fields.begin(), fields.size()}});
  {
    MutexLock lock(mutex_);
    if (queue_bytes_ + line.size() > options_.queue_bytes_max) {
      ++overflowed_;
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    queue_bytes_ += line.size();
    queue_.push_back(std::move(line));
    ++queued_;
  }
  changed_.notify_all();
}

void Logger::Flush() {
  MutexLock lock(mutex_);
  const std::uint64_t target = queued_;
  std::unique_lock<std::mutex> native(mutex_.native(), std::adopt_lock);
  while (done_ < target) changed_.wait(native);
  native.release();
}

void Logger::WriteQueued() {
  pthread_setname_np(pthread_self(), "log");
  BlockSignals();
  while (const std::optional<std::string> line = TakeLine()) {
    if (!WriteLine(*line)) dropped_.fetch_add(1, std::memory_order_relaxed);
    LineIsDone(line->size());
  }
}

// Nothing when the logger is leaving and all is taken.
std::optional<std::string> Logger::TakeLine() {
  MutexLock lock(mutex_);
  std::unique_lock<std::mutex> native(mutex_.native(), std::adopt_lock);
  while (queue_.empty() && overflowed_ == 0 && !give_up_at_) changed_.wait(native);
  native.release();
  if (queue_.empty() && overflowed_ > 0) {
    const Field count("count", overflowed_);
    queue_.push_back(FormatRecord(options_.format, {clock_.Wall(), Level::kWarn, "log records dropped", {&count, 1}}));
    queue_bytes_ += queue_.back().size();
    ++queued_;
    overflowed_ = 0;
  }
  if (queue_.empty()) return std::nullopt;
  std::string line = std::move(queue_.front());
  queue_.pop_front();
  return line;
}

void Logger::LineIsDone(std::size_t bytes) {
  {
    MutexLock lock(mutex_);
    queue_bytes_ -= bytes;
    ++done_;
  }
  changed_.notify_all();
}

// A sink that takes half a line (a full disk, a pipe in non-blocking mode) gets the rest later.
bool Logger::WriteLine(std::string_view line) {
  while (!line.empty()) {
    if (!WaitWritable()) return false;
    const ssize_t n = write(options_.fd, line.data(), line.size());
    if (n >= 0) {
      line.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

bool Logger::WaitWritable() {
  while (true) {
    pollfd sink{options_.fd, POLLOUT, 0};
    if (poll(&sink, 1, kPollMs) > 0) return true;
    if (ShouldGiveUp()) return false;
  }
}

bool Logger::ShouldGiveUp() {
  MutexLock lock(mutex_);
  return give_up_at_ && std::chrono::steady_clock::now() >= *give_up_at_;
}

std::optional<std::uint64_t> LogEvery::Pass(TimePoint now) {
  const Duration::rep now_ns = now.time_since_epoch().count();
  Duration::rep next = next_ns_.load(std::memory_order_relaxed);
  if (now_ns < next || !next_ns_.compare_exchange_strong(next, now_ns + interval_.count(), std::memory_order_relaxed)) {
    silenced_.fetch_add(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  return silenced_.exchange(0, std::memory_order_relaxed);
}

}  // namespace hearth::telemetry
