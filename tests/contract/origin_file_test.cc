// The `file` origin over a real directory.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "contract/origin_contract.h"
#include "contract/real_executors.h"
#include "origin/file_origin.h"
#include "support/object_bytes.h"

namespace hearth::contract {
namespace {

namespace fs = std::filesystem;

class FileFixture final : public OriginFixture {
 public:
  FileFixture() {
    std::string pattern = (fs::temp_directory_path() / "origin_file_test.XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directory(root_ / Bucket());
    file_system_ = io::OpenPosixFileSystem(root_.string(), {.create = false, .must_be_private = false}).value();
    origin_ = origin::MakeFileOrigin(OriginName("file"), *file_system_, executors_.pool(), SystemClock());
  }
  ~FileFixture() override { fs::remove_all(root_); }

  origin::Origin& origin() override { return *origin_; }
  std::string Bucket() override { return "bucket"; }

  // Beside it, then renamed over it, as programs do that replace a file.
  std::string Put(const std::string& key, std::size_t size) override {
    const auto made = sim::ObjectBytes(key, ++version_).Make(0, size);
    std::string bytes(reinterpret_cast<const char*>(made.data()), made.size());
    const fs::path path = root_ / Bucket() / key;
    fs::create_directories(path.parent_path());
    const fs::path next = root_ / "next";
    std::ofstream(next, std::ios::binary) << bytes;
    fs::rename(next, path);
    return bytes;
  }

  void Run(Task<void> task) override {
    std::vector<Task<void>> one;
    one.push_back(std::move(task));
    executors_.RunAll(std::move(one));
  }
  void RunAll(std::vector<Task<void>> tasks) override { executors_.RunAll(std::move(tasks)); }

 private:
  fs::path root_;
  std::uint64_t version_ = 0;
  std::unique_ptr<io::FileSystem> file_system_;
  RealExecutors executors_;
  std::unique_ptr<origin::Origin> origin_;
};

std::unique_ptr<OriginFixture> MakeFileFixture(std::string&) { return std::make_unique<FileFixture>(); }

INSTANTIATE_TEST_SUITE_P(File, OriginContract, ::testing::Values(OriginCase{"File", &MakeFileFixture}), OriginCaseName);

}  // namespace
}  // namespace hearth::contract
