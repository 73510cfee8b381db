#include "origin/file_lookup.h"

#include <gtest/gtest.h>

#include "support/sim_executor.h"
#include "support/sim_file_system.h"

namespace hearth::origin {
namespace {

class FileLookupTest : public testing::Test {
 protected:
  FileLookupTest() {
    EXPECT_TRUE(files_->MakeDirectory("b"));
    EXPECT_TRUE(files_->MakeDirectory("b/d"));
    EXPECT_TRUE(files_->Open("b/f", {.write = true, .create = true}));
  }
  std::string CodeOf(const Result<io::FileInfo>& found) {
    if (found) return "";
    return found.error().remote() == nullptr ? "(none)" : found.error().remote()->code;
  }

  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
};

TEST_F(FileLookupTest, ABucketIsADirectoryOfTheRoot) {
  EXPECT_EQ(CodeOf(LookAtBucket(*files_, BucketName("b"))), "");
  for (const char* name : {"c", "", "..", "b/d", "b/f"}) {
    EXPECT_EQ(CodeOf(LookAtBucket(*files_, BucketName(name))), "NoSuchBucket") << name;
  }
}

TEST_F(FileLookupTest, AnObjectIsARegularFile) {
  EXPECT_EQ(CodeOf(LookAtObject(*files_, BucketName("b"), ObjectKey("f"))), "");
  for (const char* key : {"d", "missing", "f/x", "", "../b/f"}) {
    EXPECT_EQ(CodeOf(LookAtObject(*files_, BucketName("b"), ObjectKey(key))), "NoSuchKey") << key;
  }
  EXPECT_EQ(CodeOf(LookAtObject(*files_, BucketName("c"), ObjectKey("f"))), "NoSuchBucket");
}

TEST_F(FileLookupTest, AFailingDiskIsNoAnswerAboutTheObject) {
  disk_.SetErrorRate(sim::DiskCall::kStat, 1);
  EXPECT_EQ(CodeOf(LookAtObject(*files_, BucketName("b"), ObjectKey("f"))), "(none)");
  EXPECT_EQ(LookAtBucket(*files_, BucketName("b")).error().code(), Code::kUnavailable);
  const Error denied = FromDisk(*files_, BucketName("b"), Error(Code::kPermissionDenied, "no"));
  EXPECT_EQ(denied.remote()->code, "AccessDenied");
}

}  // namespace
}  // namespace hearth::origin
