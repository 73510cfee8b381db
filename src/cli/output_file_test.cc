#include "cli/output_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "cli/cli_for_test.h"

namespace hearth::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(OutputFile, AppearsWholeWithItsCommit) {
  const TestDirectory directory;
  auto file = OutputFile::Create(directory.At("f"));
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_TRUE(file->Write(Bytes("abc")));
  EXPECT_FALSE(std::filesystem::exists(directory.At("f")));
  ASSERT_TRUE(file->Write(Bytes("def")));
  ASSERT_TRUE(file->Commit());
  EXPECT_EQ(directory.Read("f"), "abcdef");
  EXPECT_THAT(directory.Names(), ElementsAre("f"));
}

TEST(OutputFile, DroppedBeforeItsCommitLeavesWhatWasThere) {
  const TestDirectory directory;
  directory.Write("f", "before");
  {
    auto file = OutputFile::Create(directory.At("f"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Write(Bytes("half")));
  }
  EXPECT_EQ(directory.Read("f"), "before");
  EXPECT_THAT(directory.Names(), ElementsAre("f"));
  {
    ASSERT_TRUE(OutputFile::Create(directory.At("g")));
  }
  EXPECT_THAT(directory.Names(), ElementsAre("f"));
}

TEST(OutputFile, KeepsTheModeAndTheLinkOfWhatItReplaces) {
  const TestDirectory directory;
  directory.Write("real", "before");
  std::filesystem::permissions(directory.At("real"), std::filesystem::perms(0640));
  std::filesystem::create_symlink("real", directory.At("link"));
  auto file = OutputFile::Create(directory.At("link"));
  ASSERT_TRUE(file && file->Write(Bytes("after")) && file->Commit());
  EXPECT_TRUE(std::filesystem::is_symlink(directory.At("link")));
  EXPECT_EQ(directory.Read("real"), "after");
  EXPECT_EQ(std::filesystem::status(directory.At("real")).permissions(), std::filesystem::perms(0640));
}

TEST(OutputFile, ADeviceIsWrittenToDirectly) {
  auto file = OutputFile::Create("/dev/null");
  ASSERT_TRUE(file) << file.error().message();
  EXPECT_TRUE(file->Write(Bytes("abc")));
  EXPECT_TRUE(file->Commit());
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(OutputFile, WhereNoFileCanBeIsAnError) {
  const TestDirectory directory;
  EXPECT_EQ(OutputFile::Create(directory.At(".")).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(OutputFile::Create(directory.At("none/f")).error().code(), Code::kNotFound);
  EXPECT_THAT(directory.Names(), IsEmpty());
}

}  // namespace
}  // namespace hearth::cli
