#include "export/metrics_doc.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/catalogue.h"

namespace hearth {
namespace {

using ::testing::HasSubstr;

std::filesystem::path PageInDocs() {
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "docs" / "metrics.md";
}

TEST(MetricsDoc, NamesEveryFamilyAndLabel) {
  const std::string page = MetricsMarkdown();
  for (const telemetry::FamilyInfo& info : telemetry::kFamilies) {
    EXPECT_THAT(page, HasSubstr("| `" + std::string(info.name) + "` |"));
    EXPECT_THAT(page, HasSubstr(std::string(info.help)));
  }
  for (const telemetry::LabelInfo& label : telemetry::kLabels) {
    EXPECT_THAT(page, HasSubstr("\n| `" + std::string(label.name) + "` | "));
  }
}

TEST(MetricsDoc, ThePageInDocsIsTheOneOfThisCatalogue) {
  if (std::getenv("HEARTH_WRITE_GOLDEN") != nullptr) std::ofstream(PageInDocs()) << MetricsMarkdown();
  std::ifstream file(PageInDocs());
  std::ostringstream written;
  written << file.rdbuf();
  EXPECT_EQ(written.str(), MetricsMarkdown()) << "run export_test with HEARTH_WRITE_GOLDEN=1";
}

}  // namespace
}  // namespace hearth
