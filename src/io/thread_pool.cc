#include "io/thread_pool.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/thread_annotations.h"
#include "io/timer_queue.h"

namespace hearth::io {
namespace {

// On Linux a priority is a thread's own. One that cannot be lowered is no reason to do without the thread.
void BeNice(int nice) {
  const auto thread = static_cast<id_t>(gettid());
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, thread);
  if (errno == 0) (void)setpriority(PRIO_PROCESS, thread, now + nice);
}

class Pool final : public ThreadPool {
 public:
  explicit Pool(const Options& options) {
    HEARTH_CHECK(options.threads > 0);
    threads_.reserve(static_cast<std::size_t>(options.threads));
    for (int i = 0; i < options.threads; ++i) {
      threads_.emplace_back([this, nice = options.nice] {
        if (nice != 0) BeNice(nice);
        Work();
      });
      pthread_setname_np(threads_.back().native_handle(), options.name.substr(0, 15).c_str());
    }
  }
  ~Pool() override { Stop(); }

  void Post(Job job) override {
    {
      MutexLock lock(mutex_);
      if (stopping_) return;
      queue_.push_back(std::move(job));
    }
    changed_.notify_one();
  }

  TimerId PostAfter(Duration delay, Job job) override {
    const TimePoint now = clock().Now();
    const TimePoint due = delay < TimePoint::max() - now ? now + delay : TimePoint::max();
    TimerId id = 0;
    {
      MutexLock lock(mutex_);
      if (stopping_) return 0;
      id = next_timer_++;
      timers_.Add(id, due, std::move(job));
    }
    // Any of the sleepers may be the one whose sleep is too long now.
    changed_.notify_one();
    return id;
  }

  void Cancel(TimerId timer) override {
    Job dropped;  // destroyed after the lock is gone
    MutexLock lock(mutex_);
    dropped = timers_.Cancel(timer);
  }

  const Clock& clock() const override { return SystemClock(); }

  void Stop() override {
    HEARTH_CHECK(Executor::Current() != this);
    std::vector<Job> dropped;
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      dropped = timers_.TakeAll();
    }
    changed_.notify_all();
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void Work() {
    Scope scope(this);
    while (Job job = NextJob()) job();
  }

  // Waits for a job; an empty one means that the pool has stopped and the queue is empty.
  Job NextJob() {
    MutexLock lock(mutex_);
    while (true) {
      // A due timer goes before the queue: it has waited for its time, and timers are few.
      if (Job due = timers_.TakeDue(clock().Now())) return due;
      if (!queue_.empty()) {
        Job job = std::move(queue_.front());
        queue_.pop_front();
        return job;
      }
      if (stopping_) return {};
      Sleep(timers_.NextDue());
    }
  }

  void Sleep(std::optional<TimePoint> until) REQUIRES(mutex_) {
    std::unique_lock<std::mutex> lock(mutex_.native(), std::adopt_lock);
    if (until && *until != TimePoint::max()) {
      changed_.wait_until(lock, *until);
    } else {
      changed_.wait(lock);
    }
    lock.release();
  }

  std::vector<std::thread> threads_;  // constant after construction
  std::condition_variable changed_;

  Mutex mutex_;
  std::deque<Job> queue_ GUARDED_BY(mutex_);
  TimerQueue timers_ GUARDED_BY(mutex_);
  TimerId next_timer_ GUARDED_BY(mutex_) = 1;
  bool stopping_ GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<ThreadPool> ThreadPool::Create(Options options) { return std::make_unique<Pool>(options); }

}  // namespace hearth::io
