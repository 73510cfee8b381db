#include "front/s3/operation.h"

#include <fmt/format.h>

namespace hearth::front {
namespace {

using gate::Action;

constexpr Operation Lists(std::string_view name) { return {name, Support::kForward, Action::kList, true}; }
// Whether and where the bucket is: who may list it may know.
constexpr Operation Finds(std::string_view name) { return {name, Support::kForward, Action::kList}; }
constexpr Operation Reads(std::string_view name) { return {name, Support::kForward, Action::kRead}; }
constexpr Operation Writes(std::string_view name) { return {name, Support::kNotImplemented, Action::kWrite}; }

// First match wins; rows with a parameter come before the plain one of their method and scope.
constexpr OperationRow kRows[] = {
    {"GET", Scope::kService, "", {"ListBuckets", Support::kListBuckets, Action::kList}},

    {"GET", Scope::kBucket, "list-type", Lists("ListObjectsV2")},
    {"GET", Scope::kBucket, "versions", Lists("ListObjectVersions")},
    {"GET", Scope::kBucket, "uploads", Lists("ListMultipartUploads")},
    {"GET", Scope::kBucket, "location", Finds("GetBucketLocation")},
    {"GET", Scope::kBucket, "session", {"CreateSession", Support::kNotImplemented, Action::kRead}},
    {"GET", Scope::kBucket, "accelerate", Reads("GetBucketAccelerateConfiguration")},
    {"GET", Scope::kBucket, "acl", Reads("GetBucketAcl")},
    {"GET", Scope::kBucket, "analytics", Reads("GetBucketAnalyticsConfiguration")},
    {"GET", Scope::kBucket, "cors", Reads("GetBucketCors")},
    {"GET", Scope::kBucket, "encryption", Reads("GetBucketEncryption")},
    {"GET", Scope::kBucket, "intelligent-tiering", Reads("GetBucketIntelligentTieringConfiguration")},
    {"GET", Scope::kBucket, "inventory", Reads("GetBucketInventoryConfiguration")},
    {"GET", Scope::kBucket, "lifecycle", Reads("GetBucketLifecycleConfiguration")},
    {"GET", Scope::kBucket, "logging", Reads("GetBucketLogging")},
    {"GET", Scope::kBucket, "metadataConfiguration", Reads("GetBucketMetadataConfiguration")},
    {"GET", Scope::kBucket, "metadataTable", Reads("GetBucketMetadataTableConfiguration")},
    {"GET", Scope::kBucket, "metrics", Reads("GetBucketMetricsConfiguration")},
    {"GET", Scope::kBucket, "notification", Reads("GetBucketNotificationConfiguration")},
    {"GET", Scope::kBucket, "object-lock", Reads("GetObjectLockConfiguration")},
    {"GET", Scope::kBucket, "ownershipControls", Reads("GetBucketOwnershipControls")},
    {"GET", Scope::kBucket, "policy", Reads("GetBucketPolicy")},
    {"GET", Scope::kBucket, "policyStatus", Reads("GetBucketPolicyStatus")},
    {"GET", Scope::kBucket, "publicAccessBlock", Reads("GetPublicAccessBlock")},
    {"GET", Scope::kBucket, "replication", Reads("GetBucketReplication")},
    {"GET", Scope::kBucket, "requestPayment", Reads("GetBucketRequestPayment")},
    {"GET", Scope::kBucket, "tagging", Reads("GetBucketTagging")},
    {"GET", Scope::kBucket, "versioning", Reads("GetBucketVersioning")},
    {"GET", Scope::kBucket, "website", Reads("GetBucketWebsite")},
    {"GET", Scope::kBucket, "", Lists("ListObjects")},
    {"HEAD", Scope::kBucket, "", Finds("HeadBucket")},

    {"GET", Scope::kObject, "acl", Reads("GetObjectAcl")},
    {"GET", Scope::kObject, "attributes", Reads("GetObjectAttributes")},
    {"GET", Scope::kObject, "legal-hold", Reads("GetObjectLegalHold")},
    {"GET", Scope::kObject, "retention", Reads("GetObjectRetention")},
    {"GET", Scope::kObject, "tagging", Reads("GetObjectTagging")},
    {"GET", Scope::kObject, "torrent", Reads("GetObjectTorrent")},
    {"GET", Scope::kObject, "uploadId", Reads("ListParts")},
    {"GET", Scope::kObject, "", {"GetObject", Support::kGetObject, Action::kRead}},
    {"HEAD", Scope::kObject, "", {"HeadObject", Support::kHeadObject, Action::kRead}},
    {"POST", Scope::kObject, "select", {"SelectObjectContent", Support::kNotImplemented, Action::kRead}},

    {"PUT", Scope::kBucket, "accelerate", Writes("PutBucketAccelerateConfiguration")},
    {"PUT", Scope::kBucket, "acl", Writes("PutBucketAcl")},
    {"PUT", Scope::kBucket, "analytics", Writes("PutBucketAnalyticsConfiguration")},
    {"PUT", Scope::kBucket, "cors", Writes("PutBucketCors")},
    {"PUT", Scope::kBucket, "encryption", Writes("PutBucketEncryption")},
    {"PUT", Scope::kBucket, "intelligent-tiering", Writes("PutBucketIntelligentTieringConfiguration")},
    {"PUT", Scope::kBucket, "inventory", Writes("PutBucketInventoryConfiguration")},
    {"PUT", Scope::kBucket, "lifecycle", Writes("PutBucketLifecycleConfiguration")},
    {"PUT", Scope::kBucket, "logging", Writes("PutBucketLogging")},
    {"PUT", Scope::kBucket, "metrics", Writes("PutBucketMetricsConfiguration")},
    {"PUT", Scope::kBucket, "notification", Writes("PutBucketNotificationConfiguration")},
    {"PUT", Scope::kBucket, "object-lock", Writes("PutObjectLockConfiguration")},
    {"PUT", Scope::kBucket, "ownershipControls", Writes("PutBucketOwnershipControls")},
    {"PUT", Scope::kBucket, "policy", Writes("PutBucketPolicy")},
    {"PUT", Scope::kBucket, "publicAccessBlock", Writes("PutPublicAccessBlock")},
    {"PUT", Scope::kBucket, "replication", Writes("PutBucketReplication")},
    {"PUT", Scope::kBucket, "requestPayment", Writes("PutBucketRequestPayment")},
    {"PUT", Scope::kBucket, "tagging", Writes("PutBucketTagging")},
    {"PUT", Scope::kBucket, "versioning", Writes("PutBucketVersioning")},
    {"PUT", Scope::kBucket, "website", Writes("PutBucketWebsite")},
    {"PUT", Scope::kBucket, "", Writes("CreateBucket")},
    {"POST", Scope::kBucket, "delete", Writes("DeleteObjects")},
    {"POST", Scope::kBucket, "", Writes("PostObject")},
    {"DELETE", Scope::kBucket, "analytics", Writes("DeleteBucketAnalyticsConfiguration")},
    {"DELETE", Scope::kBucket, "cors", Writes("DeleteBucketCors")},
    {"DELETE", Scope::kBucket, "encryption", Writes("DeleteBucketEncryption")},
    {"DELETE", Scope::kBucket, "intelligent-tiering", Writes("DeleteBucketIntelligentTieringConfiguration")},
    {"DELETE", Scope::kBucket, "inventory", Writes("DeleteBucketInventoryConfiguration")},
    {"DELETE", Scope::kBucket, "lifecycle", Writes("DeleteBucketLifecycle")},
    {"DELETE", Scope::kBucket, "metrics", Writes("DeleteBucketMetricsConfiguration")},
    {"DELETE", Scope::kBucket, "ownershipControls", Writes("DeleteBucketOwnershipControls")},
    {"DELETE", Scope::kBucket, "policy", Writes("DeleteBucketPolicy")},
    {"DELETE", Scope::kBucket, "publicAccessBlock", Writes("DeletePublicAccessBlock")},
    {"DELETE", Scope::kBucket, "replication", Writes("DeleteBucketReplication")},
    {"DELETE", Scope::kBucket, "tagging", Writes("DeleteBucketTagging")},
    {"DELETE", Scope::kBucket, "website", Writes("DeleteBucketWebsite")},
    {"DELETE", Scope::kBucket, "", Writes("DeleteBucket")},

    {"PUT", Scope::kObject, "acl", Writes("PutObjectAcl")},
    {"PUT", Scope::kObject, "legal-hold", Writes("PutObjectLegalHold")},
    {"PUT", Scope::kObject, "retention", Writes("PutObjectRetention")},
    {"PUT", Scope::kObject, "tagging", Writes("PutObjectTagging")},
    {"PUT", Scope::kObject, "uploadId", Writes("UploadPart")},
    {"PUT", Scope::kObject, "", Writes("PutObject")},
    {"POST", Scope::kObject, "uploads", Writes("CreateMultipartUpload")},
    {"POST", Scope::kObject, "uploadId", Writes("CompleteMultipartUpload")},
    {"POST", Scope::kObject, "restore", Writes("RestoreObject")},
    {"POST", Scope::kObject, "", Writes("PostObject")},
    {"DELETE", Scope::kObject, "uploadId", Writes("AbortMultipartUpload")},
    {"DELETE", Scope::kObject, "tagging", Writes("DeleteObjectTagging")},
    {"DELETE", Scope::kObject, "", Writes("DeleteObject")},
};

}  // namespace

std::span<const OperationRow> OperationTable() { return kRows; }

Operation ClassifyOperation(std::string_view method, Scope scope, const http::QueryList& query) {
  // The reads that matter for speed, without a walk over the table.
  if (scope == Scope::kObject && query.empty()) {
    if (method == "GET") return {"GetObject", Support::kGetObject, Action::kRead};
    if (method == "HEAD") return {"HeadObject", Support::kHeadObject, Action::kRead};
  }
  for (const OperationRow& row : kRows) {
    if (row.method != method || row.scope != scope) continue;
    if (row.query.empty() || http::FindQuery(query, row.query) != nullptr) return row.operation;
  }
  const bool reads = method == "GET" || method == "HEAD";
  return {"Unknown", Support::kNotImplemented, reads ? Action::kRead : Action::kWrite};
}

std::string FindConflict(std::string_view method, Scope scope, const http::QueryList& query) {
  std::string_view first;
  for (const OperationRow& row : kRows) {
    if (row.method != method || row.scope != scope || row.query.empty()) continue;
    if (http::FindQuery(query, row.query) == nullptr) continue;
    if (!first.empty()) return fmt::format("Conflicting query string parameters: {}, {}", first, row.query);
    first = row.query;
  }
  int prefixes = 0;
  for (const auto& [name, value] : query) prefixes += name == "prefix" ? 1 : 0;
  return prefixes > 1 ? "The parameter prefix may be given once" : "";
}

}  // namespace hearth::front
