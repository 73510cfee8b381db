#include "contract/file_system_contract.h"

#include <algorithm>
#include <map>
#include <span>

#include <gmock/gmock.h>

#include "base/bytes.h"
#include "support/object_bytes.h"

namespace hearth::io {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

namespace {

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

std::string ReadText(const File& file, std::uint64_t offset, std::size_t length) {
  std::string text(length, '?');
  const auto read = file.ReadAt(offset, std::as_writable_bytes(std::span(text)));
  EXPECT_TRUE(read.has_value());
  text.resize(read.value_or(0));
  return text;
}

constexpr OpenOptions kRead{};
constexpr OpenOptions kWrite{.write = true};
constexpr OpenOptions kCreate{.write = true, .create = true};

}  // namespace

std::shared_ptr<File> FileSystemContract::MakeFile(std::string_view path, std::string_view content) {
  auto file = fs().Open(path, kCreate);
  EXPECT_TRUE(file.has_value()) << file.error().ToString();
  EXPECT_TRUE((*file)->WriteAt(0, Bytes(content)).has_value());
  return *file;
}

std::string FileSystemContract::ReadAll(std::string_view path) {
  const auto file = fs().Open(path, kRead);
  EXPECT_TRUE(file.has_value());
  return file ? ReadText(**file, 0, 1_MiB) : "";
}

std::vector<std::string> FileSystemContract::Names(std::string_view directory) {
  auto names = fs().List(directory);
  EXPECT_TRUE(names.has_value());
  std::ranges::sort(*names);
  return *names;
}

TEST_P(FileSystemContract, StartsEmpty) { EXPECT_THAT(Names(""), IsEmpty()); }

TEST_P(FileSystemContract, WhatIsWrittenIsRead) {
  const auto file = MakeFile("f", "hello, world");
  EXPECT_EQ(ReadText(*file, 0, 12), "hello, world");
  EXPECT_EQ(ReadText(*file, 7, 3), "wor");
  EXPECT_EQ(ReadAll("f"), "hello, world");
}

TEST_P(FileSystemContract, AReadPastTheEndIsShort) {
  const auto file = MakeFile("f", "hello");
  EXPECT_EQ(ReadText(*file, 3, 100), "lo");
  EXPECT_EQ(ReadText(*file, 5, 100), "");
  EXPECT_EQ(ReadText(*file, 1_GiB, 100), "");
}

TEST_P(FileSystemContract, AGapReadsAsZerosAndTakesNoSpace) {
  const auto file = MakeFile("f");
  ASSERT_TRUE(file->WriteAt(1_MiB, Bytes("x")).has_value());
  EXPECT_EQ(ReadText(*file, 500, 3), std::string(3, '\0'));
  ASSERT_TRUE(file->Sync().has_value());
  const auto info = file->Info();
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->size, 1_MiB + 1);
  EXPECT_LT(info->allocated, 512_KiB);
}

TEST_P(FileSystemContract, WritesAtOddPlacesDoNotDisturbEachOther) {
  const sim::ObjectBytes object("contract", 1);
  const auto file = MakeFile("f");
  const std::uint64_t size = 300'001;
  for (std::uint64_t begin = 0; begin < size;) {
    const std::uint64_t n = std::min<std::uint64_t>(1 + (begin * 7919) % 9001, size - begin);
    ASSERT_TRUE(file->WriteAt(begin, object.Make(begin, n)).has_value());
    begin += n;
  }
  ASSERT_TRUE(file->WriteAt(4095, object.Make(4095, 3)).has_value());
  std::vector<std::byte> all(size + 10);
  EXPECT_EQ(file->ReadAt(0, all).value_or(0), size);
  EXPECT_EQ(object.FirstWrong(0, std::span(all).first(size)), std::nullopt);
}

TEST_P(FileSystemContract, TruncateCutsAndGrowsWithZeros) {
  const auto file = MakeFile("f", "hello, world");
  ASSERT_TRUE(file->Truncate(5).has_value());
  EXPECT_EQ(ReadAll("f"), "hello");
  ASSERT_TRUE(file->Truncate(8).has_value());
  EXPECT_EQ(ReadAll("f"), std::string("hello\0\0\0", 8));
}

