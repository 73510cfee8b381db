#include "contract/origin_contract.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "origin/list_xml.h"

namespace hearth::contract {
namespace {

using origin::GetAnswer;
using origin::GetRequest;

Task<void> ReadBody(GetAnswer& answer, std::size_t piece, std::string& bytes, std::optional<Error>& problem) {
  std::vector<std::byte> buffer(piece);
  while (true) {
    auto n = co_await answer.body->Read(buffer);
    if (!n) {
      problem = std::move(n).error();
      co_return;
    }
    if (*n == 0) co_return;
    bytes.append(reinterpret_cast<const char*>(buffer.data()), *n);
  }
}

template <typename T>
Task<void> Keep(Task<Result<T>> task, Result<T>& into) {
  into = co_await std::move(task);
}

// A failed comparison of a mebibyte prints where, not what.
void ExpectSame(const std::string& got, const std::string& wanted) {
  ASSERT_EQ(got.size(), wanted.size());
  const auto [a, b] = std::ranges::mismatch(got, wanted);
  EXPECT_EQ(a, got.end()) << "first difference at " << (a - got.begin());
}

void ExpectMissing(const Error& error) {
  EXPECT_EQ(error.code(), Code::kNotFound) << error.ToString();
  ASSERT_NE(error.remote(), nullptr);
  EXPECT_EQ(error.remote()->status, 404);
}

}  // namespace

void OriginContract::SetUp() {
  std::string why_not;
  fixture_ = GetParam().make(why_not);
  if (fixture_ == nullptr) GTEST_SKIP() << why_not;
  bucket_ = fixture_->Bucket();
}

GetRequest OriginContract::Request(std::string key) const {
  return {
      .bucket = BucketName(bucket_), .key = ObjectKey(std::move(key)), .range = {}, .if_match = {}, .version_id = {}};
}

GetRequest OriginContract::RangeRequest(std::string key, std::uint64_t begin, std::uint64_t end) const {
  GetRequest request = Request(std::move(key));
  request.range = ByteRange{begin, end};
  return request;
}

Task<void> OriginContract::GetAndRead(origin::Origin& origin, GetRequest request, std::size_t piece, Read& read) {
  read.answer = co_await origin.Get(std::move(request), {});
  if (!read.answer) co_return;
  co_await ReadBody(*read.answer, piece, read.bytes, read.problem);
}

OriginContract::Read OriginContract::Get(GetRequest request, std::size_t piece) {
  Read read;
  fixture_->Run(GetAndRead(fixture_->origin(), std::move(request), piece, read));
  return read;
}

Result<GetAnswer> OriginContract::Open(GetRequest request) {
  Result<GetAnswer> answer = Fail(Code::kInternal, "not asked");
  fixture_->Run(Keep(fixture_->origin().Get(std::move(request), {}), answer));
  return answer;
}

Result<origin::ObjectMeta> OriginContract::Head(std::string key) {
  Result<origin::ObjectMeta> meta = Fail(Code::kInternal, "not asked");
  fixture_->Run(Keep(fixture_->origin().Head({BucketName(bucket_), ObjectKey(std::move(key)), {}}, {}), meta));
  return meta;
}

Result<std::string> OriginContract::ReadSome(GetAnswer& answer, std::size_t bytes) {
  std::vector<std::byte> buffer(bytes);
  Result<std::size_t> n = Fail(Code::kInternal, "not asked");
  fixture_->Run(Keep(answer.body->Read(buffer), n));
  if (!n) return Fail(std::move(n).error());
  return std::string(reinterpret_cast<const char*>(buffer.data()), *n);
}

void OriginContract::ReadRest(GetAnswer& answer, std::size_t piece, Read& into) {
  fixture_->Run(ReadBody(answer, piece, into.bytes, into.problem));
}

Result<origin::ForwardAnswer> OriginContract::Forward(std::string operation, http::QueryList query,
                                                      std::string method) {
  origin::ForwardRequest request{.operation = std::move(operation), .method = std::move(method)};
  if (request.operation != "ListBuckets") request.bucket = BucketName(bucket_);
  request.query = std::move(query);
  Result<origin::ForwardAnswer> answer = Fail(Code::kInternal, "not asked");
  fixture_->Run(Keep(fixture_->origin().Forward(std::move(request), {}), answer));
  return answer;
}

std::vector<std::string> OriginContract::ListAll(http::QueryList query) {
  std::vector<std::string> all;
  std::string token;
  for (int page = 0; page < 100; ++page) {
    http::QueryList paged = query;
    paged.emplace_back("list-type", "2");
    if (!token.empty()) paged.emplace_back("continuation-token", token);
    const auto answer = Forward("ListObjectsV2", std::move(paged));
    const auto listing = origin::ParseListing(answer ? answer->body : std::string());
    EXPECT_TRUE(listing.has_value()) << (answer ? answer->body : answer.error().ToString());
    if (!listing) return all;
    std::vector<std::string> names = listing->prefixes;
    for (const auto& object : listing->objects) names.push_back(object.key);
    std::ranges::sort(names);
    all.insert(all.end(), names.begin(), names.end());
    if (!listing->truncated) return all;
    token = listing->next;
  }
  ADD_FAILURE() << "the list does not end";
  return all;
}

TEST_P(OriginContract, AWholeObjectComesWithItsMetadata) {
  const std::string bytes = fixture_->Put("dir/object.txt", 3'000'001);
  const Read read = Get(Request("dir/object.txt"));
  ASSERT_TRUE(read.answer.has_value()) << read.answer.error().ToString();
  EXPECT_FALSE(read.problem.has_value());
  ExpectSame(read.bytes, bytes);
  EXPECT_EQ(read.answer->range, (ByteRange{0, bytes.size()}));
  EXPECT_EQ(read.answer->meta.size, bytes.size());
  EXPECT_TRUE(read.answer->meta.version.cacheable());
  EXPECT_TRUE(IsStrong(read.answer->meta.etag));
  EXPECT_FALSE(read.answer->meta.last_modified.empty());
}

TEST_P(OriginContract, SmallReadsGiveTheSameBytes) {
  const std::string bytes = fixture_->Put("k", 10'007);
  const Read read = Get(Request("k"), 100);
  ASSERT_TRUE(read.answer.has_value());
  ExpectSame(read.bytes, bytes);
}

TEST_P(OriginContract, ARangeCoversExactlyWhatWasAsked) {
  const std::string bytes = fixture_->Put("k", 1'000'000);
  const std::vector<ByteRange> ranges{{0, 1}, {999'999, 1'000'000}, {0, 1'000'000}, {65'535, 131'073}, {1, 999'999}};
  for (const ByteRange range : ranges) {
    SCOPED_TRACE(::testing::Message() << range.begin << "-" << range.end);
    const Read read = Get(RangeRequest("k", range.begin, range.end));
    ASSERT_TRUE(read.answer.has_value()) << read.answer.error().ToString();
    EXPECT_FALSE(read.problem.has_value());
    EXPECT_EQ(read.answer->range, range);
    EXPECT_EQ(read.answer->meta.size, bytes.size());
    ExpectSame(read.bytes, bytes.substr(range.begin, range.length()));
  }
}

TEST_P(OriginContract, ARangePastTheEndIsClipped) {
  const std::string bytes = fixture_->Put("k", 1000);
  for (const std::uint64_t end :
       {std::uint64_t{1001}, std::uint64_t{1} << 40, std::numeric_limits<std::uint64_t>::max()}) {
    const Read read = Get(RangeRequest("k", 990, end));
    ASSERT_TRUE(read.answer.has_value()) << read.answer.error().ToString();
    EXPECT_EQ(read.answer->range, (ByteRange{990, 1000}));
    ExpectSame(read.bytes, bytes.substr(990));
  }
}

TEST_P(OriginContract, ARangeThatBeginsPastTheEndIs416) {
  fixture_->Put("k", 1000);
  fixture_->Put("empty", 0);
  for (const auto& request :
       {RangeRequest("k", 1000, 1001), RangeRequest("k", 5000, 6000), RangeRequest("empty", 0, 1)}) {
    const auto answer = Open(request);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), Code::kInvalidArgument) << answer.error().ToString();
    ASSERT_NE(answer.error().remote(), nullptr);
    EXPECT_EQ(answer.error().remote()->status, 416);
  }
}

