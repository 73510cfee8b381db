#include "origin/file_meta.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

std::optional<std::string> Path(std::string bucket, std::string key) {
  return FilePath(BucketName(std::move(bucket)), ObjectKey(std::move(key)));
}

io::FileInfo Info() {
  return {.size = 10,
          .device = 1,
          .inode = 2,
          .modified_ns = 784'111'777'000'000'005,
          .changed_ns = 784'111'778'000'000'006,
          .is_regular = true};
}
WallTime Seconds(double seconds) {
  return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(seconds * 1e6)));
}

TEST(FileMeta, KeysThatCouldLeadElsewhereNameNoFile) {
  EXPECT_EQ(Path("b", "a/b.txt"), "b/a/b.txt");
  EXPECT_EQ(Path("b", "..."), "b/...");
  EXPECT_EQ(Path("b", "a..b/ +%\xff"), "b/a..b/ +%\xff");
  for (const char* key : {"", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a/.."})
    EXPECT_FALSE(Path("b", key)) << key;
  EXPECT_FALSE(Path("b", std::string("a\0b", 3)));
  for (const char* bucket : {"", ".", "..", "a/b", "/"}) EXPECT_FALSE(Path(bucket, "k")) << bucket;
}

TEST(FileMeta, TheVersionIsEveryNumberThatAChangeMoves) {
  EXPECT_EQ(FileVersion(Info()), (Version{VersionKind::kStat, "1-2-10-784111777000000005-784111778000000006"}));
}

TEST(FileMeta, TheETagIsStrongAndFollowsTheVersion) {
  const ObjectMeta meta = FileMeta(Info(), ObjectKey("a"), Seconds(900'000'000));
  EXPECT_TRUE(IsStrong(meta.etag));
  EXPECT_EQ(meta.etag.value.size(), 34u);
  io::FileInfo touched = Info();
  ++touched.changed_ns;
  EXPECT_NE(FileMeta(touched, ObjectKey("a"), Seconds(900'000'000)).etag, meta.etag);
  EXPECT_EQ(FileMeta(Info(), ObjectKey("b"), Seconds(900'000'001)).etag, meta.etag);
}

TEST(FileMeta, SizeDateAndTypeAreShown) {
  const ObjectMeta meta = FileMeta(Info(), ObjectKey("dir.d/A.TXT"), Seconds(900'000'000));
  EXPECT_EQ(meta.size, 10u);
  EXPECT_EQ(meta.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(meta.headers, (Headers{{"Content-Type", "text/plain"}}));
  for (const char* key : {"noextension", "dir.txt/noextension", "a.unknown", "a."}) {
    EXPECT_EQ(FileMeta(Info(), ObjectKey(key), {}).headers, (Headers{{"Content-Type", "binary/octet-stream"}})) << key;
  }
}

TEST(FileMeta, AFileYoungerThanASecondIsNotToBeKept) {
  EXPECT_TRUE(FileMeta(Info(), ObjectKey("a"), Seconds(784'111'778.9)).uncacheable);
  EXPECT_FALSE(FileMeta(Info(), ObjectKey("a"), Seconds(784'111'779.1)).uncacheable);
  EXPECT_TRUE(FileMeta(Info(), ObjectKey("a"), Seconds(784'111'000)).uncacheable) << "changed in the future";
  io::FileInfo old_change = Info();
  old_change.modified_ns = old_change.changed_ns + 100'000'000'000;
  EXPECT_TRUE(FileMeta(old_change, ObjectKey("a"), Seconds(784'111'800)).uncacheable) << "modified in the future";
}

}  // namespace
}  // namespace hearth::origin
