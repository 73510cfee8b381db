#include "base/buffer.h"

#include <cstring>
#include <memory>

#include <gtest/gtest.h>

namespace hearth {
namespace {

void Append(Buffer& buffer, std::string_view text) {
  std::memcpy(buffer.Unwritten().data(), text.data(), text.size());
  buffer.Commit(text.size());
}

TEST(Buffer, GrowsByWhatIsCommitted) {
  Buffer buffer(8, {});
  EXPECT_EQ(buffer.capacity(), 8u);
  EXPECT_EQ(buffer.Unwritten().size(), 8u);
  Append(buffer, "abc");
  EXPECT_EQ(buffer.size(), 3u);
  EXPECT_EQ(buffer.Unwritten().size(), 5u);
  EXPECT_FALSE(buffer.full());
  Append(buffer, "defgh");
  EXPECT_TRUE(buffer.full());
  EXPECT_TRUE(buffer.Unwritten().empty());
  EXPECT_EQ(std::memcmp(buffer.data(), "abcdefgh", 8), 0);
}

TEST(Buffer, WhatIsPublishedDoesNotMove) {
  Buffer buffer(8, {});
  Append(buffer, "abc");
  const std::byte* published = buffer.data();
  Append(buffer, "defgh");
  EXPECT_EQ(buffer.data(), published);
}

TEST(Buffer, ItsGrantEndsWithTheLastSlice) {
  MemoryBudget budget(100);
  auto buffer = std::make_shared<Buffer>(60, budget.TryAcquire(60));
  Append(*buffer, "abc");
  BufferSlice slice{buffer, {buffer->data(), 3}};
  buffer.reset();
  EXPECT_EQ(budget.used(), 60u);
  EXPECT_EQ(std::memcmp(slice.bytes.data(), "abc", 3), 0);
  slice = {};
  EXPECT_EQ(budget.used(), 0u);
}

TEST(BufferDeathTest, CommittingMoreThanFitsIsABug) {
  Buffer buffer(8, {});
  Append(buffer, "abc");
  EXPECT_DEATH(buffer.Commit(6), "check failed");
}

}  // namespace
}  // namespace hearth
