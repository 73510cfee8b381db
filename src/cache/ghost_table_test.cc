#include "cache/ghost_table.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth::cache {
namespace {

Hash128 HashOf(std::uint64_t number) { return HashParts128({"ghost", std::to_string(number)}); }

TEST(GhostTable, AnEmptyOneHasNobody) {
  GhostTable ghosts;
  EXPECT_FALSE(ghosts.Take(HashOf(1), 1, 100));
  EXPECT_EQ(ghosts.memory_bytes(), 0u);
}

TEST(GhostTable, AGhostIsTakenOnce) {
  GhostTable ghosts;
  ghosts.Fit(10);
  ghosts.Add(HashOf(1), 1);
  EXPECT_FALSE(ghosts.Take(HashOf(2), 1, 100));
  EXPECT_TRUE(ghosts.Take(HashOf(1), 1, 100));
  EXPECT_FALSE(ghosts.Take(HashOf(1), 1, 100));
}

TEST(GhostTable, TooOldIsGone) {
  GhostTable ghosts;
  ghosts.Fit(10);
  ghosts.Add(HashOf(1), 5);
  ghosts.Add(HashOf(2), 5);
  EXPECT_TRUE(ghosts.Take(HashOf(1), 15, 10));
  EXPECT_FALSE(ghosts.Take(HashOf(2), 16, 10));
}

TEST(GhostTable, TheCountMayWrapAround) {
  GhostTable ghosts;
  ghosts.Fit(10);
  ghosts.Add(HashOf(1), 0xfffffffe);
  EXPECT_TRUE(ghosts.Take(HashOf(1), 3, 5));
}

TEST(GhostTable, AFullSetForgetsItsOldest) {
  GhostTable ghosts;
  ghosts.Fit(1000);
  for (std::uint32_t i = 0; i < 20'000; ++i) ghosts.Add(HashOf(i), i);
  std::uint32_t recent = 0;
  for (std::uint32_t i = 19'500; i < 20'000; ++i) recent += ghosts.Take(HashOf(i), 20'000, 1000) ? 1 : 0;
  EXPECT_GE(recent, 450u);
  std::uint32_t old = 0;
  for (std::uint32_t i = 0; i < 15'000; ++i) old += ghosts.Take(HashOf(i), 20'000, 20'000) ? 1 : 0;
  EXPECT_EQ(old, 0u);
}

TEST(GhostTable, GrowsWithoutForgetting) {
  GhostTable ghosts;
  ghosts.Fit(200);
  for (std::uint32_t i = 0; i < 50; ++i) ghosts.Add(HashOf(i), i);
  ghosts.Fit(5000);
  std::uint32_t found = 0;
  for (std::uint32_t i = 0; i < 50; ++i) found += ghosts.Take(HashOf(i), 50, 50) ? 1 : 0;
  EXPECT_GE(found, 49u);
  EXPECT_LE(ghosts.memory_bytes(), 5000u * 11);
}

}  // namespace
}  // namespace hearth::cache
