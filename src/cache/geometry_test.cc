#include "cache/geometry.h"

#include <gtest/gtest.h>

namespace hearth::cache {
namespace {

constexpr Geometry kGeometry{.block_size = 1_MiB, .sub_block_size = 256_KiB};

TEST(Geometry, AnObjectIsCutIntoAlignedBlocksAndTheLastIsShorter) {
  const std::uint64_t size = 2 * 1_MiB + 5;
  EXPECT_EQ(kGeometry.BlockCount(size), 3u);
  EXPECT_EQ(kGeometry.BlockRange({0}, size), (ByteRange{0, 1_MiB}));
  EXPECT_EQ(kGeometry.BlockRange({2}, size), (ByteRange{2 * 1_MiB, size}));
  EXPECT_EQ(kGeometry.BlockOf(1_MiB - 1), BlockIndex{0});
  EXPECT_EQ(kGeometry.BlockOf(1_MiB), BlockIndex{1});
}

TEST(Geometry, AnObjectThatEndsWithABlockHasNoEmptyBlock) {
  EXPECT_EQ(kGeometry.BlockCount(0), 0u);
  EXPECT_EQ(kGeometry.BlockCount(1), 1u);
  EXPECT_EQ(kGeometry.BlockCount(1_MiB), 1u);
  EXPECT_EQ(kGeometry.BlockRange({0}, 1_MiB).length(), 1_MiB);
}

TEST(Geometry, ABlockHasAsManySubBlocksAndPagesAsItsLengthNeeds) {
  EXPECT_EQ(kGeometry.SubCount(1_MiB), 4u);
  EXPECT_EQ(kGeometry.PageCount(1_MiB), 16u);
  EXPECT_EQ(kGeometry.SubCount(256_KiB + 1), 2u);
  EXPECT_EQ(kGeometry.PageCount(256_KiB + 1), 5u);
  EXPECT_EQ(kGeometry.SubCount(1), 1u);
}

TEST(Geometry, ARangeTouchesEverySubBlockThatHoldsAByteOfIt) {
  EXPECT_EQ(kGeometry.SubsOf({0, 1}), (SubRange{0, 1}));
  EXPECT_EQ(kGeometry.SubsOf({256_KiB - 1, 256_KiB}), (SubRange{0, 1}));
  EXPECT_EQ(kGeometry.SubsOf({256_KiB - 1, 256_KiB + 1}), (SubRange{0, 2}));
  EXPECT_EQ(kGeometry.SubsOf({0, 1_MiB}), (SubRange{0, 4}));
}

TEST(Geometry, TheLastSubBlockEndsWithTheBlock) {
  const std::uint64_t length = 256_KiB + 100;
  EXPECT_EQ(kGeometry.BytesOf({0, 1}, length), (ByteRange{0, 256_KiB}));
  EXPECT_EQ(kGeometry.BytesOf({1, 2}, length), (ByteRange{256_KiB, length}));
  EXPECT_EQ(kGeometry.BytesOf({0, 2}, length), (ByteRange{0, length}));
}

}  // namespace
}  // namespace hearth::cache
