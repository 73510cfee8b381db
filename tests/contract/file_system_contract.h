// What every io::FileSystem must do (io/file_system.h), checked on the real one and on the simulation.
//
// The checks are in file_system_contract.cc; a test binary links them and instantiates them:
//   INSTANTIATE_TEST_SUITE_P(Posix, FileSystemContract, testing::Values(&MakePosixDirectory), ...);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "io/file_system.h"

namespace hearth::io {

// A directory that starts empty and goes with this object.
class DirectoryUnderTest {
 public:
  virtual ~DirectoryUnderTest() = default;
  // As another process would open it; the same content each time.
  virtual std::unique_ptr<FileSystem> Open() = 0;
};

struct DirectoryFactory {
  std::string name;
  std::function<std::unique_ptr<DirectoryUnderTest>()> make;
};

class FileSystemContract : public testing::TestWithParam<DirectoryFactory> {
 protected:
  FileSystemContract() : directory_(GetParam().make()), fs_(directory_->Open()) {}

  FileSystem& fs() { return *fs_; }
  DirectoryUnderTest& directory() { return *directory_; }

  std::shared_ptr<File> MakeFile(std::string_view path, std::string_view content = {});
  std::string ReadAll(std::string_view path);
  std::vector<std::string> Names(std::string_view directory);  // sorted

 private:
  std::unique_ptr<DirectoryUnderTest> directory_;
  std::unique_ptr<FileSystem> fs_;
};

// The code of the error, or nullopt for success.
template <typename T>
std::optional<Code> CodeOf(const Result<T>& result) {
  return result ? std::nullopt : std::optional(result.error().code());
}

}  // namespace hearth::io
