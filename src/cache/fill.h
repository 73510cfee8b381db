// RunFill: one transfer from the source into a block: to memory as it arrives; complete sub-blocks go on to disk.
//
// Runs on the fetch executor, in the cache's TaskScope; goes on when the reader that began it has left. The disk
// delays no byte: WriteBehind (write_behind.h) has it. Without a disk (full,
// broken, none) the bytes pass through memory in a window of kWindowSubs sub-blocks, as fast as the slowest
// reader, and the fill ends when no reader of its bytes is left.
// A transfer that breaks is taken up again where it broke, under the same version, a few times.
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "cache/active_block.h"
#include "telemetry/metrics.h"

namespace hearth::cache {

struct FillEnvironment {
  MemoryBudget& memory;
  TaskScope& scope;
  CancelToken stop;  // cancelled when the cache stops
  telemetry::Registry& metrics;
};

inline constexpr std::uint32_t kWindowSubs = 8;

// Ends with the fill marked done and its error, if any, set.
Task<void> RunFill(std::shared_ptr<ActiveBlock> block, std::shared_ptr<Fill> fill, FillEnvironment env);

// Whether another attempt may help: kUnavailable and kThrottled.
bool IsRetryable(const Error& error);

}  // namespace hearth::cache
