#include "load/measure.h"

#include <sys/epoll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"

namespace hearth::load {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 256_KiB;
constexpr std::uint64_t kFailuresMax = 100;
// Nothing is slower than this on one machine; a server that hangs is a failure of the run.
constexpr std::chrono::seconds kStalled{60};

class Runner {
 public:
  Runner(const Workload& workload, const RunOptions& options)
      : options_(options), plan_(workload), scratch_(kReadBytes) {}

  Result<Report> Run();

 private:
  struct Slot {
    std::optional<Connection> connection;
    Clock::time_point due;  // when the request under way was, or should have been, sent
    bool busy = false;
    bool first_byte_seen = false;
    std::uint64_t body_counted = 0;
  };

  Status Open(std::size_t index);
  Status OpenAll();
  bool MaySendMore() const { return !options_.count || sent_ < *options_.count; }
  void SendNext(std::size_t index, Clock::time_point due);
  void SendDue(Clock::time_point now);
  Clock::time_point NextDue() const;
  Status Wait(Clock::time_point deadline);
  void OnReadable(std::size_t index);
  void CountFailureAndReopen(std::size_t index);
  bool Finished(Clock::time_point deadline) const;

  const RunOptions& options_;
  Plan plan_;
  std::vector<std::byte> scratch_;
  io::UniqueFd epoll_;
  std::vector<Slot> slots_;
  std::vector<std::size_t> idle_;  // with a rate: who waits for work
  std::string head_;
  Clock::time_point started_;
  Clock::time_point last_progress_;
  std::uint64_t sent_ = 0;
  std::uint64_t failed_ = 0;
  std::size_t busy_ = 0;
  Report report_;
};

Status Runner::Open(std::size_t index) {
  auto connection = Connection::Open(options_.endpoint);
  if (!connection) return Fail(std::move(connection).error());
  epoll_event event{};
  // Edges: one registration serves the whole life of the connection.
  event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
  event.data.u64 = index;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection->fd(), &event) != 0) {
    return Fail(ErrorFromErrno(errno, "epoll_ctl"));
  }
  slots_[index].connection = std::move(*connection);
  return {};
}

Status Runner::OpenAll() {
  epoll_ = io::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return Fail(ErrorFromErrno(errno, "epoll_create1"));
  slots_.resize(options_.connections);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    HEARTH_TRY(Open(i));
    idle_.push_back(i);
  }
  return {};
}

void Runner::SendNext(std::size_t index, Clock::time_point due) {
  Slot& slot = slots_[index];
  const Request request = plan_.Next();
  const Workload& workload = plan_.workload();
  const bool ranged = workload.range_size != 0;
  const std::string path = workload.PathOf(request.object);
  head_.clear();
  fmt::format_to(std::back_inserter(head_), "GET {} HTTP/1.1\r\nHost: {}:{}\r\n", path, options_.endpoint.address,
                 options_.endpoint.port);
  if (ranged) {
    fmt::format_to(std::back_inserter(head_), "Range: bytes={}-{}\r\n", request.range.begin, request.range.end - 1);
  }
  head_ += "\r\n";
  Expected expected{.status = options_.status.value_or(ranged ? 206 : 200), .range = request.range};
  if (options_.verify) expected.content.emplace(options_.content.empty() ? path.substr(1) : options_.content, 1);
  ++sent_;
  ++busy_;
  slot.due = due;
  slot.busy = true;
  slot.first_byte_seen = false;
  slot.body_counted = 0;
  if (!slot.connection->Send(head_, std::move(expected))) CountFailureAndReopen(index);
}

Clock::time_point Runner::NextDue() const {
  const std::chrono::duration<double> after(static_cast<double>(sent_) / options_.rate);
  return started_ + std::chrono::duration_cast<Clock::duration>(after);
}

void Runner::SendDue(Clock::time_point now) {
  while (!idle_.empty() && MaySendMore()) {
    const Clock::time_point due = options_.rate > 0 ? NextDue() : now;
    if (due > now) return;
    const std::size_t index = idle_.back();
    idle_.pop_back();
    SendNext(index, due);
  }
}

