// Reads that name their version: ETags, version ids and labels.
#include <gtest/gtest.h>

#include <list>

#include "read/read_world_for_test.h"

namespace hearth::read {
namespace {

using Kind = VersionSelector::Kind;
using std::chrono::seconds;

constexpr std::uint64_t kSize = 300'000;

class NamedVersionTest : public testing::Test {
 protected:
  NamedVersionTest() { Make({}); }
  void Make(sim::FakeOriginOptions options) {
    w.emplace(1, std::move(options));
    w->rules = {{.mode = FreshnessMode::kTtl, .ttl = seconds(10), .stale_if_error = seconds(10)}};
    w->Open();
  }
  Answer ReadLabel(const std::string& label, http::RangeSpec range = http::WholeObject{}) {
    return w->Read(w->Named(Kind::kLabel, label, range));
  }
  Answer ReadETag(std::uint64_t version, http::RangeSpec range = http::WholeObject{}) {
    return w->Read(w->Named(Kind::kETag, TestETag(version), range));
  }
  Answer ReadVersion(const std::string& id, http::RangeSpec range = http::WholeObject{}) {
    return w->Read(w->Named(Kind::kVersionId, id, range));
  }

  std::optional<ReadWorld> w;
};

// --- labels ---

TEST_F(NamedVersionTest, ALabelKeepsTheVersionOfItsFirstRead) {
  w->fake->Put("b", "k", kSize);
  ExpectBytes(ReadLabel("v1"), 1, {0, kSize});
  w->Settle();
  w->fake->Put("b", "k", kSize);
  w->world.RunFor(seconds(60));
  const std::uint64_t heads = w->heads();
  const Answer later = ReadLabel("v1");
  ExpectBytes(later, 1, {0, kSize});
  EXPECT_EQ(later.cache, CacheStatus::kHit);
  EXPECT_EQ(w->heads(), heads) << "a label needs no revalidation";
  ExpectBytes(w->Read(), 2, {0, kSize});
  ExpectBytes(ReadLabel("v2"), 2, {0, kSize});
}

TEST_F(NamedVersionTest, ALabelOfAVersionThatIsGoneNamesBothETags) {
  w->fake->Put("b", "k", kSize);
  ReadLabel("v1", http::ClosedRange{0, 9});
  w->Settle();
  w->fake->Put("b", "k", kSize);
  const Answer gone = ReadLabel("v1", http::OpenRange{200'000});
  ASSERT_TRUE(gone.error);
  EXPECT_EQ(gone.error->code(), Code::kPreconditionFailed);
  EXPECT_EQ(gone.error->message(), "label v1 is ETag " + TestETag(1) + ", the origin has " + TestETag(2));
  ExpectBytes(ReadLabel("v1", http::ClosedRange{0, 9}), 1, {0, 10});
}

TEST_F(NamedVersionTest, ALabelOfADeletedObjectIsAFailedPrecondition) {
  w->fake->Put("b", "k", kSize);
  ReadLabel("v1", http::ClosedRange{0, 9});
  w->Settle();
  w->fake->Delete("b", "k");
  const Answer gone = ReadLabel("v1", http::OpenRange{200'000});
  EXPECT_EQ(gone.error->code(), Code::kPreconditionFailed);
  EXPECT_EQ(gone.error->message(), "label v1 is ETag " + TestETag(1) + ", the origin has no such object");
  EXPECT_EQ(ReadLabel("v2").error->code(), Code::kNotFound) << "there is nothing to bind";
}

TEST_F(NamedVersionTest, ALabelIsBoundToWhatTheOriginHasAndNotToWhatIsRemembered) {
  w->fake->Put("b", "k", kSize);
  w->Read();
  w->fake->Put("b", "k", kSize);
  ExpectBytes(ReadLabel("v2"), 2, {0, kSize});
}

TEST_F(NamedVersionTest, ALabelIsNotBoundToSomethingStale) {
  w->fake->Put("b", "k", kSize);
  w->Read();
  w->world.RunFor(seconds(12));
  w->fake->HangUp();
  ExpectBytes(w->Read(), 1, {0, kSize});
  EXPECT_EQ(ReadLabel("v1").error->code(), Code::kUnavailable);
  w->fake->Restart();
  w->fake->Put("b", "k", kSize);
  ExpectBytes(ReadLabel("v1"), 2, {0, kSize});
}

TEST_F(NamedVersionTest, ALabelSurvivesAPowerCutAndNoEviction) {
  w->fake->Put("b", "k", kSize);
  ReadLabel("v1");
  w->fake->Put("b", "k", kSize);
  w->Crash(sim::CrashKind::kPowerLoss);
  const Answer gone = ReadLabel("v1", http::OpenRange{200'000});
  if (gone.error) {  // the blocks need not be durable
    EXPECT_EQ(gone.error->message(), "label v1 is ETag " + TestETag(1) + ", the origin has " + TestETag(2));
  } else {
    ExpectBytes(gone, 1, {200'000, kSize});
  }
  w->world.Run(w->reader->Evict(w->entry, TestObject(), {}));
  ExpectBytes(ReadLabel("v1"), 2, {0, kSize});
}

TEST_F(NamedVersionTest, ManyFirstReadsOfALabelShareOneTransferAndOneBinding) {
  w->fake->Put("b", "k", kSize);
  std::list<Answer> answers;
  for (int i = 0; i < 10; ++i) w->Start(w->Named(Kind::kLabel, "v1"), answers.emplace_back());
  w->Finish();
  for (const Answer& answer : answers) ExpectBytes(answer, 1, {0, kSize});
  EXPECT_EQ(w->gets(), 1u);
}

TEST_F(NamedVersionTest, ALabelOnABucketWithVersionsKeepsToItsVersion) {
  Make({.versioned = true});
  w->fake->Put("b", "k", kSize);
  ReadLabel("v1", http::ClosedRange{0, 9});
  w->fake->Put("b", "k", kSize);
  ExpectBytes(ReadLabel("v1", http::OpenRange{200'000}), 1, {200'000, kSize});
}

TEST_F(NamedVersionTest, AVersionThatCannotBeToldIsNotBound) {
  w->fake->Put("b", "k", kSize);
  w->fake->SetFaultRate(sim::OriginFault::kNoETag, 1);
  ExpectBytes(ReadLabel("v1"), 1, {0, kSize});
  w->fake->SetNoFaults();
  w->fake->Put("b", "k", kSize);
  ExpectBytes(ReadLabel("v1"), 2, {0, kSize});
}

// What a client was shown with an ETag is what the label stands for.
TEST_F(NamedVersionTest, AVersionThatShowsItselfInTheSecondAnswerIsBound) {
  w->fake->Put("b", "k", kSize);
  w->fake->FailNext(sim::OriginFault::kNoETag);
  const Answer first = ReadLabel("v1", http::SuffixRange{10});  // a HEAD, then a GET
  ExpectBytes(first, 1, {kSize - 10, kSize});
  EXPECT_EQ(first.etag(), TestETag(1));
  w->fake->Put("b", "k", kSize);
  EXPECT_EQ(ReadLabel("v1", http::ClosedRange{0, 9}).error->code(), Code::kPreconditionFailed);
}

// --- ETags ---

TEST_F(NamedVersionTest, AnETagIsAPrecondition) {
  w->fake->Put("b", "k", kSize);
  ExpectBytes(ReadETag(1), 1, {0, kSize});
  const Answer other = ReadETag(2);
  EXPECT_EQ(other.error->code(), Code::kPreconditionFailed);
  w->fake->Put("b", "k", kSize);
  ExpectBytes(ReadETag(2), 2, {0, kSize});
}

TEST_F(NamedVersionTest, AnETagThatIsKnownNeedsNoRevalidation) {
  w->fake->Put("b", "k", kSize);
  w->Read();
  w->Settle();
  w->world.RunFor(std::chrono::hours(1));
  w->Restart();
  w->fake->HangUp();
  const Answer hit = ReadETag(1);
  ExpectBytes(hit, 1, {0, kSize});
  EXPECT_EQ(hit.cache, CacheStatus::kHit);
}

TEST_F(NamedVersionTest, AnETagThatIsReplacedWhileItIsReadIsAnErrorAndNeverOtherBytes) {
  w->fake->Put("b", "k", kSize);
  ReadETag(1, http::ClosedRange{0, 9});
  w->fake->Put("b", "k", kSize);
  EXPECT_EQ(ReadETag(1, http::OpenRange{200'000}).error->code(), Code::kPreconditionFailed);
  ExpectBytes(w->Read(), 2, {0, kSize});
}

// --- version ids ---

TEST_F(NamedVersionTest, AVersionIdIsReadOldOrCurrentWithoutRevalidation) {
  w->fake->Put("b", "k", kSize);
  w->fake->Put("b", "k", kSize + 1);
  ExpectBytes(ReadVersion("v1", http::ClosedRange{0, 9}), 1, {0, 10});
  w->fake->Put("b", "k", kSize + 2);
  ExpectBytes(ReadVersion("v1"), 1, {0, kSize});
  ExpectBytes(ReadVersion("v2"), 2, {0, kSize + 1});
  EXPECT_EQ(w->heads(), 0u);
}

TEST_F(NamedVersionTest, AVersionIdThatIsNotThereIsAFailedPreconditionInTheOriginsWords) {
  w->fake->Put("b", "k", kSize);
  const Answer gone = ReadVersion("v9");
  EXPECT_EQ(gone.error->code(), Code::kPreconditionFailed);
  ASSERT_NE(gone.error->remote(), nullptr);
  EXPECT_EQ(gone.error->remote()->code, "NoSuchVersion");
}

// A transfer is shared with readers of the current version, which has changed; the named one is there all the same.
TEST_F(NamedVersionTest, TheFailureOfAnotherReadersTransferIsNotThatOfANamedVersion) {
  w->fake->Put("b", "k", kSize);
  w->Read(w->Request(http::ClosedRange{0, 9}));
  ReadVersion("v1", http::ClosedRange{0, 9});
  w->fake->Delete("b", "k");
  Answer current;
  Answer named;
  w->Start(w->Request(http::OpenRange{200'000}), current);
  w->world.RunFor(std::chrono::milliseconds(1));
  w->Start(w->Named(Kind::kVersionId, "v1", http::OpenRange{200'000}), named);
  w->Finish();
  ExpectBytes(named, 1, {200'000, kSize});
}

}  // namespace
}  // namespace hearth::read
