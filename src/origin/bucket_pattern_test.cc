#include "origin/bucket_pattern.h"

#include <gtest/gtest.h>

#include <vector>

namespace hearth::origin {
namespace {

TEST(BucketPattern, AStarStandsForAnyRunOfBytes) {
  EXPECT_TRUE(MatchesPattern("*", ""));
  EXPECT_TRUE(MatchesPattern("*", "models"));
  EXPECT_TRUE(MatchesPattern("mod*", "models"));
  EXPECT_TRUE(MatchesPattern("*els", "models"));
  EXPECT_TRUE(MatchesPattern("m*d*s", "models"));
  EXPECT_TRUE(MatchesPattern("*a*ab", "aaaaab"));
  EXPECT_TRUE(MatchesPattern("models**", "models"));
}

TEST(BucketPattern, TheRestIsComparedExactly) {
  EXPECT_FALSE(MatchesPattern("", "models"));
  EXPECT_TRUE(MatchesPattern("", ""));
  EXPECT_FALSE(MatchesPattern("model", "models"));
  EXPECT_FALSE(MatchesPattern("models", "model"));
  EXPECT_FALSE(MatchesPattern("Models", "models"));
  EXPECT_FALSE(MatchesPattern("m.dels", "models"));
  EXPECT_FALSE(MatchesPattern("m*x", "models"));
}

TEST(BucketPattern, ManyStarsEndInTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(MatchesPattern(pattern + "b", std::string(10000, 'a')));
}

TEST(BucketPattern, OneOfThePatternsIsEnough) {
  const std::vector<std::string> patterns{"data", "models-*"};
  EXPECT_TRUE(MatchesBucket(patterns, BucketName("models-v1")));
  EXPECT_FALSE(MatchesBucket(patterns, BucketName("other")));
  EXPECT_FALSE(MatchesBucket({}, BucketName("other")));
}

}  // namespace
}  // namespace hearth::origin
