#include "cache/open_files.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

class OpenFilesTest : public testing::Test {
 protected:
  std::shared_ptr<BlockFile> Make(const std::string& key) {
    auto file = files_->Open("file", {.write = true, .create = true});
    return std::make_shared<BlockFile>(BlockHeader::Empty(TestBlock(0, key), kTestGeometry), *file,
                                       std::make_shared<SpaceLedger>(0));
  }
  // Names whose blocks share a shard of the table.
  std::vector<std::string> Neighbours(std::size_t count) {
    std::vector<std::string> keys;
    for (int i = 0; keys.size() < count; ++i) {
      const std::string key = std::to_string(i);
      if (HashOf(TestBlock(0, key)).low >> 58 == 5) keys.push_back(key);
    }
    return keys;
  }
  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
};

TEST_F(OpenFilesTest, FindsWhatIsKeptOpen) {
  OpenFiles open(64);
  const auto file = open.Add(Make("a"));
  EXPECT_EQ(open.Find(file->hash()), file);
  EXPECT_FALSE(open.Find(HashOf(TestBlock(0, "b"))));
  EXPECT_EQ(open.size(), 1u);
}

TEST_F(OpenFilesTest, TheLeastRecentlyUsedGoesFirst) {
  OpenFiles open(128);  // two a shard
  const auto keys = Neighbours(3);
  const auto first = open.Add(Make(keys[0]));
  const auto second = open.Add(Make(keys[1]));
  open.Find(first->hash());
  const auto third = open.Add(Make(keys[2]));
  EXPECT_TRUE(open.Find(first->hash()));
  EXPECT_FALSE(open.Find(second->hash()));
  EXPECT_TRUE(open.Find(third->hash()));
}

TEST_F(OpenFilesTest, NeverHoldsMoreThanItsShare) {
  OpenFiles open(128);
  for (int i = 0; i < 1000; ++i) open.Add(Make(std::to_string(i)));
  EXPECT_LE(open.size(), 128u);
  EXPECT_GT(open.size(), 100u);
}

TEST_F(OpenFilesTest, AFileThatIsGoneIsNotKept) {
  OpenFiles open(64);
  const auto file = Make("a");
  file->MarkGone(0);
  EXPECT_EQ(open.Add(file), file);
  EXPECT_FALSE(open.Find(file->hash()));
}

TEST_F(OpenFilesTest, ANewFileTakesThePlaceOfOneThatIsGone) {
  OpenFiles open(64);
  const auto old = open.Add(Make("a"));
  old->MarkGone(0);
  const auto next = open.Add(Make("a"));
  EXPECT_NE(next, old);
  EXPECT_EQ(open.Find(next->hash()), next);
  EXPECT_EQ(open.size(), 1u);
}

TEST_F(OpenFilesTest, RemovesTheOneThatIsMeant) {
  OpenFiles open(64);
  const auto file = open.Add(Make("a"));
  const auto other = Make("a");
  EXPECT_FALSE(open.Remove(file->hash(), other.get()));
  EXPECT_EQ(open.Remove(file->hash(), file.get()), file);
  EXPECT_FALSE(open.Remove(file->hash(), nullptr));
  EXPECT_EQ(open.size(), 0u);
}

}  // namespace
}  // namespace hearth::cache
