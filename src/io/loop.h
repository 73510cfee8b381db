// Loop: an event loop on a thread of its own: epoll, timers, and jobs from other threads (eventfd).
//
// Owned by the composition root. Start() spawns the thread; Stop() ends it after the job that runs, drops
// what is queued, and joins. Post, PostAfter and Cancel: any thread. Watch, Modify, Unwatch: the loop's own
// thread only. A handler is called on the loop's thread; it may unwatch and destroy itself. Nothing that
// runs on a loop may block (invariant 10). An idle loop uses no CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/executor.h"
#include "base/result.h"

namespace hearth::io {

class Loop : public Executor {
 public:
  class Handler {
   public:
    virtual void OnEvents(std::uint32_t epoll_events) = 0;

   protected:
    ~Handler() = default;
  };

  struct Options {
    std::string name = "loop";  // thread name, at most 15 bytes
    int cpu = -1;               // pin to this CPU; -1: not pinned
  };

  static Result<std::unique_ptr<Loop>> Create(Options options);

  virtual void Start() = 0;
  virtual void Stop() = 0;
  bool OnLoopThread() const { return Executor::Current() == this; }

  virtual Status Watch(int fd, std::uint32_t epoll_events, Handler* handler) = 0;
  virtual Status Modify(int fd, std::uint32_t epoll_events, Handler* handler) = 0;
  virtual void Unwatch(int fd) = 0;
};

}  // namespace hearth::io
