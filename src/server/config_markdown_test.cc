#include "server/config_markdown.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "server/config_schema.h"
#include "server/flags.h"

namespace hearth::server {
namespace {

using ::testing::HasSubstr;

std::filesystem::path PageInDocs() {
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path() / "docs" / "configuration.md";
}

TEST(ConfigurationMarkdown, NamesEverySettingAndFlag) {
  const std::string page = ConfigurationMarkdown();
  for (const Section& section : ConfigSchema()) {
    for (const Field& field : section.fields) {
      EXPECT_THAT(page, HasSubstr("| `" + PathOf(section, field) + "` |"));
      for (const Field& part : field.record) EXPECT_THAT(page, HasSubstr("| `" + std::string(part.name) + "` |"));
    }
  }
  for (const FlagInfo& flag : ServeFlagTable()) EXPECT_THAT(page, HasSubstr("| `" + std::string(flag.name)));
}

TEST(ConfigurationMarkdown, ThePageInDocsIsTheOneOfThisTable) {
  if (std::getenv("HEARTH_WRITE_GOLDEN") != nullptr) std::ofstream(PageInDocs()) << ConfigurationMarkdown();
  std::ifstream file(PageInDocs());
  std::ostringstream written;
  written << file.rdbuf();
  EXPECT_EQ(written.str(), ConfigurationMarkdown()) << "run server_test with HEARTH_WRITE_GOLDEN=1";
}

}  // namespace
}  // namespace hearth::server
