#include "origin/file_forward.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pugixml.hpp>

#include "origin/file_operations.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"

namespace hearth::origin {
namespace {

using testing::HasSubstr;
using testing::Not;

class FileForwardTest : public testing::Test {
 protected:
  FileForwardTest() {
    for (const char* directory : {"b", "b/dir", "a"}) EXPECT_TRUE(files_->MakeDirectory(directory));
    for (const char* file : {"b/dir/k", "b/k", "file"}) {
      EXPECT_TRUE(files_->Open(file, {.write = true, .create = true}));
    }
  }
  Result<ForwardAnswer> Ask(ForwardRequest request, RequestContext context = {}) {
    return world_.Run(ForwardToFiles({*files_, pool_, world_.clock()}, std::move(request), std::move(context)));
  }
  ForwardAnswer Answer(ForwardRequest request) {
    auto answer = Ask(std::move(request));
    EXPECT_TRUE(answer.has_value());
    return answer.value_or(ForwardAnswer{.status = 0});
  }
  ForwardAnswer Of(std::string operation, std::string key = {}, decltype(ForwardRequest::query) query = {}) {
    return Answer({.operation = std::move(operation),
                   .bucket = BucketName("b"),
                   .key = ObjectKey(std::move(key)),
                   .query = std::move(query)});
  }

  sim::SimWorld world_{1};
  sim::SimExecutor& pool_ = world_.MakeExecutor("disk");
  sim::SimDisk disk_{world_.clock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
};

TEST_F(FileForwardTest, BucketsAreTheSubDirectoriesInOrder) {
  const ForwardAnswer answer = Answer({.operation = "ListBuckets"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("<Name>a</Name>"));
  EXPECT_LT(answer.body.find("<Name>a</Name>"), answer.body.find("<Name>b</Name>"));
  EXPECT_THAT(answer.body, Not(HasSubstr("<Name>file</Name>")));
}

TEST_F(FileForwardTest, AListIsPagedByTokensThatNobodyElseCanMake) {
  const ForwardAnswer first = Of("ListObjectsV2", "", {{"max-keys", "1"}});
  EXPECT_THAT(first.body, HasSubstr("<Key>dir/k</Key>"));
  EXPECT_THAT(first.body, HasSubstr("<NextContinuationToken>after-dir%2Fk</NextContinuationToken>"));
  const ForwardAnswer second = Of("ListObjectsV2", "", {{"continuation-token", "after-dir%2Fk"}, {"start-after", "x"}});
  EXPECT_THAT(second.body, HasSubstr("<Key>k</Key>")) << "the token stands in for start-after";
  for (const char* token : {"", "dir/k", "after-%zz"}) {
    const ForwardAnswer bad = Of("ListObjectsV2", "", {{"continuation-token", token}});
    EXPECT_EQ(bad.status, 400) << token;
    EXPECT_THAT(bad.body, HasSubstr("<Code>InvalidArgument</Code>"));
  }
}

TEST_F(FileForwardTest, TheOlderFormsListTheSameKeys) {
  const ForwardAnswer first = Of("ListObjects", "", {{"max-keys", "1"}, {"delimiter", "/"}});
  EXPECT_THAT(first.body, HasSubstr("<NextMarker>dir/</NextMarker>"));
  EXPECT_THAT(first.body, HasSubstr("<CommonPrefixes><Prefix>dir/</Prefix></CommonPrefixes>"));
  EXPECT_THAT(Of("ListObjects", "", {{"marker", "dir/"}, {"delimiter", "/"}}).body, HasSubstr("<Key>k</Key>"));
  EXPECT_THAT(Of("ListObjectVersions").body, HasSubstr("<Version><Key>dir/k</Key><VersionId>null</VersionId>"));
}

TEST_F(FileForwardTest, EveryAnswerIsADocumentAboutSomethingThatExists) {
  for (const FileOperation& operation : FileOperations()) {
    if (operation.kind != FileOperation::Kind::kFixed) continue;
    const bool of_object = operation.name.contains("Object") && !operation.name.contains("Objects") &&
                           operation.name != "GetObjectLockConfiguration";
    const ForwardAnswer answer = Of(std::string(operation.name), of_object ? "k" : "");
    EXPECT_EQ(answer.status, operation.status) << operation.name;
    pugi::xml_document document;
    if (!answer.body.empty()) EXPECT_TRUE(document.load_string(answer.body.c_str())) << answer.body;
    if (!operation.code.empty()) EXPECT_EQ(document.child("Error").child_value("Code"), operation.code);
    const ForwardAnswer missing =
        Answer({.operation = std::string(operation.name), .bucket = BucketName("none"), .key = {}});
    EXPECT_EQ(missing.status, 404) << operation.name;
    EXPECT_THAT(missing.body, HasSubstr("NoSuchBucket"));
  }
  EXPECT_THAT(Of("GetObjectTagging", "nothing").body, HasSubstr("NoSuchKey"));
  EXPECT_THAT(Of("GetObjectTagging", "k", {{"versionId", "v"}}).body, HasSubstr("NoSuchVersion"));
  EXPECT_EQ(Of("GetObjectAcl", "k").status, 501);
}

TEST_F(FileForwardTest, AttributesAreThoseThatWereAskedFor) {
  ForwardRequest request{.operation = "GetObjectAttributes", .bucket = BucketName("b"), .key = ObjectKey("k")};
  EXPECT_EQ(Answer(request).status, 400);
  request.headers = {{"x-amz-object-attributes", "ObjectSize, StorageClass,Checksum"}};
  const ForwardAnswer answer = Answer(request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, HasSubstr("<StorageClass>STANDARD</StorageClass>"));
  EXPECT_THAT(answer.body, HasSubstr("<ObjectSize>0</ObjectSize>"));
  EXPECT_THAT(answer.body, Not(HasSubstr("ETag")));
  EXPECT_EQ(answer.headers.back().first, "Last-Modified");
  request.headers = {{"x-amz-object-attributes", "Colour"}};
  EXPECT_EQ(Answer(request).status, 400);
}

TEST_F(FileForwardTest, AnErrorOfTheDiskTheDeadlineAndACancelAreNoAnswers) {
  CancelSource gone;
  gone.Cancel();
  EXPECT_EQ(Ask({.operation = "ListBuckets"}, {.request_id = {}, .cancel = gone.token()}).error().code(),
            Code::kCancelled);
  const ForwardRequest list{.operation = "ListObjects", .bucket = BucketName("b")};
  EXPECT_EQ(Ask(list, {.request_id = {}, .deadline = world_.clock().Now(), .cancel = {}}).error().code(),
            Code::kDeadlineExceeded);
  disk_.SetErrorRate(sim::DiskCall::kList, 1);
  EXPECT_EQ(Ask(list).error().code(), Code::kUnavailable);
  EXPECT_EQ(Ask({.operation = "ListBuckets"}).error().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace hearth::origin
