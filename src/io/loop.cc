#include "io/loop.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <limits>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/thread_annotations.h"
#include "io/timer_queue.h"
#include "io/unique_fd.h"

namespace hearth::io {
namespace {

// sched_setattr(2), which the C library does not declare: the first version of its structure.
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = SCHED_OTHER;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

// The kernel (Linux 6.12 on) lets a thread that asks for short turns go ahead of those with long ones when it wakes: a
// loop works in many small pieces, and each may be an answer that somebody waits for. Older kernels take no notice.
void AskForShortSlices() {
  SchedulingAttributes attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER) return;  // somebody has decided otherwise
  attributes.runtime_ns = 100'000;               // the shortest that is granted
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

class EpollLoop final : public Loop {
 public:
  EpollLoop(Options options, UniqueFd epoll, UniqueFd wake)
      : options_(std::move(options)), epoll_(std::move(epoll)), wake_(std::move(wake)) {}
  ~EpollLoop() override { Stop(); }

  void Start() override;
  void Stop() override;

  void Post(Job job) override;
  TimerId PostAfter(Duration delay, Job job) override;
  void Cancel(TimerId timer) override;
  const Clock& clock() const override { return SystemClock(); }

  Status Watch(int fd, std::uint32_t epoll_events, Handler* handler) override;
  Status Modify(int fd, std::uint32_t epoll_events, Handler* handler) override;
  void Unwatch(int fd) override;

 private:
  // A descriptor is reused as soon as it is closed, and one batch of events may still speak of its
  // former life: the generation in the event's data tells the two apart.
  struct Watched {
    Handler* handler = nullptr;
    std::uint32_t generation = 0;
  };
  static constexpr std::uint64_t kWakeData = std::numeric_limits<std::uint64_t>::max();
  static constexpr std::size_t kEventsMax = 256;

  void Run();
  int WaitMilliseconds();
  void Dispatch(const epoll_event& event);
  void RunTimers();
  void RunJobs();
  void Wake();
  void DropEverything();
  Status Control(int operation, int fd, std::uint32_t epoll_events);

  const Options options_;
  const UniqueFd epoll_;
  const UniqueFd wake_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  std::atomic<TimerId> next_timer_ = 1;

  // The loop's thread only.
  std::vector<Watched> watched_;  // by descriptor
  TimerQueue timers_;
  std::vector<Job> local_;    // posted by the loop itself: no lock, no wake
  std::vector<Job> running_;  // the batch that runs; kept for its capacity

  Mutex mutex_;
  std::vector<Job> incoming_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

void EpollLoop::Start() {
  HEARTH_CHECK(!thread_.joinable());
  thread_ = std::thread([this] {
    AskForShortSlices();
    Run();
  });
  pthread_setname_np(thread_.native_handle(), options_.name.substr(0, 15).c_str());
  if (options_.cpu >= 0) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<unsigned>(options_.cpu), &cpus);
    // Best effort: a container may not own that CPU, and an unpinned loop is only slower.
    pthread_setaffinity_np(thread_.native_handle(), sizeof cpus, &cpus);
  }
}

void EpollLoop::Stop() {
  HEARTH_CHECK(!OnLoopThread());
  stopping_.store(true, std::memory_order_release);
  Wake();
  if (thread_.joinable()) thread_.join();
  DropEverything();
}

// A dropped job may own what posts again when it is destroyed: until nothing is left.
void EpollLoop::DropEverything() {
  while (true) {
    std::vector<Job> dropped;
    {
      MutexLock lock(mutex_);
      closed_ = true;
      dropped.swap(incoming_);
    }
    std::vector<Job> timers = timers_.TakeAll();
    if (dropped.empty() && timers.empty() && local_.empty()) return;
    local_.clear();
  }
}

void EpollLoop::Run() {
  Scope scope(this);
  std::array<epoll_event, kEventsMax> events;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), WaitMilliseconds());
    HEARTH_CHECK(n >= 0 || errno == EINTR);
    for (int i = 0; i < n; ++i) Dispatch(events[static_cast<std::size_t>(i)]);
    RunTimers();
    RunJobs();
  }
}

int EpollLoop::WaitMilliseconds() {
  if (!local_.empty()) return 0;
  const auto due = timers_.NextDue();
  if (!due) return -1;
  const Duration left = *due - clock().Now();
  if (left <= Duration::zero()) return 0;
  // Rounded up: a timer that fires early would only go back to sleep.
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<std::int64_t>(ms, std::numeric_limits<int>::max()));
}

void EpollLoop::Dispatch(const epoll_event& event) {
  if (event.data.u64 == kWakeData) return;  // edge-triggered: the counter need not be read
  const auto fd = static_cast<std::uint32_t>(event.data.u64);
  const auto generation = static_cast<std::uint32_t>(event.data.u64 >> 32);
  const Watched& watched = watched_[fd];
  if (watched.handler == nullptr || watched.generation != generation) return;
  watched.handler->OnEvents(event.events);
}

