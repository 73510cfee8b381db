#include "front/s3/operation.h"

#include <gtest/gtest.h>

namespace hearth::front {
namespace {

std::string_view NameOf(std::string_view method, Scope scope, const http::QueryList& query = {}) {
  return ClassifyOperation(method, scope, query).name;
}

TEST(Operation, ReadsOfObjectsAreRecognizedWithAndWithoutHarmlessParameters) {
  EXPECT_EQ(ClassifyOperation("GET", Scope::kObject, {}).support, Support::kGetObject);
  EXPECT_EQ(ClassifyOperation("GET", Scope::kObject, {{"x-id", "GetObject"}}).support, Support::kGetObject);
  EXPECT_EQ(ClassifyOperation("GET", Scope::kObject, {{"versionId", "v"}}).support, Support::kGetObject);
  EXPECT_EQ(ClassifyOperation("HEAD", Scope::kObject, {}).support, Support::kHeadObject);
}

TEST(Operation, ASubresourceIsAnotherOperation) {
  EXPECT_EQ(NameOf("GET", Scope::kObject, {{"tagging", ""}}), "GetObjectTagging");
  EXPECT_EQ(NameOf("GET", Scope::kObject, {{"uploadId", "u"}}), "ListParts");
  EXPECT_EQ(NameOf("GET", Scope::kBucket, {{"location", ""}}), "GetBucketLocation");
  EXPECT_EQ(NameOf("PUT", Scope::kObject, {{"partNumber", "1"}, {"uploadId", "u"}}), "UploadPart");
}

TEST(Operation, OnlyTheSecondVersionOfListingIsSupported) {
  EXPECT_EQ(ClassifyOperation("GET", Scope::kBucket, {{"list-type", "2"}}).support, Support::kListObjectsV2);
  EXPECT_EQ(ClassifyOperation("GET", Scope::kBucket, {{"prefix", "a"}}).support, Support::kNotImplemented);
}

TEST(Operation, WhatWritesIsKnownAndNotImplemented) {
  for (const char* method : {"PUT", "POST", "DELETE"}) {
    EXPECT_EQ(ClassifyOperation(method, Scope::kObject, {}).support, Support::kNotImplemented) << method;
  }
}

TEST(Operation, OtherMethodsAreUnknownAndNotImplemented) {
  for (const char* method : {"PATCH", "OPTIONS", "TRACE"}) {
    EXPECT_EQ(NameOf(method, Scope::kObject), "Unknown") << method;
    EXPECT_EQ(ClassifyOperation(method, Scope::kObject, {}).support, Support::kNotImplemented) << method;
  }
}

}  // namespace
}  // namespace hearth::front
