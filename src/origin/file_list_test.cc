#include "origin/file_list.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/random.h"
#include "support/seeds.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"

namespace hearth::origin {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class FileListerTest : public testing::Test {
 protected:
  FileListerTest() { EXPECT_TRUE(files_->MakeDirectory("b")); }

  void Make(const std::string& key) {
    for (std::size_t slash = key.find('/'); slash != key.npos; slash = key.find('/', slash + 1)) {
      ASSERT_TRUE(files_->MakeDirectory("b/" + key.substr(0, slash)));
    }
    if (!key.ends_with('/')) ASSERT_TRUE(files_->Open("b/" + key, {.write = true, .create = true})) << key;
  }
  Result<FileListing> Page(FileListRequest request) {
    request.bucket = BucketName("b");
    FileLister lister(*files_, std::move(request));
    while (true) {
      const Result<bool> done = lister.Step();
      if (!done) return Fail(done.error());
      if (*done) return lister.TakePage();
    }
  }
  // Keys and common prefixes of one page, in their order.
  static std::vector<std::string> Names(const FileListing& page) {
    std::vector<std::string> names = page.prefixes;
    for (const FileListing::File& file : page.files) names.push_back(file.key);
    std::ranges::sort(names);
    return names;
  }
  std::vector<std::string> List(FileListRequest request) { return Names(Page(std::move(request)).value()); }
  // The same over pages of `keys_max`.
  std::vector<std::string> ListPaged(FileListRequest request) {
    std::vector<std::string> all;
    while (true) {
      const FileListing page = Page(request).value();
      EXPECT_LE(page.size(), request.keys_max);
      std::ranges::copy(Names(page), std::back_inserter(all));
      if (!page.truncated) return all;
      EXPECT_GT(page.last, request.after) << "no progress";
      request.after = page.last;
    }
  }

