// Buffer: a shared, growing run of bytes with one writer and many readers, and BufferSlice, a piece of it.
//
// The writer appends into Unwritten() and publishes with Commit(); what is published never changes, so
// readers look at it without a lock once they have learned its length (through the lock or Signal of
// whoever owns the transfer). The memory grant travels with the buffer and ends with its last slice.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/buffer_memory.h"
#include "base/check.h"
#include "base/memory_budget.h"

namespace hearth {

class Buffer {
 public:
  Buffer(std::size_t capacity, MemoryBudget::Grant grant)
      : bytes_(BufferMemory::Shared().Take(capacity)), capacity_(capacity), grant_(std::move(grant)) {}
  ~Buffer() { BufferMemory::Shared().Give(bytes_, capacity_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::size_t capacity() const { return capacity_; }
  const std::byte* data() const { return bytes_; }

  // Writer only.
  std::size_t size() const { return size_; }
  bool full() const { return size_ == capacity_; }
  std::span<std::byte> Unwritten() { return {bytes_ + size_, capacity_ - size_}; }
  void Commit(std::size_t bytes) {
    HEARTH_CHECK(bytes <= capacity_ - size_);
    size_ += bytes;
  }

 private:
  std::byte* const bytes_;
  const std::size_t capacity_;
  std::size_t size_ = 0;
  MemoryBudget::Grant grant_;
};

struct BufferSlice {
  std::shared_ptr<const Buffer> buffer;  // keeps `bytes` alive
  std::span<const std::byte> bytes;
};

}  // namespace hearth
