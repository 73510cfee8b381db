#include "front/s3/operation_doc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "front/s3/operation.h"
#include "origin/file_operations.h"

namespace hearth::front {
namespace {

using testing::HasSubstr;

std::filesystem::path PageInDocs() {
  std::filesystem::path root(__FILE__);
  for (int i = 0; i < 4; ++i) root = root.parent_path();
  return root / "docs" / "s3.md";
}

TEST(OperationDoc, NamesEveryOperation) {
  const std::string page = OperationsMarkdown();
  for (const OperationRow& row : OperationTable()) {
    EXPECT_THAT(page, HasSubstr("| " + std::string(row.operation.name) + " | `" + std::string(row.method) + " /"));
  }
  EXPECT_THAT(page,
              HasSubstr("| GetBucketPolicy | `GET /BUCKET?policy` | read | passed on | 404 NoSuchBucketPolicy |"));
  EXPECT_THAT(page, HasSubstr("| PutObject | `PUT /BUCKET/KEY` | write | 501 | 501 |"));
}

TEST(OperationDoc, WhatFileOriginsAnswerIsSomethingThatIsForwarded) {
  for (const origin::FileOperation& file : origin::FileOperations()) {
    bool is_forwarded = file.name == "ListBuckets";
    for (const OperationRow& row : OperationTable()) {
      is_forwarded |= row.operation.name == file.name && row.operation.support == Support::kForward;
    }
    EXPECT_TRUE(is_forwarded) << file.name;
  }
}

TEST(OperationDoc, ThePageInDocsIsTheOneOfThisTable) {
  if (std::getenv("HEARTH_WRITE_GOLDEN") != nullptr) std::ofstream(PageInDocs()) << OperationsMarkdown();
  std::ifstream file(PageInDocs());
  std::ostringstream written;
  written << file.rdbuf();
  EXPECT_EQ(written.str(), OperationsMarkdown()) << "make docs, or run front_s3_test with HEARTH_WRITE_GOLDEN=1";
}

}  // namespace
}  // namespace hearth::front
