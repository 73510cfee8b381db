#include "origin/file_operations.h"

#include <gtest/gtest.h>

#include <set>

namespace hearth::origin {
namespace {

TEST(FileOperations, EachIsThereOnceAndIsFoundByItsName) {
  std::set<std::string_view> names;
  for (const FileOperation& operation : FileOperations()) {
    EXPECT_TRUE(names.insert(operation.name).second) << operation.name;
    EXPECT_EQ(FindFileOperation(operation.name), &operation);
  }
  EXPECT_EQ(FindFileOperation("GetObjectAcl"), nullptr);
  EXPECT_EQ(FindFileOperation(""), nullptr);
}

TEST(FileOperations, ErrorsHaveACodeAndDocumentsAreXml) {
  for (const FileOperation& operation : FileOperations()) {
    if (operation.kind != FileOperation::Kind::kFixed) continue;
    EXPECT_EQ(operation.status == 200, operation.code.empty()) << operation.name;
    if (operation.status == 200 && !operation.text.empty()) EXPECT_TRUE(operation.text.starts_with('<'));
  }
}

}  // namespace
}  // namespace hearth::origin