TEST_P(FileSystemContract, OpenFindsOnlyWhatIsThere) {
  EXPECT_EQ(CodeOf(fs().Open("f", kRead)), Code::kNotFound);
  EXPECT_EQ(CodeOf(fs().Open("f", kWrite)), Code::kNotFound);
  EXPECT_EQ(CodeOf(fs().Open("d/f", kCreate)), Code::kNotFound);
  MakeFile("f", "x");
  EXPECT_EQ(CodeOf(fs().Open("f/g", kCreate)), Code::kNotFound);
  EXPECT_EQ(CodeOf(fs().Open("f", kRead)), std::nullopt);
}

TEST_P(FileSystemContract, CreateKeepsAFileThatIsThere) {
  MakeFile("f", "kept");
  ASSERT_TRUE(fs().Open("f", kCreate).has_value());
  EXPECT_EQ(ReadAll("f"), "kept");
}

TEST_P(FileSystemContract, AnExclusiveCreateRefusesAFileThatIsThere) {
  const OpenOptions exclusive{.write = true, .create = true, .exclusive = true};
  ASSERT_TRUE(fs().Open("f", exclusive).has_value());
  EXPECT_EQ(CodeOf(fs().Open("f", exclusive)), Code::kInvalidArgument);
}

TEST_P(FileSystemContract, OpenTruncatesWhenAsked) {
  MakeFile("f", "gone");
  ASSERT_TRUE(fs().Open("f", {.write = true, .truncate = true}).has_value());
  EXPECT_EQ(ReadAll("f"), "");
}

TEST_P(FileSystemContract, AReadOnlyFileCannotBeWritten) {
  MakeFile("f", "safe");
  const auto file = fs().Open("f", kRead);
  ASSERT_TRUE(file.has_value());
  EXPECT_FALSE((*file)->WriteAt(0, Bytes("x")).has_value());
  EXPECT_FALSE((*file)->Truncate(0).has_value());
  EXPECT_EQ(ReadAll("f"), "safe");
}

TEST_P(FileSystemContract, PathsThatLeadElsewhereAreRefused) {
  MakeFile("f", "x");
  for (const std::string_view path : {"/f", "../f", "d/../f", ".", "..", "d//f", "f/", "d/./f"}) {
    EXPECT_EQ(CodeOf(fs().Open(path, kCreate)), Code::kInvalidArgument) << path;
    EXPECT_EQ(CodeOf(fs().MakeDirectory(path)), Code::kInvalidArgument) << path;
    EXPECT_EQ(CodeOf(fs().Unlink(path)), Code::kInvalidArgument) << path;
    EXPECT_EQ(CodeOf(fs().Rename("f", path)), Code::kInvalidArgument) << path;
  }
  EXPECT_THAT(Names(""), ElementsAre("f"));
}

TEST_P(FileSystemContract, DirectoriesHoldFilesAndDirectories) {
  ASSERT_TRUE(fs().MakeDirectory("d").has_value());
  ASSERT_TRUE(fs().MakeDirectory("d/e").has_value());
  ASSERT_TRUE(fs().MakeDirectory("d").has_value()) << "fine if it is there";
  MakeFile("d/f", "1");
  MakeFile("d/e/g", "2");
  EXPECT_THAT(Names(""), ElementsAre("d"));
  EXPECT_THAT(Names("d"), ElementsAre("e", "f"));
  EXPECT_EQ(ReadAll("d/e/g"), "2");
  ASSERT_TRUE(fs().SyncDirectory("d").has_value());
  ASSERT_TRUE(fs().SyncDirectory("").has_value());
}

