#include "origin/token_bucket.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

TEST(TokenBucket, GivesItsBurstAndThenTheShare) {
  TokenBucket bucket(0.1, 5);
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += bucket.TryTake() ? 1 : 0;
  EXPECT_EQ(taken, 5);
  for (int i = 0; i < 1000; ++i) {
    bucket.Earn();
    taken += bucket.TryTake() ? 1 : 0;
  }
  EXPECT_GE(taken, 5 + 98);
  EXPECT_LE(taken, 5 + 100);
}

TEST(TokenBucket, DoesNotSaveMoreThanItsBurst) {
  TokenBucket bucket(1, 3);
  for (int i = 0; i < 100; ++i) bucket.Earn();
  int taken = 0;
  while (bucket.TryTake()) ++taken;
  EXPECT_EQ(taken, 3);
}

}  // namespace
}  // namespace hearth::origin