TEST_P(OriginContract, AnEmptyObjectIsAnAnswerWithoutBytes) {
  fixture_->Put("empty", 0);
  const Read read = Get(Request("empty"));
  ASSERT_TRUE(read.answer.has_value()) << read.answer.error().ToString();
  EXPECT_FALSE(read.problem.has_value());
  EXPECT_EQ(read.bytes, "");
  EXPECT_EQ(read.answer->meta.size, 0u);
  EXPECT_EQ(read.answer->range, (ByteRange{0, 0}));
}

TEST_P(OriginContract, HeadSaysWhatGetSays) {
  fixture_->Put("k.json", 12'345);
  const auto head = Head("k.json");
  ASSERT_TRUE(head.has_value()) << head.error().ToString();
  const auto get = Open(Request("k.json"));
  ASSERT_TRUE(get.has_value());
  EXPECT_EQ(head->version, get->meta.version);
  EXPECT_EQ(head->size, get->meta.size);
  EXPECT_EQ(head->etag, get->meta.etag);
  EXPECT_EQ(head->last_modified, get->meta.last_modified);
  EXPECT_EQ(head->version_id, get->meta.version_id);
  // Some servers write them in another order each time.
  EXPECT_THAT(get->meta.headers, ::testing::UnorderedElementsAreArray(head->headers));
  const auto part = Open(RangeRequest("k.json", 5, 10));
  ASSERT_TRUE(part.has_value());
  EXPECT_EQ(part->meta.version, head->version);
  EXPECT_EQ(part->meta.etag, head->etag);
  EXPECT_EQ(part->meta.last_modified, head->last_modified);
}

TEST_P(OriginContract, TheNamedVersionIsServed) {
  const std::string bytes = fixture_->Put("k", 5000);
  GetRequest request = RangeRequest("k", 10, 20);
  request.if_match = Head("k").value().version;
  const Read read = Get(request);
  ASSERT_TRUE(read.answer.has_value()) << read.answer.error().ToString();
  EXPECT_EQ(read.answer->meta.version, *request.if_match);
  ExpectSame(read.bytes, bytes.substr(10, 10));
}

TEST_P(OriginContract, AnOldVersionIsRefused) {
  fixture_->Put("k", 5000);
  const auto first = Head("k");
  ASSERT_TRUE(first.has_value());
  fixture_->Put("k", 5000);
  const auto second = Head("k");
  ASSERT_TRUE(second.has_value());
  EXPECT_NE(first->version, second->version);
  EXPECT_NE(first->etag, second->etag);
  for (GetRequest request : {Request("k"), RangeRequest("k", 10, 20)}) {
    request.if_match = first->version;
    const auto answer = Open(request);
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code(), Code::kPreconditionFailed) << answer.error().ToString();
  }
}

