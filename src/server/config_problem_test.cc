#include "server/config_problem.h"

#include <gtest/gtest.h>

namespace hearth::server {
namespace {

TEST(ConfigProblem, SaysWhereAndWhat) {
  EXPECT_EQ((ConfigProblem{{.source = "hearth.yaml", .line = 3}, "is wrong"}.ToString()), "hearth.yaml:3: is wrong");
  EXPECT_EQ((ConfigProblem{{.source = "--listen"}, "is wrong"}.ToString()), "--listen: is wrong");
}

TEST(ConfigProblem, ProblemsOfOneSourceAreInTheOrderOfLines) {
  ConfigProblems problems{{{.source = "--listen"}, "a"},
                          {{.source = "f", .line = 9}, "b"},
                          {{.source = "f", .line = 2}, "c"},
                          {{.source = "--listen"}, "d"},
                          {{.source = "f", .line = 2}, "e"}};
  SortByPlace(problems);
  std::string order;
  for (const ConfigProblem& problem : problems) order += problem.message;
  EXPECT_EQ(order, "adceb");
}

TEST(NearestName, FindsTheNameThatWasMeant) {
  const std::vector<std::string_view> known{"block_size", "sub_block_size", "eviction", "dirs", "high_watermark"};
  EXPECT_EQ(NearestName("blocksize", known), "block_size");
  EXPECT_EQ(NearestName("block-size", known), "block_size");
  EXPECT_EQ(NearestName("BLOCK_SIZE", known), "block_size");
  EXPECT_EQ(NearestName("evicton", known), "eviction");
  EXPECT_EQ(NearestName("dir", known), "dirs");
  EXPECT_EQ(NearestName("dris", known), "dirs");
  EXPECT_EQ(NearestName("high_water_mark", known), "high_watermark");
}

TEST(NearestName, IsSilentWhereNothingIsNear) {
  EXPECT_EQ(NearestName("telemetry", {"dirs", "eviction"}), "");
  EXPECT_EQ(NearestName("", {"dirs"}), "");
  EXPECT_EQ(NearestName("x", {"dirs"}), "");
  EXPECT_EQ(NearestName("dirs", {}), "");
  EXPECT_EQ(NearestName(std::string(100000, 'd'), {"dirs"}), "");
}

}  // namespace
}  // namespace hearth::server
