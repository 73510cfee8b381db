#include "origin/origin_health.h"

#include <gtest/gtest.h>

namespace hearth::origin {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Error kRefused(Code::kUnavailable, "refused");
constexpr TimePoint kStart{std::chrono::hours(1)};

TEST(OriginHealth, OnlyTheOriginsOwnFailuresCount) {
  EXPECT_TRUE(OriginHealth::IsFailure(kRefused));
  EXPECT_TRUE(OriginHealth::IsFailure(Error(Code::kDeadlineExceeded, "silent")));
  EXPECT_TRUE(OriginHealth::IsFailure(Error(Code::kUnavailable, "500", RemoteError{500, "InternalError", ""})));
  EXPECT_FALSE(OriginHealth::IsFailure(Error(Code::kThrottled, "503", RemoteError{503, "SlowDown", ""})));
  EXPECT_FALSE(OriginHealth::IsFailure(Error(Code::kNotFound, "404", RemoteError{404, "NoSuchKey", ""})));
  EXPECT_FALSE(OriginHealth::IsFailure(Error(Code::kCancelled, "the client left")));
  EXPECT_FALSE(OriginHealth::IsFailure(Error(Code::kPreconditionFailed, "changed")));
}

TEST(OriginHealth, GoesDownAfterFailuresInARowAndComesBackWithTheFirstWord) {
  OriginHealth health;
  for (int i = 1; i < OriginHealth::kFailuresMax; ++i) EXPECT_FALSE(health.NoteFailed(kStart, kRefused));
  EXPECT_FALSE(health.down());
  EXPECT_TRUE(health.NoteFailed(kStart, kRefused)) << "a prober is to be started";
  EXPECT_TRUE(health.down());
  EXPECT_FALSE(health.NoteFailed(kStart, kRefused)) << "one is enough";
  const Error error = health.DownError(kStart + seconds(7));
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_NE(error.message().find("7 s"), std::string::npos) << error.message();
  EXPECT_NE(error.message().find("refused"), std::string::npos) << error.message();
  health.NoteHeard(kStart + seconds(8));
  EXPECT_FALSE(health.down());
  EXPECT_FALSE(health.NoteFailed(kStart + seconds(20), kRefused)) << "counted from the beginning again";
}

TEST(OriginHealth, FailuresBetweenGoodAnswersDoNotMakeItDown) {
  OriginHealth health;
  for (int i = 0; i < 100; ++i) {
    for (int j = 1; j < OriginHealth::kFailuresMax; ++j) EXPECT_FALSE(health.NoteFailed(kStart, kRefused));
    health.NoteHeard(kStart);
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(health.NoteFailed(kStart + milliseconds(999), kRefused)) << "it spoke a moment ago";
  }
  EXPECT_TRUE(health.NoteFailed(kStart + seconds(1), kRefused));
}

}  // namespace
}  // namespace hearth::origin