TEST_P(OriginContract, AnOverwriteDuringAReadNeverMixesVersions) {
  const std::string bytes = fixture_->Put("k", 20'000'000);
  auto answer = Open(Request("k"));
  ASSERT_TRUE(answer.has_value());
  Read read;
  read.bytes = ReadSome(*answer, 1000).value();
  fixture_->Put("k", 20'000'000);
  ReadRest(*answer, 1 << 20, read);
  ExpectSame(read.bytes, bytes.substr(0, read.bytes.size()));
  if (read.bytes.size() < bytes.size()) EXPECT_TRUE(read.problem.has_value()) << "ended early, and cleanly";
}

TEST_P(OriginContract, WhatIsMissingIsNotFound) {
  fixture_->Put("dir/k", 10);
  for (const char* key : {"missing", "dir/missing", "dir/k/below", "dir", "../dir/k"}) {
    SCOPED_TRACE(key);
    const auto answer = Open(Request(key));
    ASSERT_FALSE(answer.has_value());
    if (std::string_view(key).starts_with("..")) continue;  // some servers call it a bad request
    ExpectMissing(answer.error());
    EXPECT_EQ(answer.error().remote()->code, "NoSuchKey");
    const auto head = Head(key);
    ASSERT_FALSE(head.has_value());
    ExpectMissing(head.error());
  }
}

