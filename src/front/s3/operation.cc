#include "front/s3/operation.h"

namespace hearth::front {
namespace {

struct Row {
  std::string_view method;
  Scope scope;
  std::string_view query;  // a parameter whose presence makes it this operation; empty: none of the others
  Operation operation;
};

// First match wins; rows with a parameter come before the plain one of their method and scope.
constexpr Row kRows[] = {
    {"GET", Scope::kService, "", {"ListBuckets", Support::kNotImplemented}},

    {"GET", Scope::kBucket, "list-type", {"ListObjectsV2", Support::kListObjectsV2}},
    {"GET", Scope::kBucket, "accelerate", {"GetBucketAccelerateConfiguration", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "acl", {"GetBucketAcl", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "analytics", {"GetBucketAnalyticsConfiguration", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "cors", {"GetBucketCors", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "encryption", {"GetBucketEncryption", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "inventory", {"GetBucketInventoryConfiguration", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "lifecycle", {"GetBucketLifecycleConfiguration", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "location", {"GetBucketLocation", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "logging", {"GetBucketLogging", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "notification", {"GetBucketNotificationConfiguration", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "object-lock", {"GetObjectLockConfiguration", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "ownershipControls", {"GetBucketOwnershipControls", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "policy", {"GetBucketPolicy", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "policyStatus", {"GetBucketPolicyStatus", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "publicAccessBlock", {"GetPublicAccessBlock", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "replication", {"GetBucketReplication", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "requestPayment", {"GetBucketRequestPayment", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "tagging", {"GetBucketTagging", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "uploads", {"ListMultipartUploads", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "versioning", {"GetBucketVersioning", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "versions", {"ListObjectVersions", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "website", {"GetBucketWebsite", Support::kNotImplemented}},
    {"GET", Scope::kBucket, "", {"ListObjects", Support::kNotImplemented}},
    {"HEAD", Scope::kBucket, "", {"HeadBucket", Support::kNotImplemented}},
    {"PUT", Scope::kBucket, "", {"CreateBucket", Support::kNotImplemented}},
    {"POST", Scope::kBucket, "delete", {"DeleteObjects", Support::kNotImplemented}},
    {"POST", Scope::kBucket, "", {"PostObject", Support::kNotImplemented}},
    {"DELETE", Scope::kBucket, "", {"DeleteBucket", Support::kNotImplemented}},

    {"GET", Scope::kObject, "acl", {"GetObjectAcl", Support::kNotImplemented}},
    {"GET", Scope::kObject, "attributes", {"GetObjectAttributes", Support::kNotImplemented}},
    {"GET", Scope::kObject, "legal-hold", {"GetObjectLegalHold", Support::kNotImplemented}},
    {"GET", Scope::kObject, "retention", {"GetObjectRetention", Support::kNotImplemented}},
    {"GET", Scope::kObject, "tagging", {"GetObjectTagging", Support::kNotImplemented}},
    {"GET", Scope::kObject, "torrent", {"GetObjectTorrent", Support::kNotImplemented}},
    {"GET", Scope::kObject, "uploadId", {"ListParts", Support::kNotImplemented}},
    {"GET", Scope::kObject, "", {"GetObject", Support::kGetObject}},
    {"HEAD", Scope::kObject, "", {"HeadObject", Support::kHeadObject}},
    {"PUT", Scope::kObject, "acl", {"PutObjectAcl", Support::kNotImplemented}},
    {"PUT", Scope::kObject, "tagging", {"PutObjectTagging", Support::kNotImplemented}},
    {"PUT", Scope::kObject, "uploadId", {"UploadPart", Support::kNotImplemented}},
    {"PUT", Scope::kObject, "", {"PutObject", Support::kNotImplemented}},
    {"POST", Scope::kObject, "uploads", {"CreateMultipartUpload", Support::kNotImplemented}},
    {"POST", Scope::kObject, "uploadId", {"CompleteMultipartUpload", Support::kNotImplemented}},
    {"POST", Scope::kObject, "restore", {"RestoreObject", Support::kNotImplemented}},
    {"POST", Scope::kObject, "select", {"SelectObjectContent", Support::kNotImplemented}},
    {"POST", Scope::kObject, "", {"PostObject", Support::kNotImplemented}},
    {"DELETE", Scope::kObject, "uploadId", {"AbortMultipartUpload", Support::kNotImplemented}},
    {"DELETE", Scope::kObject, "tagging", {"DeleteObjectTagging", Support::kNotImplemented}},
    {"DELETE", Scope::kObject, "", {"DeleteObject", Support::kNotImplemented}},
};

}  // namespace

Operation ClassifyOperation(std::string_view method, Scope scope, const http::QueryList& query) {
  // The reads that matter for speed, without a walk over the table.
  if (scope == Scope::kObject && query.empty()) {
    if (method == "GET") return {"GetObject", Support::kGetObject};
    if (method == "HEAD") return {"HeadObject", Support::kHeadObject};
  }
  for (const Row& row : kRows) {
    if (row.method != method || row.scope != scope) continue;
    if (row.query.empty() || http::FindQuery(query, row.query) != nullptr) return row.operation;
  }
  return {"Unknown", Support::kNotImplemented};
}

}  // namespace hearth::front
