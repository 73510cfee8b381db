#include "cache/live_files.h"

#include <gtest/gtest.h>

#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

const Hash128 kHash = HashOf(TestBlock());

class LiveFilesTest : public testing::Test {
 protected:
  std::shared_ptr<BlockFile> Make() {
    auto file = files_->Open("file", {.write = true, .create = true});
    return std::make_shared<BlockFile>(BlockHeader::Empty(TestBlock(), kTestGeometry), *file,
                                       std::make_shared<SpaceLedger>(0));
  }
  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
  LiveFiles live_;
};

TEST_F(LiveFilesTest, AFileIsFoundAsLongAsItLives) {
  std::shared_ptr<BlockFile> file = Make();
  live_.Add(file);
  EXPECT_EQ(live_.Find(kHash), file);
  file.reset();
  EXPECT_FALSE(live_.Find(kHash));
}

TEST_F(LiveFilesTest, ForgettingADeadFileDoesNotForgetItsSuccessor) {
  std::shared_ptr<BlockFile> old = Make();
  live_.Add(old);
  const std::shared_ptr<BlockFile> successor = Make();
  live_.Add(successor);
  old.reset();
  live_.Forget(kHash);
  EXPECT_EQ(live_.Find(kHash), successor);
}

TEST_F(LiveFilesTest, ABlockHasOneClaimAtATime) {
  {
    const auto claim = live_.TryAcquire(kHash);
    ASSERT_TRUE(claim);
    EXPECT_FALSE(live_.TryAcquire(kHash));
    EXPECT_TRUE(live_.TryAcquire(HashOf(TestBlock(1))));
  }
  EXPECT_TRUE(live_.TryAcquire(kHash));
}

Task<void> HoldClaim(LiveFiles& live, int& holders, int& most) {
  const LiveFiles::Claim claim = co_await live.Acquire(kHash);
  most = std::max(most, ++holders);
  co_await SleepFor(std::chrono::milliseconds(1));
  --holders;
}

TEST_F(LiveFilesTest, WhoeverWaitsForAClaimGetsItInTheEnd) {
  TaskScope scope;
  int holders = 0;
  int most = 0;
  for (int i = 0; i < 20; ++i) scope.Start(world_.main(), HoldClaim(live_, holders, most));
  scope.Close();
  world_.Run(scope.Join());
  EXPECT_EQ(holders, 0);
  EXPECT_EQ(most, 1);
}

}  // namespace
}  // namespace hearth::cache