TEST_P(OriginContract, AMissingBucketIsNotFound) {
  bucket_ = "no-such-bucket-here";
  const auto answer = Open(Request("k"));
  ASSERT_FALSE(answer.has_value());
  ExpectMissing(answer.error());
  EXPECT_EQ(answer.error().remote()->code, "NoSuchBucket");
}

TEST_P(OriginContract, KeysAreOpaqueBytes) {
  std::vector<std::string> keys{"with space",
                                "plus+plus",
                                "per%cent",
                                "per%20cent",
                                "a=b&c",
                                "question?mark",
                                "hash#tag",
                                "colon:semi;",
                                "(paren)*!'",
                                "at@comma,",
                                "tilde~",
                                "quote\"<>&",
                                "caret^|`{}",
                                "back\\slash",
                                "unicode-\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa5",
                                "...dots..",
                                "dir/with space/+/%/=",
                                std::string(200, 'x') + "/" + std::string(200, 'y')};
  if (fixture_->traits().odd_paths) keys.insert(keys.end(), {"a//b", "/leading", "trailing/", "//", "./x", "a/../b"});
  for (std::size_t i = 0; i < keys.size(); ++i) {
    SCOPED_TRACE(keys[i]);
    const std::string bytes = fixture_->Put(keys[i], 1000 + i);
    const Read read = Get(Request(keys[i]));
    ASSERT_TRUE(read.answer.has_value()) << read.answer.error().ToString();
    ExpectSame(read.bytes, bytes);
    const Read part = Get(RangeRequest(keys[i], 100, 200));
    ASSERT_TRUE(part.answer.has_value()) << part.answer.error().ToString();
    ExpectSame(part.bytes, bytes.substr(100, 100));
    EXPECT_EQ(Head(keys[i]).value().size, bytes.size());
  }
}

TEST_P(OriginContract, DroppingABodyMidwayHurtsNobody) {
  const std::string bytes = fixture_->Put("k", 5'000'000);
  for (int i = 0; i < 5; ++i) {
    auto answer = Open(Request("k"));
    ASSERT_TRUE(answer.has_value());
    ExpectSame(ReadSome(*answer, 10).value().substr(0, 1), bytes.substr(0, 1));
    answer->body.reset();
  }
  ExpectSame(Get(Request("k")).bytes, bytes);
}