TEST_P(FileSystemContract, DirectoriesAreNotMadeInNothingNorOverAFile) {
  EXPECT_EQ(CodeOf(fs().MakeDirectory("a/b")), Code::kNotFound);
  MakeFile("f");
  EXPECT_FALSE(fs().MakeDirectory("f").has_value());
  EXPECT_EQ(CodeOf(fs().List("nothing")), Code::kNotFound);
  EXPECT_EQ(CodeOf(fs().SyncDirectory("nothing")), Code::kNotFound);
  EXPECT_FALSE(fs().List("f").has_value());
}

TEST_P(FileSystemContract, ADirectoryIsVisitedEntryByEntryAndSaysWhatTheyAre) {
  ASSERT_TRUE(fs().MakeDirectory("d").has_value());
  ASSERT_TRUE(fs().MakeDirectory("d/e").has_value());
  MakeFile("d/f", "1");
  MakeFile("d/g", "2");
  std::map<std::string, io::DirectoryEntry::Kind> seen;
  ASSERT_TRUE(fs().VisitDirectory(
      "d", [&](const io::DirectoryEntry& entry) { return seen.emplace(entry.name, entry.kind).second; }));
  using Kind = io::DirectoryEntry::Kind;
  EXPECT_THAT(seen, ElementsAre(Pair("e", Kind::kDirectory), Pair("f", Kind::kFile), Pair("g", Kind::kFile)));
  int visits = 0;
  EXPECT_TRUE(fs().VisitDirectory("d", [&](const io::DirectoryEntry&) { return ++visits < 2; }));
  EXPECT_EQ(visits, 2) << "it ends where the visitor says so";
  EXPECT_EQ(CodeOf(fs().VisitDirectory("nothing", [](const auto&) { return true; })), Code::kNotFound);
  EXPECT_FALSE(fs().VisitDirectory("d/f", [](const auto&) { return true; }));
}

