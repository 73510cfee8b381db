#include "io/late_file_system.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace hearth::io {
namespace {

TEST(LateFileSystem, FailsUntilItsRootIsThereAndThenWorks) {
  std::string base = std::filesystem::temp_directory_path() / "late-XXXXXX";
  ASSERT_NE(mkdtemp(base.data()), nullptr);
  const std::string root = base + "/later";
  const std::unique_ptr<FileSystem> files = MakeLateFileSystem(root, {.create = false, .must_be_private = false});
  const Result<std::shared_ptr<File>> early = files->Open("file", {});
  ASSERT_FALSE(early.has_value());
  EXPECT_EQ(early.error().code(), Code::kUnavailable);

  std::filesystem::create_directory(root);
  std::ofstream(root + "/file") << "bytes";
  const Result<std::shared_ptr<File>> late = files->Open("file", {});
  ASSERT_TRUE(late.has_value());
  EXPECT_EQ((*late)->Info()->size, 5u);
  EXPECT_EQ(files->Open("other", {}).error().code(), Code::kNotFound);
  std::filesystem::remove_all(base);
}

}  // namespace
}  // namespace hearth::io