void EpollLoop::RunTimers() {
  if (timers_.size() == 0) return;
  const TimePoint now = clock().Now();
  while (Job job = timers_.TakeDue(now)) {
    job();
    if (stopping_.load(std::memory_order_acquire)) return;
  }
}

// Runs what was posted until now; what these jobs post waits for the next turn, after the sockets.
void EpollLoop::RunJobs() {
  running_.swap(local_);
  {
    MutexLock lock(mutex_);
    if (running_.empty()) {
      running_.swap(incoming_);
    } else {
      for (Job& job : incoming_) running_.push_back(std::move(job));
      incoming_.clear();
    }
  }
  for (Job& job : running_) {
    std::exchange(job, {})();
    if (stopping_.load(std::memory_order_acquire)) break;
  }
  running_.clear();
}

void EpollLoop::Wake() {
  const std::uint64_t one = 1;
  // The counter cannot fill up in the life of a machine, so the write cannot fail.
  [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
}

void EpollLoop::Post(Job job) {
  if (OnLoopThread()) {
    local_.push_back(std::move(job));
    return;
  }
  bool wake = false;
  {
    MutexLock lock(mutex_);
    if (closed_) return;
    wake = incoming_.empty();
    incoming_.push_back(std::move(job));
  }
  if (wake) Wake();
}

Executor::TimerId EpollLoop::PostAfter(Duration delay, Job job) {
  const TimerId id = next_timer_.fetch_add(1, std::memory_order_relaxed);
  const TimePoint now = clock().Now();
  const TimePoint due = delay < TimePoint::max() - now ? now + delay : TimePoint::max();
  if (OnLoopThread()) {
    timers_.Add(id, due, std::move(job));
  } else {
    Post([this, id, due, moved = std::move(job)]() mutable { timers_.Add(id, due, std::move(moved)); });
  }
  return id;
}

void EpollLoop::Cancel(TimerId timer) {
  if (timer == 0) return;
  if (OnLoopThread()) {
    timers_.Cancel(timer);
  } else {
    // Behind the job that adds it, if that is still queued.
    Post([this, timer] { timers_.Cancel(timer); });
  }
}

Status EpollLoop::Control(int operation, int fd, std::uint32_t epoll_events) {
  const std::uint64_t generation = watched_[static_cast<std::size_t>(fd)].generation;
  epoll_event event{};
  event.events = epoll_events;
  event.data.u64 = (generation << 32) | static_cast<std::uint32_t>(fd);
  if (::epoll_ctl(epoll_.get(), operation, fd, &event) == 0) return {};
  return Fail(ErrorFromErrno(errno, "epoll_ctl"));
}

Status EpollLoop::Watch(int fd, std::uint32_t epoll_events, Handler* handler) {
  HEARTH_CHECK(OnLoopThread() && fd >= 0 && handler != nullptr);
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watched_.size()) watched_.resize(index + 1);
  HEARTH_CHECK(watched_[index].handler == nullptr);
  HEARTH_TRY(Control(EPOLL_CTL_ADD, fd, epoll_events));
  watched_[index].handler = handler;
  return {};
}

Status EpollLoop::Modify(int fd, std::uint32_t epoll_events, Handler* handler) {
  HEARTH_CHECK(OnLoopThread() && fd >= 0 && static_cast<std::size_t>(fd) < watched_.size());
  HEARTH_CHECK(watched_[static_cast<std::size_t>(fd)].handler != nullptr);
  HEARTH_TRY(Control(EPOLL_CTL_MOD, fd, epoll_events));
  watched_[static_cast<std::size_t>(fd)].handler = handler;
  return {};
}

// Fine for a descriptor that is not watched, or closed already.
void EpollLoop::Unwatch(int fd) {
  HEARTH_CHECK(OnLoopThread());
  if (fd < 0 || static_cast<std::size_t>(fd) >= watched_.size()) return;
  Watched& watched = watched_[static_cast<std::size_t>(fd)];
  if (watched.handler == nullptr) return;
  watched.handler = nullptr;
  ++watched.generation;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

}  // namespace

Result<std::unique_ptr<Loop>> Loop::Create(Options options) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Fail(ErrorFromErrno(errno, "epoll_create1"));
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return Fail(ErrorFromErrno(errno, "eventfd"));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = std::numeric_limits<std::uint64_t>::max();
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return Fail(ErrorFromErrno(errno, "epoll_ctl"));
  }
  return std::make_unique<EpollLoop>(std::move(options), std::move(epoll), std::move(wake));
}

}  // namespace hearth::io
