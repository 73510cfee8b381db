#include "cache/space_ledger.h"

#include <gtest/gtest.h>

namespace hearth::cache {
namespace {

TEST(SpaceLedger, ReservesUpToTheBudgetAndNotAByteMore) {
  SpaceLedger ledger(100);
  EXPECT_TRUE(ledger.TryReserve(60));
  EXPECT_FALSE(ledger.TryReserve(41));
  EXPECT_TRUE(ledger.TryReserve(40));
  EXPECT_EQ(ledger.used(), 100u);
  ledger.Release(60);
  EXPECT_TRUE(ledger.TryReserve(1));
}

TEST(SpaceLedger, WhatExistsAlreadyMayExceedTheBudgetAndThenNothingFits) {
  SpaceLedger ledger(100);
  ledger.Charge(150);
  EXPECT_FALSE(ledger.TryReserve(0) && ledger.TryReserve(1));
  ledger.Release(60);
  EXPECT_TRUE(ledger.TryReserve(10));
  EXPECT_FALSE(ledger.TryReserve(1));
}

TEST(SpaceLedger, AHugeRequestDoesNotOverflow) {
  SpaceLedger ledger(100);
  EXPECT_TRUE(ledger.TryReserve(50));
  EXPECT_FALSE(ledger.TryReserve(~std::uint64_t{0}));
}

}  // namespace
}  // namespace hearth::cache
