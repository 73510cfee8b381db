// BufferMemory: where the bytes of buffers live: slots of equal size, cut from chunks of one huge page each.
//
// A buffer that comes from fresh 4 KiB pages costs a page fault for each of them, more than receiving its bytes. Slots
// are handed out again, the one that was given back last first, since it may still be in the processor's cache. A chunk
// without a used slot goes back to the system, but for a few that are kept for the next burst. How much is out in all
// is the memory budget's affair (memory_budget.h). Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/thread_annotations.h"

namespace hearth {

class BufferMemory {
 public:
  static constexpr std::size_t kChunkBytes = 2_MiB;
  static constexpr std::size_t kSlotMin = 32_KiB;
  static constexpr std::size_t kSlotMax = 1_MiB;
  static constexpr std::size_t kIdleChunksMax = 32;  // of each size of slot

  // The process's.
  static BufferMemory& Shared();

  BufferMemory() = default;
  ~BufferMemory();
  BufferMemory(const BufferMemory&) = delete;
  BufferMemory& operator=(const BufferMemory&) = delete;

  // At least `bytes`, not initialized. Less than half of kSlotMin and more than kSlotMax are the heap's.
  std::byte* Take(std::size_t bytes);
  // `bytes` as it was taken.
  void Give(std::byte* memory, std::size_t bytes);

  // Of the chunks, used or idle.
  std::size_t held_bytes() const;

 private:
  struct Chunk {
    std::uint32_t used = 0;
  };
  // One size of slot.
  struct Class {
    mutable Mutex mutex;
    std::vector<std::byte*> free GUARDED_BY(mutex);
    std::unordered_map<std::uintptr_t, Chunk> chunks GUARDED_BY(mutex);  // by address
    std::size_t idle GUARDED_BY(mutex) = 0;                              // chunks without a used slot
  };
  static constexpr std::size_t kClasses = 6;  // 32 KiB, 64 KiB, ... 1 MiB

  static bool IsPooled(std::size_t bytes);
  static std::size_t ClassOf(std::size_t bytes);
  static void AddChunk(Class& of, std::size_t slot_bytes) REQUIRES(of.mutex);
  static void DropChunk(Class& of, std::uintptr_t chunk) REQUIRES(of.mutex);

  Class classes_[kClasses];
};

}  // namespace hearth
