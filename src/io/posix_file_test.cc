#include "io/posix_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/bytes.h"

namespace hearth::io {
namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

// A file in `directory` that has lost its name already, and goes with the last reference.
std::shared_ptr<File> MakeIn(const std::string& directory) {
  std::string pattern = directory + "/hearth-io-XXXXXX";
  UniqueFd fd(::mkstemp(pattern.data()));
  EXPECT_TRUE(fd.valid());
  ::unlink(pattern.c_str());
  return MakePosixFile(std::move(fd), "test");
}
std::shared_ptr<File> Make() { return MakeIn(std::filesystem::temp_directory_path().string()); }

TEST(PosixFile, ReadsNowWhatIsInMemory) {
  auto file = Make();
  ASSERT_TRUE(file->WriteAt(0, Bytes(std::string(1_MiB, 'x'))));
  EXPECT_TRUE(file->IsResident({0, 1_MiB}));
  EXPECT_TRUE(file->IsResident({5, 5}));
  std::string text(100, '\0');
  EXPECT_TRUE(file->TryReadNow(1_MiB - 100, std::as_writable_bytes(std::span(text.data(), text.size()))));
  EXPECT_EQ(text, std::string(100, 'x'));
}

TEST(PosixFile, NothingIsReadNowPastTheEnd) {
  auto file = Make();
  ASSERT_TRUE(file->WriteAt(0, Bytes("ten bytes!")));
  std::string text(11, '\0');
  EXPECT_FALSE(file->TryReadNow(0, std::as_writable_bytes(std::span(text.data(), text.size()))));
}

TEST(PosixFile, PagesThatWereDroppedAreNotResident) {
  auto file = Make();
  ASSERT_TRUE(file->WriteAt(0, Bytes(std::string(4_MiB, 'x'))));
  ASSERT_TRUE(file->Sync());
  ASSERT_EQ(::posix_fadvise(DescriptorOf(*file), 0, 0, POSIX_FADV_DONTNEED), 0);
  std::byte byte{};
  if (file->TryReadNow(2_MiB, std::span(&byte, 1))) GTEST_SKIP() << "this file system keeps everything in memory";
  EXPECT_FALSE(file->IsResident({0, 4_MiB}));
  EXPECT_EQ(file->ReadAt(4_MiB - 1, std::span(&byte, 1)), 1u);
  EXPECT_EQ(byte, std::byte{'x'});
}

TEST(PosixFile, AFileInSharedMemoryCountsAsResident) {
  if (::access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "no /dev/shm";
  const auto file = MakeIn("/dev/shm");
  ASSERT_TRUE(file->WriteAt(0, Bytes("bytes")));
  std::string text(5, '\0');
  EXPECT_TRUE(file->TryReadNow(0, std::as_writable_bytes(std::span(text.data(), text.size()))));
  EXPECT_EQ(text, "bytes");
  EXPECT_TRUE(file->IsResident({0, 5}));
}

class NoDescriptor final : public File {
 public:
  Result<std::size_t> ReadAt(std::uint64_t, std::span<std::byte>) const override { return 0; }
  Status WriteAt(std::uint64_t, std::span<const std::byte>) override { return {}; }
  Status Sync() override { return {}; }
  Status Truncate(std::uint64_t) override { return {}; }
  Result<FileInfo> Info() const override { return FileInfo{}; }
  bool IsResident(ByteRange) const override { return true; }
  bool TryReadNow(std::uint64_t, std::span<std::byte>) const override { return false; }
};

TEST(PosixFile, OnlyARealFileHasADescriptor) {
  EXPECT_GE(DescriptorOf(*Make()), 0);
  EXPECT_EQ(DescriptorOf(NoDescriptor()), -1);
}

}  // namespace
}  // namespace hearth::io
