#include "front/s3/operation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "front/web/request_metrics.h"

namespace hearth::front {
namespace {

using testing::HasSubstr;

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
  EXPECT_EQ(NameOf("PUT", Scope::kBucket, {{"cors", ""}}), "PutBucketCors");
}

TEST(Operation, BothVersionsOfListingAreForwardedAndNeedTheRightToList) {
  for (const http::QueryList& query : {http::QueryList{{"list-type", "2"}}, http::QueryList{{"prefix", "a"}}, {}}) {
    const Operation operation = ClassifyOperation("GET", Scope::kBucket, query);
    EXPECT_EQ(operation.support, Support::kForward);
    EXPECT_EQ(operation.action, gate::Action::kList);
    EXPECT_TRUE(operation.lists_prefix);
  }
  EXPECT_FALSE(ClassifyOperation("HEAD", Scope::kBucket, {}).lists_prefix);
  EXPECT_EQ(ClassifyOperation("GET", Scope::kBucket, {{"policy", ""}}).action, gate::Action::kRead);
}

TEST(Operation, WhatReadsIsServedAndWhatWritesIsNot) {
  for (const OperationRow& row : OperationTable()) {
    const bool reads = row.method == "GET" || row.method == "HEAD";
    if (row.operation.name == "CreateSession" || row.operation.name == "SelectObjectContent") continue;
    EXPECT_EQ(row.operation.support != Support::kNotImplemented, reads) << row.operation.name;
    EXPECT_EQ(row.operation.action == gate::Action::kWrite, !reads) << row.operation.name;
  }
}

TEST(Operation, TheTableNamesEachRequestOnce) {
  std::set<std::tuple<std::string_view, Scope, std::string_view>> seen;
  for (const OperationRow& row : OperationTable()) {
    EXPECT_TRUE(seen.emplace(row.method, row.scope, row.query).second) << row.operation.name;
    http::QueryList query;
    if (!row.query.empty()) query.emplace_back(row.query, "");
    EXPECT_EQ(NameOf(row.method, row.scope, query), row.operation.name) << "hidden by a row before it";
  }
}

TEST(Operation, EveryOperationCanBeCounted) {
  telemetry::Registry registry;
  RequestMetrics metrics(registry, "s3");
  for (const OperationRow& row : OperationTable()) metrics.Of(row.operation.name, kCacheNone);
  EXPECT_EQ(&metrics.Of("Unknown", kCacheNone), &metrics.Of("Unknown", kCacheNone));
}

TEST(Operation, OtherMethodsAreUnknownAndNotImplemented) {
  for (const char* method : {"PATCH", "OPTIONS", "TRACE"}) {
    EXPECT_EQ(NameOf(method, Scope::kObject), "Unknown") << method;
    EXPECT_EQ(ClassifyOperation(method, Scope::kObject, {}).support, Support::kNotImplemented) << method;
    EXPECT_EQ(ClassifyOperation(method, Scope::kObject, {}).action, gate::Action::kWrite) << method;
  }
}

TEST(Operation, AQueryThatCouldMeanTwoThingsIsAConflict) {
  EXPECT_EQ(FindConflict("GET", Scope::kBucket, {{"list-type", "2"}, {"prefix", "a"}, {"delimiter", "/"}}), "");
  EXPECT_EQ(FindConflict("GET", Scope::kObject, {{"uploadId", "u"}, {"max-parts", "3"}}), "");
  // The right to list would have opened the policy.
  EXPECT_THAT(FindConflict("GET", Scope::kBucket, {{"policy", ""}, {"list-type", "2"}}),
              HasSubstr("list-type, policy"));
  EXPECT_THAT(FindConflict("GET", Scope::kBucket, {{"prefix", "mine/"}, {"prefix", "yours/"}}), HasSubstr("prefix"));
}

}  // namespace
}  // namespace hearth::front
