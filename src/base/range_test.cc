#include "base/range.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

TEST(ByteRange, ContainsItsBeginAndNotItsEnd) {
  const ByteRange range{10, 20};
  EXPECT_EQ(range.length(), 10u);
  EXPECT_FALSE(range.Contains(9));
  EXPECT_TRUE(range.Contains(10));
  EXPECT_TRUE(range.Contains(19));
  EXPECT_FALSE(range.Contains(20));
}

TEST(ByteRange, CoversWhatLiesInside) {
  const ByteRange range{10, 20};
  EXPECT_TRUE(range.Covers({10, 20}));
  EXPECT_TRUE(range.Covers({12, 13}));
  EXPECT_FALSE(range.Covers({9, 20}));
  EXPECT_FALSE(range.Covers({10, 21}));
}

TEST(ByteRange, IntersectsInWhatIsCommon) {
  EXPECT_EQ((ByteRange{0, 15}.Intersect({10, 20})), (ByteRange{10, 15}));
  EXPECT_EQ((ByteRange{10, 20}.Intersect({0, 15})), (ByteRange{10, 15}));
  EXPECT_EQ((ByteRange{10, 20}.Intersect({12, 14})), (ByteRange{12, 14}));
}

TEST(ByteRange, ThatDoNotMeetIntersectInAnEmptyOne) {
  EXPECT_TRUE((ByteRange{0, 10}.Intersect({10, 20}).empty()));
  EXPECT_TRUE((ByteRange{30, 40}.Intersect({10, 20}).empty()));
  EXPECT_EQ((ByteRange{30, 40}.Intersect({10, 20}).length()), 0u);
}

TEST(SubRange, CountsItsMembers) {
  EXPECT_EQ((SubRange{3, 8}.count()), 5u);
  EXPECT_FALSE((SubRange{3, 8}.empty()));
  EXPECT_TRUE((SubRange{3, 3}.empty()));
}

}  // namespace
}  // namespace hearth
