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

TEST(SpaceLedger, WhatOthersTakeOfTheDiskLowersTheLimit) {
  SpaceLedger ledger(100);
  EXPECT_TRUE(ledger.TryReserve(50));
  ledger.FitTo(1000, 5);
  EXPECT_EQ(ledger.limit(), 100u);
  ledger.FitTo(20, 5);
  EXPECT_EQ(ledger.limit(), 65u);
  EXPECT_FALSE(ledger.TryReserve(16));
  EXPECT_TRUE(ledger.TryReserve(15));
  ledger.FitTo(0, 5);
  EXPECT_EQ(ledger.limit(), 60u) << "something has to go";
  ledger.FitTo(1000, 5);
  EXPECT_EQ(ledger.limit(), 100u);
  EXPECT_EQ(ledger.budget(), 100u);
}

TEST(SpaceLedger, ALogTakesWhatItHasInWholeUnits) {
  auto ledger = std::make_shared<SpaceLedger>(1_MiB);
  LedgerShare share(ledger);
  share.Set(1);
  EXPECT_EQ(ledger->used(), 4_KiB);
  share.Set(5000, 1);
  EXPECT_EQ(ledger->used(), 12_KiB);
  share.Set(4096);
  EXPECT_EQ(ledger->used(), 4_KiB);
  LedgerShare of_nobody(nullptr);
  of_nobody.Set(1);
}

TEST(SpaceLedger, AHugeRequestDoesNotOverflow) {
  SpaceLedger ledger(100);
  EXPECT_TRUE(ledger.TryReserve(50));
  EXPECT_FALSE(ledger.TryReserve(~std::uint64_t{0}));
}

}  // namespace
}  // namespace hearth::cache