void Runner::CountFailureAndReopen(std::size_t index) {
  Slot& slot = slots_[index];
  ++failed_;
  ++report_.failures[FailureName(slot.connection->failure())];
  if (report_.first_failure.empty()) report_.first_failure = slot.connection->failure_text();
  if (slot.busy) {
    slot.busy = false;
    --busy_;
    idle_.push_back(index);
  }
  if (!Open(index)) {
    ++report_.failures[FailureName(Failure::kConnect)];
    failed_ = kFailuresMax;  // a server that is gone does not come back
  }
}

void Runner::OnReadable(std::size_t index) {
  Slot& slot = slots_[index];
  const Connection::Progress progress = slot.connection->Read(scratch_);
  const Clock::time_point now = Clock::now();
  last_progress_ = now;
  const auto since = static_cast<std::uint64_t>((now - slot.due).count());
  const std::uint64_t body = slot.connection->body_read();
  report_.body_bytes += body - slot.body_counted;
  slot.body_counted = body;
  if (slot.busy && !slot.first_byte_seen && slot.connection->body_begun()) {
    slot.first_byte_seen = true;
    report_.first_byte_ns.Add(since);
  }
  if (progress == Connection::Progress::kMore) return;
  if (progress == Connection::Progress::kFailed) return CountFailureAndReopen(index);
  ++report_.requests;
  report_.latency_ns.Add(since);
  if (const std::string& cache = slot.connection->x_cache(); !cache.empty()) ++report_.x_cache[cache];
  --busy_;
  slot.busy = false;
  // Without a rate the answer is what makes the next request due: no detour over the list of idle connections.
  if (options_.rate > 0 || !MaySendMore()) {
    idle_.push_back(index);
  } else {
    SendNext(index, now);
  }
}

bool Runner::Finished(Clock::time_point deadline) const {
  if (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) return true;
  const Clock::time_point now = Clock::now();
  if (failed_ >= kFailuresMax || now >= deadline || now - last_progress_ >= kStalled) return true;
  return !MaySendMore() && busy_ == 0;
}

Status Runner::Wait(Clock::time_point deadline) {
  Clock::time_point until = std::min(deadline, last_progress_ + kStalled);
  if (options_.rate > 0 && !idle_.empty() && MaySendMore()) until = std::min(until, NextDue());
  const auto left = std::max(until - Clock::now(), Clock::duration::zero());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(left);
  const timespec timeout{.tv_sec = seconds.count(), .tv_nsec = (left - seconds).count()};
  std::array<epoll_event, 256> events;
  const int ready = ::epoll_pwait2(epoll_.get(), events.data(), events.size(), &timeout, nullptr);
  if (ready < 0 && errno != EINTR) return Fail(ErrorFromErrno(errno, "epoll_pwait2"));
  for (int i = 0; i < ready; ++i) OnReadable(events[static_cast<std::size_t>(i)].data.u64);
  return {};
}

Result<Report> Runner::Run() {
  ::prctl(PR_SET_TIMERSLACK, 1000UL);  // the default of 50 us is a latency of its own
  HEARTH_TRY(OpenAll());
  started_ = last_progress_ = Clock::now();
  const Clock::time_point deadline = options_.duration ? started_ + *options_.duration : Clock::time_point::max();
  while (!Finished(deadline)) {
    SendDue(Clock::now());
    HEARTH_TRY(Wait(deadline));
  }
  report_.elapsed = Clock::now() - started_;
  if (Clock::now() - last_progress_ >= kStalled) ++report_.failures["stalled"];
  return std::move(report_);
}

}  // namespace

Status RunOptions::Validate() const {
  if (connections == 0 || connections > 10'000) return Fail(Code::kInvalidArgument, "1 to 10000 connections");
  if (!duration && !count) return Fail(Code::kInvalidArgument, "neither a duration nor a count: it would never end");
  if (endpoint.port == 0) return Fail(Code::kInvalidArgument, "no port");
  if (rate < 0) return Fail(Code::kInvalidArgument, "a negative rate");
  return {};
}

Result<Report> Measure(const Workload& workload, const RunOptions& options) {
  HEARTH_TRY(workload.Validate());
  HEARTH_TRY(options.Validate());
  return std::make_unique<Runner>(workload, options)->Run();
}

}  // namespace hearth::load