TEST_P(OriginContract, ConcurrentReadsGetTheirOwnBytes) {
  const std::string bytes = fixture_->Put("k", 2'000'000);
  constexpr std::size_t kReaders = 24;
  std::vector<Read> reads(kReaders);
  std::vector<Task<void>> tasks;
  const auto part = [](std::size_t i) { return ByteRange{i * 50'000, 500'000 + i * 50'000}; };
  for (std::size_t i = 0; i < kReaders; ++i) {
    tasks.push_back(
        GetAndRead(fixture_->origin(), RangeRequest("k", part(i).begin, part(i).end), 1000 * (i + 1), reads[i]));
  }
  fixture_->RunAll(std::move(tasks));
  for (std::size_t i = 0; i < kReaders; ++i) {
    ASSERT_TRUE(reads[i].answer.has_value()) << reads[i].answer.error().ToString();
    EXPECT_FALSE(reads[i].problem.has_value());
    ExpectSame(reads[i].bytes, bytes.substr(part(i).begin, part(i).length()));
  }
}

TEST_P(OriginContract, AListHoldsWhatWasPutInTheOrderOfBytes) {
  for (const char* key : {"list/b", "list/a/2", "list/a-", "list/a/1", "list/a0", "other"}) fixture_->Put(key, 10);
  const std::vector<std::string> keys{"list/a-", "list/a/1", "list/a/2", "list/a0", "list/b"};
  EXPECT_EQ(ListAll({{"prefix", "list/"}}), keys);
  EXPECT_EQ(ListAll({{"prefix", "list/"}, {"max-keys", "2"}}), keys);
  const std::vector<std::string> folded{"list/a-", "list/a/", "list/a0", "list/b"};
  EXPECT_EQ(ListAll({{"prefix", "list/"}, {"delimiter", "/"}}), folded);
  EXPECT_EQ(ListAll({{"prefix", "list/"}, {"delimiter", "/"}, {"max-keys", "1"}}), folded);
  EXPECT_EQ(ListAll({{"prefix", "list/"}, {"start-after", "list/a0"}}), (std::vector<std::string>{"list/b"}));
  EXPECT_EQ(ListAll({{"prefix", "none"}}), std::vector<std::string>());
}

TEST_P(OriginContract, AListSaysOfAnObjectWhatItsHeadSays) {
  fixture_->Put("list/k", 1234);
  const auto head = Head("list/k");
  ASSERT_TRUE(head.has_value());
  for (const char* operation : {"ListObjects", "ListObjectsV2"}) {
    http::QueryList query{{"prefix", "list/"}};
    if (std::string_view(operation) == "ListObjectsV2") query.emplace_back("list-type", "2");
    const auto answer = Forward(operation, query);
    ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
    EXPECT_EQ(answer->status, 200);
    const auto listing = origin::ParseListing(answer->body);
    ASSERT_TRUE(listing && listing->objects.size() == 1) << answer->body;
    EXPECT_EQ(listing->objects[0].key, "list/k");
    EXPECT_EQ(listing->objects[0].size, 1234u);
    EXPECT_EQ(listing->objects[0].etag, head->etag.value);
  }
}

TEST_P(OriginContract, BucketsAreListedAndLookedAt) {
  fixture_->Put("k", 1);
  const auto buckets = Forward("ListBuckets");
  ASSERT_TRUE(buckets.has_value()) << buckets.error().ToString();
  const auto listing = origin::ParseBuckets(buckets->body);
  ASSERT_TRUE(listing.has_value()) << buckets->body;
  EXPECT_THAT(listing->buckets, ::testing::Contains(::testing::Field(&origin::ListedBucket::name, bucket_)));
  EXPECT_EQ(Forward("HeadBucket", {}, "HEAD")->status, 200);
  bucket_ = "no-such-bucket-here";
  EXPECT_EQ(Forward("HeadBucket", {}, "HEAD")->status, 404);
  const auto missing = Forward("ListObjectsV2", {{"list-type", "2"}});
  ASSERT_TRUE(missing.has_value()) << "what the origin says is an answer: " << missing.error().ToString();
  EXPECT_EQ(missing->status, 404);
  EXPECT_THAT(missing->body, ::testing::HasSubstr("<Code>NoSuchBucket</Code>"));
}

TEST_P(OriginContract, ACancelledRequestEndsAsCancelled) {
  fixture_->Put("k", 20'000'000);
  CancelSource source;
  RequestContext context;
  context.cancel = source.token();
  Result<GetAnswer> answer = Fail(Code::kInternal, "not asked");
  fixture_->Run(Keep(fixture_->origin().Get(Request("k"), context), answer));
  ASSERT_TRUE(answer.has_value());
  source.Cancel();
  Read read;
  ReadRest(*answer, 1 << 20, read);
  ASSERT_TRUE(read.problem.has_value()) << "ended cleanly after " << read.bytes.size();
  EXPECT_EQ(read.problem->code(), Code::kCancelled);
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OriginContract);

}  // namespace hearth::contract
