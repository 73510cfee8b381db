#include "base/buffer_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <new>

namespace hearth {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEARTH_HEAP_ONLY 1
#endif
#endif
#ifdef HEARTH_HEAP_ONLY
constexpr bool kHeapOnly = true;  // so that a use after the end is seen
#else
constexpr bool kHeapOnly = false;
#endif

// A chunk at a multiple of its size, so that one huge page can hold it.
std::byte* MapChunk() {
  constexpr std::size_t kSize = BufferMemory::kChunkBytes;
  void* mapped = mmap(nullptr, 2 * kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  const std::uintptr_t chunk = AlignUp(begin, kSize);
  if (chunk > begin) munmap(mapped, chunk - begin);
  auto* memory = reinterpret_cast<std::byte*>(chunk);
  munmap(memory + kSize, begin + kSize - chunk);
  madvise(memory, kSize, MADV_HUGEPAGE);  // a hint
  return memory;
}

}  // namespace

BufferMemory& BufferMemory::Shared() {
  static BufferMemory& shared = *new BufferMemory;  // never destroyed: buffers may outlive static objects
  return shared;
}

BufferMemory::~BufferMemory() {
  for (Class& each : classes_) {
    MutexLock lock(each.mutex);
    for (const auto& [address, chunk] : each.chunks) munmap(reinterpret_cast<void*>(address), kChunkBytes);
  }
}

bool BufferMemory::IsPooled(std::size_t bytes) { return !kHeapOnly && bytes >= kSlotMin / 2 && bytes <= kSlotMax; }

std::size_t BufferMemory::ClassOf(std::size_t bytes) {
  return static_cast<std::size_t>(std::countr_zero(std::bit_ceil(std::max(bytes, kSlotMin)) / kSlotMin));
}

void BufferMemory::AddChunk(Class& of, std::size_t slot_bytes) {
  std::byte* const memory = MapChunk();
  of.chunks.emplace(reinterpret_cast<std::uintptr_t>(memory), Chunk{});
  ++of.idle;
  for (std::size_t at = kChunkBytes; at > 0; at -= slot_bytes) of.free.push_back(memory + at - slot_bytes);
}

void BufferMemory::DropChunk(Class& of, std::uintptr_t chunk) {
  std::erase_if(of.free, [&](const std::byte* slot) {
    return AlignDown(reinterpret_cast<std::uintptr_t>(slot), kChunkBytes) == chunk;
  });
  of.chunks.erase(chunk);
  --of.idle;
  munmap(reinterpret_cast<void*>(chunk), kChunkBytes);
}

std::byte* BufferMemory::Take(std::size_t bytes) {
  if (!IsPooled(bytes)) return new std::byte[bytes];
  const std::size_t index = ClassOf(bytes);
  Class& of = classes_[index];
  MutexLock lock(of.mutex);
  if (of.free.empty()) AddChunk(of, kSlotMin << index);
  std::byte* const slot = of.free.back();
  of.free.pop_back();
  Chunk& chunk = of.chunks.at(AlignDown(reinterpret_cast<std::uintptr_t>(slot), kChunkBytes));
  if (chunk.used++ == 0) --of.idle;
  return slot;
}

void BufferMemory::Give(std::byte* memory, std::size_t bytes) {
  if (!IsPooled(bytes)) {
    delete[] memory;
    return;
  }
  Class& of = classes_[ClassOf(bytes)];
  MutexLock lock(of.mutex);
  of.free.push_back(memory);
  const std::uintptr_t address = AlignDown(reinterpret_cast<std::uintptr_t>(memory), kChunkBytes);
  if (--of.chunks.at(address).used > 0) return;
  if (++of.idle > kIdleChunksMax) DropChunk(of, address);
}

std::size_t BufferMemory::held_bytes() const {
  std::size_t bytes = 0;
  for (const Class& each : classes_) {
    MutexLock lock(each.mutex);
    bytes += each.chunks.size() * kChunkBytes;
  }
  return bytes;
}

}  // namespace hearth
