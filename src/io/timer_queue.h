// TimerQueue: jobs by the time they are due. Jobs due at one instant run in the order of their ids.
//
// Not thread-safe: the loop keeps one on its thread, the pool one under its lock. Cancel is exact: a
// cancelled job never comes out. Its place in the heap is swept later, so cancelling is O(1); the heap
// never holds more than twice the live timers and a little.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/executor.h"

namespace hearth::io {

class TimerQueue {
 public:
  void Add(Executor::TimerId id, TimePoint due, Job job);
  // The job, so that its destructor runs outside of any lock; empty if it is not there.
  Job Cancel(Executor::TimerId id);

  // When the next job is due; nullopt if there is none.
  std::optional<TimePoint> NextDue();
  // The next job that is due at `now`; an empty Job if none is.
  Job TakeDue(TimePoint now);

  std::size_t size() const { return jobs_.size(); }
  // Everything that is left, to be dropped by the caller.
  std::vector<Job> TakeAll();

 private:
  struct Entry {
    TimePoint due;
    Executor::TimerId id;
    bool operator>(const Entry& other) const { return due != other.due ? due > other.due : id > other.id; }
  };
  void PopHeap();
  void SweepIfMostlyCancelled();

  std::vector<Entry> heap_;  // earliest at the front
  std::unordered_map<Executor::TimerId, Job> jobs_;
};

}  // namespace hearth::io
