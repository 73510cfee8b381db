#include "read/version_selector.h"

#include <gtest/gtest.h>

namespace hearth::read {
namespace {

using Kind = VersionSelector::Kind;

VersionSelector Parse(std::string_view text, bool generations = false) {
  const Result<VersionSelector> parsed = ParseVersionSelector(text, generations);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(VersionSelector{});
}

TEST(VersionSelector, PrefixesSayWhatIsMeant) {
  EXPECT_EQ(Parse("etag:abc"), (VersionSelector{Kind::kETag, "\"abc\""}));
  EXPECT_EQ(Parse("etag:\"abc\""), (VersionSelector{Kind::kETag, "\"abc\""}));
  EXPECT_EQ(Parse("generation:17"), (VersionSelector{Kind::kGeneration, "17"}));
  EXPECT_EQ(Parse("version-id:3sL4"), (VersionSelector{Kind::kVersionId, "3sL4"}));
  EXPECT_EQ(Parse("label:d41d8cd98f00b204e9800998ecf8427e"),
            (VersionSelector{Kind::kLabel, "d41d8cd98f00b204e9800998ecf8427e"}));
}

TEST(VersionSelector, BareTextIsAnETagWhenItLooksLikeOneAndElseALabel) {
  EXPECT_EQ(Parse("\"v1\""), (VersionSelector{Kind::kETag, "\"v1\""}));
  EXPECT_EQ(Parse("d41d8cd98f00b204e9800998ecf8427e").kind, Kind::kETag);
  EXPECT_EQ(Parse("d41d8cd98f00b204e9800998ecf8427e-12").value, "\"d41d8cd98f00b204e9800998ecf8427e-12\"");
  EXPECT_EQ(Parse("d41d8cd98f00b204e9800998ecf8427e-").kind, Kind::kLabel);
  EXPECT_EQ(Parse("v1"), (VersionSelector{Kind::kLabel, "v1"}));
  EXPECT_EQ(Parse(""), VersionSelector{});
}

TEST(VersionSelector, BareDigitsAreAGenerationOnlyWhereThereAreGenerations) {
  EXPECT_EQ(Parse("1234", true).kind, Kind::kGeneration);
  EXPECT_EQ(Parse("1234", false).kind, Kind::kLabel);
}

TEST(VersionSelector, NothingAfterAPrefixOrAGenerationThatIsNoNumberIsRefused) {
  for (const char* text : {"etag:", "label:", "generation:", "generation:x1", "version-id:"}) {
    EXPECT_FALSE(ParseVersionSelector(text, true).has_value()) << text;
  }
}

TEST(VersionSelector, OnlySelectorsThatNameAVersionHaveMetadataOfTheirOwn) {
  EXPECT_EQ(Parse("").MetadataKey(), "");
  EXPECT_EQ(Parse("\"x\"").MetadataKey(), "");
  EXPECT_NE(Parse("label:a").MetadataKey(), Parse("version-id:a").MetadataKey());
}

}  // namespace
}  // namespace hearth::read
