// TaskScope: the coroutines that a service has started and must wait for before it goes.
//
// Start refuses once Close was called; Join resumes when the last one has ended. Any thread may call.
// The scope outlives Join. Stopping a service is: Close(), cancel what it runs, co_await Join().
#pragma once

#include "base/signal.h"
#include "base/task.h"

namespace hearth {

class TaskScope {
 public:
  // Starts `task` as a job of `where`. False, and the task dropped unrun, after Close.
  bool Start(Executor& where, Task<void> task);
  // Starts `task` at once on the calling thread, up to its first suspension.
  bool StartHere(Task<void> task);

  void Close();
  Task<void> Join();

  std::size_t running() const;

 private:
  bool Enter();
  void Leave();
  static Task<void> Run(TaskScope& scope, Task<void> task);

  mutable Mutex mutex_;
  bool closed_ GUARDED_BY(mutex_) = false;
  std::size_t running_ GUARDED_BY(mutex_) = 0;
  Signal left_;
};

}  // namespace hearth
