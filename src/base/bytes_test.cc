#include "base/bytes.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(Bytes, UnitsArePowersOf1024) {
  EXPECT_EQ(3_KiB, 3072u);
  EXPECT_EQ(16_MiB, 16'777'216u);
  EXPECT_EQ(5_GiB, 5'368'709'120u);
}

TEST(Bytes, AligningDownAndUpMeetAtMultiples) {
  EXPECT_EQ(AlignDown(0, 4096), 0u);
  EXPECT_EQ(AlignDown(4095, 4096), 0u);
  EXPECT_EQ(AlignDown(4096, 4096), 4096u);
  EXPECT_EQ(AlignUp(0, 4096), 0u);
  EXPECT_EQ(AlignUp(1, 4096), 4096u);
  EXPECT_EQ(AlignUp(4096, 4096), 4096u);
  EXPECT_EQ(AlignUp(4097, 4096), 8192u);
}

TEST(Bytes, OffsetsOf64BitsAlign) {
  const std::uint64_t large = (std::uint64_t{1} << 63) + 5;
  EXPECT_EQ(AlignDown(large, 16_MiB), std::uint64_t{1} << 63);
  EXPECT_EQ(AlignUp(large, 16_MiB), (std::uint64_t{1} << 63) + 16_MiB);
}

TEST(Bytes, DividingUpCountsABeginning) {
  EXPECT_EQ(DivideUp(0, 10), 0u);
  EXPECT_EQ(DivideUp(1, 10), 1u);
  EXPECT_EQ(DivideUp(10, 10), 1u);
  EXPECT_EQ(DivideUp(11, 10), 2u);
}

}  // namespace
}  // namespace hearth