  sim::SimWorld world_{1};
  sim::SimDisk disk_{world_.clock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
};

TEST_F(FileListerTest, KeysComeInTheOrderOfTheirBytesAcrossDirectories) {
  for (const char* key : {"a/x", "a-b", "a0", "a.b/c", "a", "B", "\xff", "\xc3\xa9", "a/y/z"}) {
    if (std::string_view(key) != "a") Make(key);
  }
  EXPECT_THAT(List({}), ElementsAre("B", "a-b", "a.b/c", "a/x", "a/y/z", "a0", "\xc3\xa9", "\xff"));
}

TEST_F(FileListerTest, ADelimiterFoldsWhatLiesBelowIt) {
  for (const char* key : {"a/1", "a/2", "a/deep/3", "b", "c/4", "empty/", "nested/empty/"}) Make(key);
  EXPECT_THAT(List({.delimiter = "/"}), ElementsAre("a/", "b", "c/"));
  EXPECT_THAT(List({.prefix = "a/", .delimiter = "/"}), ElementsAre("a/1", "a/2", "a/deep/"));
  EXPECT_THAT(List({.prefix = "a", .delimiter = "/"}), ElementsAre("a/"));
  EXPECT_THAT(List({.delimiter = "deep"}), ElementsAre("a/1", "a/2", "a/deep", "b", "c/4"));
  EXPECT_THAT(List({.delimiter = "/d"}), ElementsAre("a/1", "a/2", "a/d", "b", "c/4"));
}

TEST_F(FileListerTest, APrefixThatNoFileCanHaveFindsNothing) {
  Make("a/b");
  for (const char* prefix : {"/", "a//", "../", "./", "a/../", "missing/", "a/b/", "a/b/c"}) {
    EXPECT_THAT(List({.prefix = prefix}), IsEmpty()) << prefix;
  }
  EXPECT_THAT(List({.prefix = std::string("a\0/", 3)}), IsEmpty());
}

TEST_F(FileListerTest, AfterAKeyOrAFoldedPrefixTheRestFollows) {
  for (const char* key : {"a/1", "a/2", "b", "c/1", "d"}) Make(key);
  EXPECT_THAT(List({.after = "a/1"}), ElementsAre("a/2", "b", "c/1", "d"));
  EXPECT_THAT(List({.after = "a/"}), ElementsAre("a/1", "a/2", "b", "c/1", "d"));
  EXPECT_THAT(List({.after = "zzz"}), IsEmpty());
  EXPECT_THAT(List({.delimiter = "/", .after = "a/"}), ElementsAre("b", "c/", "d"));
  EXPECT_THAT(List({.delimiter = "/", .after = "a/1"}), ElementsAre("b", "c/", "d")) << "the marker lies in a/";
}

TEST_F(FileListerTest, OnlyAPageThatSomethingFollowsIsTruncated) {
  for (const char* key : {"a", "b", "c"}) Make(key);
  EXPECT_FALSE(Page({.keys_max = 3})->truncated);
  EXPECT_TRUE(Page({.keys_max = 2})->truncated);
  EXPECT_EQ(Page({.keys_max = 2})->last, "b");
  EXPECT_FALSE(Page({.keys_max = 0})->truncated);
  EXPECT_EQ(Page({.keys_max = 0})->size(), 0U);
}

TEST_F(FileListerTest, AMissingBucketIsNoSuchBucketAndAFailingDiskAnError) {
  FileLister missing(*files_, {.bucket = BucketName("c")});
  EXPECT_EQ(missing.Step().error().remote()->code, "NoSuchBucket");
  Make("a/b");
  disk_.SetErrorRate(sim::DiskCall::kList, 1);
  EXPECT_EQ(Page({}).error().code(), Code::kUnavailable) << "never a part of the list as if it were all";
}

// What S3 would list, from all keys: the model of the walk.
std::vector<std::string> Expected(const std::set<std::string>& keys, const FileListRequest& request) {
  std::set<std::string> names;
  for (const std::string& key : keys) {
    if (!key.starts_with(request.prefix)) continue;
    std::string name = key;
    const std::size_t at = request.delimiter.empty() ? key.npos : key.find(request.delimiter, request.prefix.size());
    if (at != key.npos) name = key.substr(0, at + request.delimiter.size());
    if (name > request.after) names.insert(name);
  }
  return {names.begin(), names.end()};
}

TEST_F(FileListerTest, EveryPageOfRandomTreesIsWhatTheSortedKeysSay) {
  const std::uint64_t seed = sim::TestSeeds(1).front();
  SCOPED_TRACE(sim::SeedText(seed));
  Random random(seed);
  const std::vector<std::string> parts{"a", "b", "a-", "a.", "a0", "ab", "b!", "\xff", "-"};
  const auto part = [&] { return parts[random.Below(parts.size())]; };
  std::set<std::string> keys;
  for (int i = 0; i < 300; ++i) {
    std::string key = part();
    for (std::uint64_t depth = random.Below(4); depth > 0; --depth) key += "/" + part();
    // No name is a file and a directory.
    const auto clashes = [&](const std::string& other) {
      return key.starts_with(other + "/") || other.starts_with(key + "/");
    };
    if (std::ranges::any_of(keys, clashes)) continue;
    Make(key);
    keys.insert(key);
  }
  for (int i = 0; i < 300; ++i) {
    FileListRequest request{.keys_max = 1 + random.Below(9)};
    const std::vector<std::string> delimiters{"", "/", "a", "-", "/a", "b/"};
    request.delimiter = delimiters[random.Below(delimiters.size())];
    if (random.OneIn(2))
      request.prefix = std::next(keys.begin(), random.Below(keys.size()))->substr(0, random.Below(6));
    if (random.OneIn(2)) request.after = std::next(keys.begin(), random.Below(keys.size()))->substr(0, random.Below(8));
    SCOPED_TRACE("prefix " + request.prefix + " delimiter " + request.delimiter + " after " + request.after);
    EXPECT_EQ(ListPaged(request), Expected(keys, request));
  }
}

class RealDirectoryTest : public testing::Test {
 protected:
  RealDirectoryTest() {
    std::string pattern = (fs::temp_directory_path() / "file_list_test.XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directory(root_ / "b");
    files_ = io::OpenPosixFileSystem(root_.string(), {.create = false, .must_be_private = false}).value();
  }
  ~RealDirectoryTest() override { fs::remove_all(root_); }

  fs::path root_;
  std::unique_ptr<io::FileSystem> files_;
};

TEST_F(RealDirectoryTest, LinksAndPipesAreNotListedAndLeadNowhere) {
  fs::create_directory(root_ / "secret");
  std::ofstream(root_ / "secret/s") << "s";
  std::ofstream(root_ / "b/file") << "x";
  fs::create_symlink("file", root_ / "b/link");
  fs::create_directory_symlink(root_ / "secret", root_ / "b/outside");
  ASSERT_EQ(::mkfifo((root_ / "b/pipe").c_str(), 0600), 0);
  for (const char* prefix : {"", "outside/", "link"}) {
    FileLister lister(*files_, {.bucket = BucketName("b"), .prefix = prefix});
    ASSERT_TRUE(lister.Step().value());
    EXPECT_EQ(lister.TakePage().size(), *prefix == '\0' ? 1U : 0U) << prefix;
  }
}

TEST_F(RealDirectoryTest, ALargeDirectoryTakesPagesOfBoundedWork) {
  constexpr int kFiles = 10'000;
  for (int i = 0; i < kFiles; ++i) {
    const int fd = ::open((root_ / "b" / std::to_string(i)).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ASSERT_GE(fd, 0);
    ::close(fd);
  }
  std::string after;
  int seen = 0;
  for (int page = 0; page < kFiles / 1000; ++page) {
    FileLister lister(*files_, {.bucket = BucketName("b"), .after = after});
    int steps = 1;
    for (; !lister.Step().value(); ++steps) EXPECT_LT(steps, 10);
    const FileListing listing = lister.TakePage();
    ASSERT_EQ(listing.files.size(), 1000U);
    EXPECT_GT(listing.files.front().key, after);
    EXPECT_EQ(listing.truncated, page + 1 < kFiles / 1000);
    after = listing.last;
    seen += static_cast<int>(listing.files.size());
  }
  EXPECT_EQ(seen, kFiles);
}

TEST_F(RealDirectoryTest, ManyEmptyDirectoriesAreLookedThroughInSteps) {
  for (int i = 0; i < 5'000; ++i) ASSERT_EQ(::mkdir((root_ / "b" / std::to_string(i)).c_str(), 0700), 0);
  std::ofstream(root_ / "b/zzz") << "x";
  FileLister lister(*files_, {.bucket = BucketName("b")});
  int steps = 1;
  while (!lister.Step().value()) ++steps;
  EXPECT_GT(steps, 2) << "others get their turn in between";
  const FileListing listing = lister.TakePage();
  ASSERT_EQ(listing.files.size(), 1U);
  EXPECT_EQ(listing.files.front().key, "zzz");
  EXPECT_FALSE(listing.truncated);
}

}  // namespace
}  // namespace hearth::origin
