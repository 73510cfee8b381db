#include "io/late_file_system.h"

#include <type_traits>

#include "base/thread_annotations.h"

namespace hearth::io {
namespace {

class LateFileSystem final : public FileSystem {
 public:
  LateFileSystem(std::string root, DirectoryOptions options) : root_(std::move(root)), options_(options) {}

  Result<std::shared_ptr<File>> Open(std::string_view path, OpenOptions options) override {
    return With([&](FileSystem& files) { return files.Open(path, options); });
  }
  Result<FileInfo> Stat(std::string_view path) override {
    return With([&](FileSystem& files) { return files.Stat(path); });
  }
  Status MakeDirectory(std::string_view path) override {
    return With([&](FileSystem& files) { return files.MakeDirectory(path); });
  }
  Result<std::vector<std::string>> List(std::string_view directory) override {
    return With([&](FileSystem& files) { return files.List(directory); });
  }
  Status VisitDirectory(std::string_view directory, const Visitor& visit) override {
    return With([&](FileSystem& files) { return files.VisitDirectory(directory, visit); });
  }
  Status Rename(std::string_view from, std::string_view to) override {
    return With([&](FileSystem& files) { return files.Rename(from, to); });
  }
  Status Unlink(std::string_view path) override {
    return With([&](FileSystem& files) { return files.Unlink(path); });
  }
  Status SyncDirectory(std::string_view directory) override {
    return With([&](FileSystem& files) { return files.SyncDirectory(directory); });
  }
  Status Lock(std::string_view path) override {
    return With([&](FileSystem& files) { return files.Lock(path); });
  }
  Result<Space> GetSpace() override {
    return With([&](FileSystem& files) { return files.GetSpace(); });
  }

 private:
  template <typename Call>
  std::invoke_result_t<Call, FileSystem&> With(Call call) {
    FileSystem* opened = nullptr;
    {
      MutexLock lock(mutex_);
      if (!opened_) {
        Result<std::unique_ptr<FileSystem>> files = OpenPosixFileSystem(root_, options_);
        // Not "no such file": whoever asks may be sure of that about the file, not about all of them.
        if (!files) return Fail(Code::kUnavailable, files.error().message());
        opened_ = std::move(*files);
      }
      opened = opened_.get();
    }
    return call(*opened);
  }

  const std::string root_;
  const DirectoryOptions options_;
  Mutex mutex_;
  std::unique_ptr<FileSystem> opened_ GUARDED_BY(mutex_);  // once set, never changed
};

}  // namespace

std::unique_ptr<FileSystem> MakeLateFileSystem(std::string root, DirectoryOptions options) {
  return std::make_unique<LateFileSystem>(std::move(root), options);
}

}  // namespace hearth::io
