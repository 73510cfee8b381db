#include "contract/file_system_contract.h"

#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"

namespace hearth::io {
namespace {

class PosixDirectory final : public DirectoryUnderTest {
 public:
  PosixDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth-contract-XXXXXX").string();
    HEARTH_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~PosixDirectory() override { std::filesystem::remove_all(path_); }

  std::unique_ptr<FileSystem> Open() override {
    auto opened = OpenPosixFileSystem(path_, {});
    HEARTH_CHECK(opened.has_value());
    return std::move(*opened);
  }

 private:
  std::string path_;
};

class SimDirectory final : public DirectoryUnderTest {
 public:
  std::unique_ptr<FileSystem> Open() override { return disk_.Mount(); }

 private:
  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
};

template <typename Directory>
DirectoryFactory Factory(std::string name) {
  return {std::move(name), [] { return std::make_unique<Directory>(); }};
}

INSTANTIATE_TEST_SUITE_P(Any, FileSystemContract,
                         testing::Values(Factory<PosixDirectory>("Posix"), Factory<SimDirectory>("Simulated")),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace hearth::io
