#include "origin/file_origin.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/sim_executor.h"

namespace hearth::origin {
namespace {

namespace fs = std::filesystem;

// A clock that stands a minute after the files of the test, or wherever the test puts it.
class MovableClock final : public Clock {
 public:
  TimePoint Now() const override { return {}; }
  WallTime Wall() const override { return SystemClock().Wall() + ahead; }
  std::chrono::microseconds ahead = std::chrono::minutes(1);
};

class FileOriginTest : public testing::Test {
 protected:
  FileOriginTest() {
    std::string pattern = (fs::temp_directory_path() / "file_origin_test.XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    fs::create_directory(root_ / "data");
    fs::create_directory(root_ / "data/bucket");
    file_system_ =
        io::OpenPosixFileSystem((root_ / "data").string(), {.create = false, .must_be_private = false}).value();
    origin_ = MakeFileOrigin(OriginName("file"), *file_system_, pool_, clock_);
  }
  ~FileOriginTest() override {
    world_.RunUntilIdle();
    fs::remove_all(root_);
  }

  fs::path Path(std::string_view key) const { return root_ / "data/bucket" / key; }
  void Write(std::string_view key, std::string_view text) {
    fs::create_directories(Path(key).parent_path());
    std::ofstream(Path(key), std::ios::binary) << text;
  }
  Result<GetAnswer> Get(GetRequest request) { return world_.Run(origin_->Get(std::move(request), {})); }
  Result<GetAnswer> Get(std::string key, std::string bucket = "bucket") {
    return Get(Request(std::move(key), std::move(bucket)));
  }
  static GetRequest Request(std::string key, std::string bucket = "bucket") {
    return {.bucket = BucketName(std::move(bucket)),
            .key = ObjectKey(std::move(key)),
            .range = {},
            .if_match = {},
            .version_id = {}};
  }
  Result<std::string> ReadOnce(GetAnswer& answer, std::size_t bytes) {
    std::vector<std::byte> buffer(bytes);
    auto n = world_.Run(answer.body->Read(buffer));
    if (!n) return Fail(std::move(n).error());
    return std::string(reinterpret_cast<const char*>(buffer.data()), *n);
  }
  void ExpectRemote(const Result<GetAnswer>& answer, Code code, int status, std::string_view s3_code) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), code) << answer.error().ToString();
    ASSERT_NE(answer.error().remote(), nullptr) << answer.error().ToString();
    EXPECT_EQ(answer.error().remote()->status, status);
    EXPECT_EQ(answer.error().remote()->code, s3_code);
  }

  fs::path root_;
  sim::SimWorld world_{1};
  sim::SimExecutor& pool_ = world_.MakeExecutor("disk");
  MovableClock clock_;
  std::unique_ptr<io::FileSystem> file_system_;
  std::unique_ptr<Origin> origin_;
};

TEST_F(FileOriginTest, ReadsOnThePoolOnly) {
  Write("dir/a.txt", "hello");
  auto answer = Get("dir/a.txt");
  ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
  EXPECT_EQ(answer->meta.size, 5u);
  EXPECT_EQ(answer->meta.version.kind, VersionKind::kStat);
  EXPECT_FALSE(answer->meta.uncacheable);
  EXPECT_EQ(pool_.jobs(), 1u);
  EXPECT_EQ(ReadOnce(*answer, 100).value(), "hello");
  EXPECT_EQ(pool_.jobs(), 2u);
  EXPECT_EQ(ReadOnce(*answer, 100).value(), "");
}

TEST_F(FileOriginTest, AYoungFileIsNotToBeKept) {
  Write("a", "hello");
  clock_.ahead = {};
  EXPECT_TRUE(Get("a").value().meta.uncacheable);
}

TEST_F(FileOriginTest, WhatIsNoRegularFileIsNoSuchKey) {
  Write("dir/a", "x");
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  for (const char* key : {"dir", "pipe", "missing", "dir/missing", "dir/a/below", "dir/", "/dir/a", "dir//a",
                          "../bucket/dir/a", "./dir/a", ""}) {
    SCOPED_TRACE(key);
    ExpectRemote(Get(key), Code::kNotFound, 404, "NoSuchKey");
  }
  ExpectRemote(Get(std::string(300, 'x')), Code::kNotFound, 404, "NoSuchKey");
  ExpectRemote(Get(std::string("dir/a\0x", 7)), Code::kNotFound, 404, "NoSuchKey");
}

