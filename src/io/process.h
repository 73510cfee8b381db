// What the process asks of the system: signals, descriptor limits.
//
// BlockSignals before the first thread is made, so that all of them inherit it; then WaitForSignal on the main thread.
#pragma once

#include <cstddef>

namespace hearth::io {

enum class ProcessSignal { kTerminate, kHangUp };

// From now on SIGTERM, SIGINT and SIGHUP come out of WaitForSignal, and SIGPIPE is ignored.
void BlockSignals();
// Waits for the next one. SIGTERM and SIGINT are kTerminate.
ProcessSignal WaitForSignal();
// After this the next SIGTERM or SIGINT ends the process at once.
void RestoreTermination();

// Raises the soft limit of descriptors to the hard one; returns it.
std::size_t RaiseDescriptorLimit();

// Lets the allocator keep up to `bytes` of freed memory, and take buffers of transfers from it: else each of them is
// mapped, faulted in page by page and unmapped again, which costs a seventh of a cold read.
void KeepFreedMemory(std::size_t bytes);

long ProcessId();

}  // namespace hearth::io
