#include "io/process.h"

#include <algorithm>
#include <climits>
#include <csignal>

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace hearth::io {
namespace {

sigset_t OurSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

constexpr std::size_t kDescriptorsAssumed = 1024;  // where the limit cannot be read

}  // namespace

void BlockSignals() {
  const sigset_t set = OurSignals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

ProcessSignal WaitForSignal() {
  const sigset_t set = OurSignals();
  int number = 0;
  while (sigwait(&set, &number) != 0) {
  }
  return number == SIGHUP ? ProcessSignal::kHangUp : ProcessSignal::kTerminate;
}

void RestoreTermination() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

std::size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return kDescriptorsAssumed;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised{limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

void KeepFreedMemory(std::size_t bytes) {
  constexpr int kLargestBuffer = 1 << 25;  // glibc's own upper limit for this threshold
  mallopt(M_MMAP_THRESHOLD, kLargestBuffer);
  mallopt(M_TRIM_THRESHOLD, static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)));
}

long ProcessId() { return getpid(); }

}  // namespace hearth::io