TEST_F(FileOriginTest, LinksLeadNowhere) {
  std::ofstream(root_ / "secret") << "secret";
  Write("dir/a", "x");
  fs::create_symlink(root_ / "secret", Path("outside"));
  fs::create_symlink("dir/a", Path("inside"));
  fs::create_directory_symlink(root_, Path("up"));
  fs::create_directory_symlink(root_ / "data/bucket", root_ / "data/linked");
  ExpectRemote(Get("outside"), Code::kNotFound, 404, "NoSuchKey");
  ExpectRemote(Get("inside"), Code::kNotFound, 404, "NoSuchKey");
  ExpectRemote(Get("up/secret"), Code::kNotFound, 404, "NoSuchKey");
  ExpectRemote(Get("dir/a", "linked"), Code::kNotFound, 404, "NoSuchBucket");
}

TEST_F(FileOriginTest, ABucketIsADirectoryOfItsOwn) {
  std::ofstream(root_ / "data/file") << "x";
  for (const char* bucket : {"missing", "file", "..", ".", "", "bucket/dir"}) {
    SCOPED_TRACE(bucket);
    ExpectRemote(Get("k", bucket), Code::kNotFound, 404, "NoSuchBucket");
  }
}

TEST_F(FileOriginTest, AFileThatChangesWhileItIsReadIsAnError) {
  Write("a", "0123456789");
  auto answer = Get("a");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(ReadOnce(*answer, 5).value(), "01234");
  Write("a", "abcdefghij");
  auto rest = ReadOnce(*answer, 5);
  ASSERT_FALSE(rest.has_value());
  EXPECT_EQ(rest.error().code(), Code::kPreconditionFailed);
  EXPECT_EQ(ReadOnce(*answer, 5).error().code(), Code::kPreconditionFailed) << "a dead body stays dead";
}

TEST_F(FileOriginTest, AFileThatIsCutShortWhileItIsReadIsAnError) {
  Write("a", "0123456789");
  auto answer = Get("a");
  ASSERT_EQ(::truncate(Path("a").c_str(), 3), 0);
  EXPECT_EQ(ReadOnce(*answer, 100).error().code(), Code::kPreconditionFailed);
}

TEST_F(FileOriginTest, AnotherVersionIsRefused) {
  Write("a", "one");
  const Version first = Get("a").value().meta.version;
  fs::remove(Path("a"));
  Write("a", "two!");
  GetRequest request = Request("a");
  request.if_match = first;
  ExpectRemote(Get(request), Code::kPreconditionFailed, 412, "PreconditionFailed");
}

TEST_F(FileOriginTest, FilesHaveNoVersionIdsButNull) {
  Write("a", "one");
  GetRequest request = Request("a");
  request.version_id = "null";
  EXPECT_TRUE(Get(request).has_value());
  request.version_id = "abc";
  ExpectRemote(Get(request), Code::kNotFound, 404, "NoSuchVersion");
}

TEST_F(FileOriginTest, AFileIsItsOwnFirstAndOnlyPart) {
  Write("a", "one");
  GetRequest request = Request("a");
  request.part_number = 1;
  EXPECT_EQ(Get(request).value().range, (ByteRange{0, 3}));
  request.part_number = 2;
  ExpectRemote(Get(request), Code::kInvalidArgument, 416, "InvalidPartNumber");
}

TEST_F(FileOriginTest, ACancelledRequestEnds) {
  Write("a", "one");
  CancelSource source;
  RequestContext context;
  context.cancel = source.token();
  auto answer = world_.Run(origin_->Get(Request("a"), context));
  ASSERT_TRUE(answer.has_value());
  source.Cancel();
  EXPECT_EQ(ReadOnce(*answer, 5).error().code(), Code::kCancelled);
  EXPECT_EQ(world_.Run(origin_->Get(Request("a"), context)).error().code(), Code::kCancelled);
}

TEST_F(FileOriginTest, ItListsByItsOwnMeans) {
  Write("dir/a", "one");
  auto list = world_.Run(origin_->Forward({.operation = "ListObjectsV2", .bucket = BucketName("bucket")}, {}));
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->status, 200);
  EXPECT_NE(list->body.find("<Key>dir/a</Key>"), std::string::npos) << list->body;
  // The list and the object say the same ETag.
  EXPECT_NE(list->body.find("&quot;" + Get("dir/a")->meta.etag.value.substr(1, 32) + "&quot;"), std::string::npos);
}

}  // namespace
}  // namespace hearth::origin
