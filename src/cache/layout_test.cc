#include "cache/layout.h"

#include <gtest/gtest.h>

namespace hearth::cache {
namespace {

constexpr Hash128 kHash{.high = 0xab0000000000cdefu, .low = 0x0123456789abcdefu};

TEST(Layout, ABlockLiesInTheDirectoryOfItsFirstTwoDigits) {
  EXPECT_EQ(BlockDirectory(kHash), "blocks/ab");
  EXPECT_EQ(BlockPath(kHash), "blocks/ab/ab0000000000cdef0123456789abcdef.blk");
}

TEST(Layout, AFileNameGivesItsHashBack) {
  const std::string path = BlockPath(kHash);
  EXPECT_EQ(HashOfFileName(path.substr(path.rfind('/') + 1)), kHash);
  EXPECT_EQ(HashOfFileName("00000000000000000000000000000000.blk"), Hash128{});
}

TEST(Layout, OtherNamesAreNotBlocks) {
  for (const std::string_view name :
       {"", ".blk", "ab0000000000cdef0123456789abcdef", "ab0000000000cdef0123456789abcdef.blk.tmp",
        "AB0000000000cdef0123456789abcdef.blk", "ab0000000000cdef0123456789abcdeg.blk",
        "-b0000000000cdef0123456789abcdef.blk", "ab0000000000cdef 123456789abcdef.blk",
        "ab0000000000cdef0123456789abcde.blk", "ab0000000000cdef0123456789abcdef.BLK"}) {
    EXPECT_EQ(HashOfFileName(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace hearth::cache
