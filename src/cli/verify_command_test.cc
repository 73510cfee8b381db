#include "cli/verify_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cache/block_file.h"
#include "cache/layout.h"
#include "cli/cli_for_test.h"

namespace hearth::cli {
namespace {

using ::testing::HasSubstr;

// A cache directory with one block of one byte a page.
class VerifyCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::permissions(directory_.At(""), std::filesystem::perms::owner_all);
    const Result<std::unique_ptr<io::FileSystem>> files = io::OpenPosixFileSystem(directory_.At("."), {});
    ASSERT_TRUE(files.has_value()) << files.error().message();
    const cache::BlockInfo info{
        {OriginName("s3"), BucketName("b"), ObjectKey("k")}, {VersionKind::kETag, "\"e\""}, 1000, {0}};
    const Hash128 hash = HashBlock(info.object, info.version, info.index);
    ASSERT_TRUE((*files)->MakeDirectory(cache::kBlocksDirectory).has_value());
    ASSERT_TRUE((*files)->MakeDirectory(cache::BlockDirectory(hash)).has_value());
    path_ = cache::BlockPath(hash);
    const auto file = (*files)->Open(path_, {.write = true, .create = true});
    ASSERT_TRUE(file.has_value());
    auto block = std::make_shared<cache::BlockFile>(cache::BlockHeader::Empty(info, {}), *file,
                                                    std::make_shared<cache::SpaceLedger>(1 << 20));
    ASSERT_TRUE(block->Write(0, std::vector<std::byte>(1000, std::byte{7}), 1).has_value());
    ASSERT_TRUE(block->Record().has_value());
  }

  void FlipLastByte() {
    std::fstream file(directory_.At(path_), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(-1, std::ios::end);
    file.put('\x55');
  }

  const TestDirectory directory_;
  std::string path_;
  TestConsole test_;
};

TEST_F(VerifyCommand, ASoundDirectoryIsDone) {
  EXPECT_EQ(RunVerify({.directory = directory_.At("")}, test_.console), kDone) << test_.err.str() << test_.out.str();
  EXPECT_THAT(test_.out.str(), HasSubstr("1 blocks"));
  EXPECT_THAT(test_.out.str(), HasSubstr("nothing is wrong"));
}

TEST_F(VerifyCommand, AFlippedByteIsFoundAndNamed) {
  FlipLastByte();
  EXPECT_EQ(RunVerify({.directory = directory_.At(""), .json = true}, test_.console), kFailed);
  const auto json = nlohmann::json::parse(test_.out.str());
  EXPECT_EQ(json["pages_corrupt"], 1);
  EXPECT_EQ(json["clean"], false);
  EXPECT_EQ(json["problems"][0]["path"], path_);
}

TEST_F(VerifyCommand, WhatIsNoCacheDirectoryIsWrongUsage) {
  EXPECT_EQ(RunVerify({.directory = directory_.At("none")}, test_.console), kWrongUsage);
  EXPECT_NE(test_.err.str(), "");
}

}  // namespace
}  // namespace hearth::cli
