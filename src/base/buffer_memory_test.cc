#include "base/buffer_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

namespace hearth {
namespace {

TEST(BufferMemory, SlotsDoNotOverlapAndAreUsedAgain) {
  BufferMemory memory;
  for (const std::size_t bytes : {std::size_t{1}, 16_KiB, 33_KiB, 256_KiB, 300_KiB, 1_MiB, 3_MiB}) {
    std::vector<std::byte*> slots;
    for (int i = 0; i < 20; ++i) {
      slots.push_back(memory.Take(bytes));
      std::memset(slots.back(), i, bytes);
    }
    for (int i = 0; i < 20; ++i) {
      const std::byte* const slot = slots[static_cast<std::size_t>(i)];
      EXPECT_EQ(slot[0], std::byte(i)) << bytes;
      EXPECT_EQ(slot[bytes - 1], std::byte(i)) << bytes;
    }
    for (std::byte* slot : slots) memory.Give(slot, bytes);
  }
}

TEST(BufferMemory, KeepsAFewChunksForTheNextBurst) {
  BufferMemory memory;
  std::vector<std::byte*> slots;
  for (std::size_t i = 0; i < 4 * BufferMemory::kIdleChunksMax; ++i) slots.push_back(memory.Take(1_MiB));
  const std::size_t burst = memory.held_bytes();
  for (std::byte* slot : slots) memory.Give(slot, 1_MiB);
  const std::size_t kept = memory.held_bytes();
  EXPECT_LE(kept, BufferMemory::kIdleChunksMax * BufferMemory::kChunkBytes);
  if (burst == 0) GTEST_SKIP() << "under AddressSanitizer all memory is the heap's";
  EXPECT_EQ(burst, 4 * BufferMemory::kIdleChunksMax * 1_MiB);
  EXPECT_GT(kept, 0u);
  memory.Give(memory.Take(1_MiB), 1_MiB);
  EXPECT_EQ(memory.held_bytes(), kept);
}

TEST(BufferMemory, AnyThreadGivesBack) {
  BufferMemory memory;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&memory, i] {
      for (std::size_t n = 0; n < 2000; ++n) {
        const std::size_t bytes = 20_KiB + 50_KiB * (n % 5);
        std::byte* const slot = memory.Take(bytes);
        slot[n] = std::byte(i);
        std::this_thread::yield();
        EXPECT_EQ(slot[n], std::byte(i));
        memory.Give(slot, bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace hearth
