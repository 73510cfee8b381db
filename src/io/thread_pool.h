// A pool of threads for what blocks: one per disk, for cold reads, checksums and writes.
//
// Jobs start in the order posted. The queue is not bounded here: callers hold memory grants
// (base/memory_budget.h), which bound it. Stop() runs what is queued, then joins.
#pragma once

#include <memory>
#include <string>

#include "base/executor.h"

namespace hearth::io {

class ThreadPool : public Executor {
 public:
  struct Options {
    std::string name = "disk";  // thread name, at most 15 bytes
    int threads = 4;
    int nice = 0;  // of its threads, above that of the process: they give way where processors are short
  };
  static std::unique_ptr<ThreadPool> Create(Options options);
  virtual void Stop() = 0;
};

}  // namespace hearth::io
