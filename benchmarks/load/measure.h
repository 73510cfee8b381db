// Measure: one measurement: so many connections ask as fast as they are answered, or at a given rate, from one thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "load/connection.h"
#include "load/histogram.h"
#include "load/plan.h"

namespace hearth::load {

struct RunOptions {
  Endpoint endpoint;
  std::uint32_t connections = 1;
  // The run ends with whichever comes first; at least one of the two is set.
  std::optional<std::chrono::nanoseconds> duration;
  std::optional<std::uint64_t> count;
  // Requests a second over all connections; 0: the next as soon as one is answered. With a rate latencies count from
  // the time at which a request was due, so that a server that stalls does not hide it by slowing its clients.
  double rate = 0;
  std::optional<int> status;  // of a right answer; unset: 206 for ranges, 200 for whole objects
  // Compare the bodies with the self-describing function of tests/support: of `content`, or, if that is empty, of the
  // path without its first slash.
  bool verify = false;
  std::string content;
  // If given: the run ends soon after it becomes true (a signal handler sets it), as if its time were over.
  const std::atomic<bool>* stop = nullptr;

  Status Validate() const;
};

struct Report {
  std::chrono::nanoseconds elapsed{};
  std::uint64_t requests = 0;                     // answered rightly
  std::uint64_t body_bytes = 0;                   // read, of unfinished answers too
  Histogram latency_ns;                           // to the last byte
  Histogram first_byte_ns;                        // to the first byte of the body
  std::map<std::string, std::uint64_t> failures;  // by FailureName
  std::string first_failure;
  std::map<std::string, std::uint64_t> x_cache;  // answers by the header of that name
};

// An error only if nothing could be measured; a wrong answer is counted, and the run ends early after a hundred.
Result<Report> Measure(const Workload& workload, const RunOptions& options);

}  // namespace hearth::load
