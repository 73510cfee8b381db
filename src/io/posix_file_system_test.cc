#include "io/file_system.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace hearth::io {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::string ReadText(const File& file, std::uint64_t offset, std::size_t size) {
  std::string text(size, '\0');
  const auto n = file.ReadAt(offset, std::as_writable_bytes(std::span(text.data(), text.size())));
  EXPECT_TRUE(n.has_value());
  text.resize(n.value_or(0));
  return text;
}

class PosixFileSystemTest : public testing::Test {
 public:
  ~PosixFileSystemTest() override { std::filesystem::remove_all(base_); }

 protected:
  PosixFileSystemTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth-io-XXXXXX").string();
    base_ = ::mkdtemp(pattern.data());
  }

  std::unique_ptr<FileSystem> OpenAt(const std::string& path, DirectoryOptions options = {}) {
    auto opened = OpenPosixFileSystem(path, options);
    EXPECT_TRUE(opened.has_value()) << (opened ? "" : opened.error().ToString());
    return opened ? std::move(*opened) : nullptr;
  }
  Code CodeOf(const std::string& path, DirectoryOptions options = {}) {
    const auto opened = OpenPosixFileSystem(path, options);
    EXPECT_FALSE(opened.has_value());
    return opened ? Code::kInternal : opened.error().code();
  }

  std::string base_;
};

TEST_F(PosixFileSystemTest, MakesTheRootAndWhatIsAboveItForUsAlone) {
  OpenAt(base_ + "/a/b/root/");
  struct stat stat{};
  ASSERT_EQ(::stat((base_ + "/a/b/root").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 07777, 0700u);
}

TEST_F(PosixFileSystemTest, ADirectoryThatOthersMayEnterIsRefused) {
  ASSERT_EQ(::mkdir((base_ + "/wide").c_str(), 0755), 0);
  ASSERT_EQ(::chmod((base_ + "/wide").c_str(), 0750), 0);
  EXPECT_EQ(CodeOf(base_ + "/wide"), Code::kPermissionDenied);
  OpenAt(base_ + "/wide", {.create = false, .must_be_private = false});
}

TEST_F(PosixFileSystemTest, ADirectoryOfAnotherOwnerIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory away";
  ASSERT_EQ(::mkdir((base_ + "/theirs").c_str(), 0700), 0);
  ASSERT_EQ(::chown((base_ + "/theirs").c_str(), 12345, 12345), 0);
  EXPECT_EQ(CodeOf(base_ + "/theirs"), Code::kPermissionDenied);
}

TEST_F(PosixFileSystemTest, ARootThatIsASymbolicLinkIsRefused) {
  ASSERT_EQ(::mkdir((base_ + "/real").c_str(), 0700), 0);
  ASSERT_EQ(::symlink((base_ + "/real").c_str(), (base_ + "/link").c_str()), 0);
  EXPECT_EQ(CodeOf(base_ + "/link"), Code::kPermissionDenied);
  EXPECT_EQ(CodeOf(base_ + "/link/"), Code::kPermissionDenied);
  OpenAt(base_ + "/link", {.create = false, .must_be_private = false});
}

TEST_F(PosixFileSystemTest, ARootMustBeAnAbsoluteDirectory) {
  EXPECT_EQ(CodeOf("relative"), Code::kInvalidArgument);
  EXPECT_EQ(CodeOf(base_ + "/missing", {.create = false}), Code::kNotFound);
  std::filesystem::create_directory(base_ + "/d");
  ASSERT_EQ(::close(::open((base_ + "/file").c_str(), O_CREAT | O_WRONLY, 0600)), 0);
  EXPECT_EQ(CodeOf(base_ + "/file"), Code::kInvalidArgument);
}

TEST_F(PosixFileSystemTest, WritesAndReadsBack) {
  auto fs = OpenAt(base_ + "/root");
  ASSERT_TRUE(fs->MakeDirectory("blocks"));
  ASSERT_TRUE(fs->MakeDirectory("blocks"));
  auto file = fs->Open("blocks/one", {.write = true, .create = true});
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE((*file)->WriteAt(4, Bytes("data")));
  ASSERT_TRUE((*file)->Sync());
  ASSERT_TRUE(fs->SyncDirectory("blocks"));
  ASSERT_TRUE(fs->SyncDirectory(""));
  EXPECT_EQ(ReadText(**file, 2, 100), std::string("\0\0data", 6));
  EXPECT_EQ(ReadText(**file, 8, 100), "");
  ASSERT_TRUE((*file)->Truncate(6));
  const auto info = (*file)->Info();
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->size, 6u);
  EXPECT_EQ(info->mode, 0600u);
  EXPECT_EQ(info->owner, ::geteuid());
  EXPECT_TRUE(info->is_regular);
  EXPECT_GT(info->modified_ns, 1'000'000'000'000'000'000);
  EXPECT_EQ(fs->Stat("blocks/one")->inode, info->inode);
  EXPECT_TRUE(fs->Stat("blocks")->is_directory);
  EXPECT_TRUE(fs->Stat("")->is_directory);
}