TEST_P(FileSystemContract, StatTellsFilesFromDirectories) {
  ASSERT_TRUE(fs().MakeDirectory("d").has_value());
  const auto file = MakeFile("d/f", std::string(10'000, 'x'));
  ASSERT_TRUE(file->Sync().has_value());
  const auto of_file = fs().Stat("d/f");
  const auto of_directory = fs().Stat("d");
  ASSERT_TRUE(of_file.has_value() && of_directory.has_value());
  EXPECT_TRUE(of_file->is_regular);
  EXPECT_FALSE(of_file->is_directory);
  EXPECT_EQ(of_file->size, 10'000u);
  EXPECT_GE(of_file->allocated, 10'000u);
  EXPECT_EQ(of_file->mode, 0600u);
  EXPECT_EQ(of_file->inode, file->Info()->inode);
  EXPECT_NE(of_file->inode, of_directory->inode);
  EXPECT_TRUE(of_directory->is_directory);
  EXPECT_EQ(of_directory->mode, 0700u);
  EXPECT_EQ(CodeOf(fs().Stat("d/nothing")), Code::kNotFound);
}

TEST_P(FileSystemContract, RenameMovesAndReplaces) {
  ASSERT_TRUE(fs().MakeDirectory("d").has_value());
  MakeFile("f", "new");
  MakeFile("d/g", "old");
  const auto old = fs().Open("d/g", kRead);
  ASSERT_TRUE(old.has_value());
  ASSERT_TRUE(fs().Rename("f", "d/g").has_value());
  EXPECT_EQ(ReadAll("d/g"), "new");
  EXPECT_EQ(ReadText(**old, 0, 10), "old") << "whoever holds the replaced file keeps it";
  EXPECT_THAT(Names(""), ElementsAre("d"));
  EXPECT_EQ(CodeOf(fs().Rename("f", "d/g")), Code::kNotFound);
  EXPECT_EQ(CodeOf(fs().Rename("d/g", "nothing/g")), Code::kNotFound);
  ASSERT_TRUE(fs().Rename("d/g", "d/g").has_value());
  EXPECT_EQ(ReadAll("d/g"), "new");
  EXPECT_FALSE(fs().Rename("d/g", "d").has_value()) << "a file does not replace a directory";
}

TEST_P(FileSystemContract, AnOpenFileSurvivesItsUnlink) {
  const auto file = MakeFile("f", "still here");
  ASSERT_TRUE(fs().Unlink("f").has_value());
  EXPECT_THAT(Names(""), IsEmpty());
  EXPECT_EQ(ReadText(*file, 0, 100), "still here");
  ASSERT_TRUE(file->WriteAt(0, Bytes("STILL")).has_value());
  EXPECT_EQ(ReadText(*file, 0, 100), "STILL here");
  MakeFile("f", "another");
  EXPECT_EQ(ReadText(*file, 0, 100), "STILL here");
}

TEST_P(FileSystemContract, UnlinkRemovesFilesOnly) {
  ASSERT_TRUE(fs().MakeDirectory("d").has_value());
  MakeFile("f");
  EXPECT_EQ(CodeOf(fs().Unlink("nothing")), Code::kNotFound);
  EXPECT_FALSE(fs().Unlink("d").has_value());
  ASSERT_TRUE(fs().Unlink("f").has_value());
  EXPECT_EQ(CodeOf(fs().Unlink("f")), Code::kNotFound);
  EXPECT_THAT(Names(""), ElementsAre("d"));
}

TEST_P(FileSystemContract, AFileOutlivesTheFileSystemThatOpenedIt) {
  auto other = directory().Open();
  MakeFile("f", "held");
  const auto file = other->Open("f", kRead);
  ASSERT_TRUE(file.has_value());
  other.reset();
  EXPECT_EQ(ReadText(**file, 0, 100), "held");
}

TEST_P(FileSystemContract, WhatOneProcessWritesAnotherReads) {
  MakeFile("f", "shared");
  const auto other = directory().Open();
  const auto file = other->Open("f", kRead);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(ReadText(**file, 0, 100), "shared");
}

TEST_P(FileSystemContract, ALockHasOneHolderUntilItsFileSystemGoes) {
  auto first = directory().Open();
  auto second = directory().Open();
  ASSERT_TRUE(first->Lock("lock").has_value());
  EXPECT_EQ(CodeOf(second->Lock("lock")), Code::kUnavailable);
  EXPECT_TRUE(second->Lock("other").has_value());
  EXPECT_THAT(Names(""), ElementsAre("lock", "other")) << "made if missing";
  first.reset();
  EXPECT_TRUE(second->Lock("lock").has_value());
}

TEST_P(FileSystemContract, WhatWasJustWrittenIsInMemory) {
  const auto file = MakeFile("f", std::string(600'000, 'x'));
  EXPECT_TRUE(file->IsResident({0, 600'000}));
  std::string text(1000, '?');
  EXPECT_TRUE(file->TryReadNow(599'000, std::as_writable_bytes(std::span(text))));
  EXPECT_EQ(text, std::string(1000, 'x'));
}

TEST_P(FileSystemContract, NothingPastTheEndIsReadNow) {
  const auto file = MakeFile("f", "hello");
  std::string text(3, '?');
  EXPECT_FALSE(file->TryReadNow(3, std::as_writable_bytes(std::span(text))));
  EXPECT_FALSE(file->TryReadNow(500, std::as_writable_bytes(std::span(text))));
  EXPECT_TRUE(file->TryReadNow(2, std::as_writable_bytes(std::span(text))));
  EXPECT_EQ(text, "llo");
}

TEST_P(FileSystemContract, ModificationTimesDoNotGoBack) {
  const auto file = MakeFile("f", "1");
  const auto before = file->Info();
  ASSERT_TRUE(file->WriteAt(0, Bytes("2")).has_value());
  const auto after = file->Info();
  ASSERT_TRUE(before.has_value() && after.has_value());
  EXPECT_GE(after->modified_ns, before->modified_ns);
  EXPECT_GE(after->changed_ns, before->changed_ns);
  EXPECT_GT(before->modified_ns, 0);
}

TEST_P(FileSystemContract, SpaceIsToldAndMakesSense) {
  const auto space = fs().GetSpace();
  ASSERT_TRUE(space.has_value());
  EXPECT_GT(space->total, 0u);
  EXPECT_LE(space->available, space->total);
}

}  // namespace hearth::io