TEST_F(PosixFileSystemTest, OpenFollowsItsOptions) {
  auto fs = OpenAt(base_ + "/root");
  EXPECT_EQ(fs->Open("f", {}).error().code(), Code::kNotFound);
  EXPECT_EQ(fs->Open("f", {.write = true}).error().code(), Code::kNotFound);
  ASSERT_TRUE((*fs->Open("f", {.write = true, .create = true, .exclusive = true}))->WriteAt(0, Bytes("old")));
  EXPECT_EQ(fs->Open("f", {.write = true, .create = true, .exclusive = true}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(ReadText(**fs->Open("f", {.write = true, .create = true}), 0, 9), "old");
  EXPECT_FALSE((*fs->Open("f", {}))->WriteAt(0, Bytes("x")));
  EXPECT_EQ((*fs->Open("f", {.write = true, .truncate = true}))->Info()->size, 0u);
}

TEST_F(PosixFileSystemTest, NoPathLeavesTheRoot) {
  auto fs = OpenAt(base_ + "/root");
  ASSERT_EQ(::close(::open((base_ + "/secret").c_str(), O_CREAT | O_WRONLY, 0600)), 0);
  for (const char* path : {"../secret", "/etc/passwd", "a/../../secret", "./x", "a//b", "a/", ".."}) {
    EXPECT_EQ(fs->Open(path, {}).error().code(), Code::kInvalidArgument) << path;
    EXPECT_EQ(fs->Stat(path).error().code(), Code::kInvalidArgument) << path;
    EXPECT_EQ(fs->Unlink(path).error().code(), Code::kInvalidArgument) << path;
    EXPECT_EQ(fs->Rename(path, "b").error().code(), Code::kInvalidArgument) << path;
    EXPECT_EQ(fs->MakeDirectory(path).error().code(), Code::kInvalidArgument) << path;
  }
  EXPECT_EQ(fs->Open(std::string_view("a\0b", 3), {}).error().code(), Code::kInvalidArgument);
}

TEST_F(PosixFileSystemTest, NoSymbolicLinkIsFollowedAnywhere) {
  auto fs = OpenAt(base_ + "/root");
  ASSERT_TRUE(fs->MakeDirectory("d"));
  ASSERT_TRUE(fs->Open("d/f", {.write = true, .create = true}));
  ASSERT_EQ(::symlink("d", (base_ + "/root/link").c_str()), 0);
  ASSERT_EQ(::symlink("f", (base_ + "/root/d/l").c_str()), 0);
  EXPECT_EQ(fs->Open("link/f", {}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(fs->Open("d/l", {}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(fs->Open("d/l", {.write = true, .create = true}).error().code(), Code::kInvalidArgument);
  EXPECT_EQ(fs->Unlink("link/f").error().code(), Code::kInvalidArgument);
  EXPECT_EQ(fs->List("link").error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(fs->MakeDirectory("link"));
}

TEST_F(PosixFileSystemTest, APlantedDirectoryIsRefused) {
  auto fs = OpenAt(base_ + "/root");
  ASSERT_EQ(::mkdir((base_ + "/root/blocks").c_str(), 0777), 0);
  ASSERT_EQ(::chmod((base_ + "/root/blocks").c_str(), 0777), 0);
  EXPECT_EQ(fs->MakeDirectory("blocks").error().code(), Code::kPermissionDenied);
}

TEST_F(PosixFileSystemTest, OpeningAFifoDoesNotWait) {
  auto fs = OpenAt(base_ + "/root");
  ASSERT_EQ(::mkfifo((base_ + "/root/fifo").c_str(), 0600), 0);
  const auto file = fs->Open("fifo", {});
  ASSERT_TRUE(file.has_value());
  EXPECT_FALSE((*file)->Info()->is_regular);
}

TEST_F(PosixFileSystemTest, AVisitSaysOfLinksAndPipesThatTheyAreSomethingElse) {
  auto fs = OpenAt(base_ + "/root");
  ASSERT_TRUE(fs->MakeDirectory("d"));
  ASSERT_TRUE(fs->Open("f", {.write = true, .create = true}));
  ASSERT_EQ(::symlink("d", (base_ + "/root/to-d").c_str()), 0);
  ASSERT_EQ(::symlink("f", (base_ + "/root/to-f").c_str()), 0);
  ASSERT_EQ(::mkfifo((base_ + "/root/pipe").c_str(), 0600), 0);
  std::vector<std::string> other;
  ASSERT_TRUE(fs->VisitDirectory("", [&](const DirectoryEntry& entry) {
    if (entry.kind == DirectoryEntry::Kind::kOther) other.emplace_back(entry.name);
    return true;
  }));
  EXPECT_THAT(other, UnorderedElementsAre("to-d", "to-f", "pipe"));
  EXPECT_FALSE(fs->VisitDirectory("to-d", [](const auto&) { return true; }));
}

TEST_F(PosixFileSystemTest, ListsRenamesAndUnlinks) {
  auto fs = OpenAt(base_ + "/root");
  ASSERT_TRUE(fs->MakeDirectory("d"));
  ASSERT_TRUE(fs->Open("a", {.write = true, .create = true}));
  ASSERT_TRUE(fs->Open("d/b", {.write = true, .create = true}));
  EXPECT_THAT(*fs->List(""), UnorderedElementsAre("a", "d"));
  ASSERT_TRUE(fs->Rename("a", "d/c"));
  EXPECT_THAT(*fs->List("d"), UnorderedElementsAre("b", "c"));
  ASSERT_TRUE(fs->Unlink("d/b"));
  EXPECT_EQ(fs->Unlink("d/b").error().code(), Code::kNotFound);
  EXPECT_EQ(fs->List("missing").error().code(), Code::kNotFound);
  EXPECT_THAT(*fs->List("d"), UnorderedElementsAre("c"));
}

TEST_F(PosixFileSystemTest, AnUnlinkedFileStaysReadableForWhoHoldsIt) {
  auto fs = OpenAt(base_ + "/root");
  auto file = *fs->Open("f", {.write = true, .create = true});
  ASSERT_TRUE(file->WriteAt(0, Bytes("still here")));
  ASSERT_TRUE(fs->Unlink("f"));
  EXPECT_EQ(ReadText(*file, 0, 100), "still here");
}

TEST_F(PosixFileSystemTest, TheLockHasOneHolder) {
  auto first = OpenAt(base_ + "/root");
  auto second = OpenAt(base_ + "/root");
  ASSERT_TRUE(first->Lock("lock"));
  const auto refused = second->Lock("lock");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  EXPECT_THAT(refused.error().message(), HasSubstr("another process"));
  first.reset();
  EXPECT_TRUE(second->Lock("lock"));
}

TEST_F(PosixFileSystemTest, TellsTheSpaceThatIsLeft) {
  const auto space = OpenAt(base_ + "/root")->GetSpace();
  ASSERT_TRUE(space.has_value());
  EXPECT_GT(space->total, 0u);
  EXPECT_LE(space->available, space->total);
}

}  // namespace
}  // namespace hearth::io
