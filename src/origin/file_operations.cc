#include "origin/file_operations.h"

#include <algorithm>

namespace hearth::origin {
namespace {

using Kind = FileOperation::Kind;

constexpr FileOperation Empty(std::string_view name, std::string_view text) {
  return {.name = name, .kind = Kind::kFixed, .status = 200, .text = text};
}
constexpr FileOperation Missing(std::string_view name, std::string_view code, std::string_view text) {
  return {.name = name, .kind = Kind::kFixed, .status = 404, .code = code, .text = text};
}

constexpr FileOperation kOperations[] = {
    {"ListBuckets", Kind::kListBuckets},
    {"HeadBucket", Kind::kFixed},
    {"ListObjectsV2", Kind::kListObjects},
    {"ListObjects", Kind::kListObjects},
    {"ListObjectVersions", Kind::kListObjects},
    {"GetObjectAttributes", Kind::kAttributes},

    Empty("GetBucketAccelerateConfiguration", "<AccelerateConfiguration/>"),
    Empty("GetBucketLocation", "<LocationConstraint/>"),
    Empty("GetBucketLogging", "<BucketLoggingStatus/>"),
    Empty("GetBucketNotificationConfiguration", "<NotificationConfiguration/>"),
    Empty("GetBucketRequestPayment",
          "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"),
    Empty("GetBucketVersioning", "<VersioningConfiguration/>"),
    Empty("GetObjectTagging", "<Tagging><TagSet/></Tagging>"),
    Empty("ListMultipartUploads",
          "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>"),

    Missing("GetBucketCors", "NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    Missing("GetBucketEncryption", "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found"),
    Missing("GetBucketLifecycleConfiguration", "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist"),
    Missing("GetBucketOwnershipControls", "OwnershipControlsNotFoundError",
            "The bucket ownership controls were not found"),
    Missing("GetBucketPolicy", "NoSuchBucketPolicy", "The bucket policy does not exist"),
    Missing("GetBucketPolicyStatus", "NoSuchBucketPolicy", "The bucket policy does not exist"),
    Missing("GetBucketReplication", "ReplicationConfigurationNotFoundError",
            "The replication configuration was not found"),
    Missing("GetBucketTagging", "NoSuchTagSet", "The TagSet does not exist"),
    Missing("GetBucketWebsite", "NoSuchWebsiteConfiguration",
            "The specified bucket does not have a website configuration"),
    Missing("GetObjectLegalHold", "NoSuchObjectLockConfiguration",
            "The specified object does not have a ObjectLock configuration"),
    Missing("GetObjectLockConfiguration", "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket"),
    Missing("GetObjectRetention", "NoSuchObjectLockConfiguration",
            "The specified object does not have a ObjectLock configuration"),
    Missing("GetPublicAccessBlock", "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found"),
    Missing("ListParts", "NoSuchUpload", "The specified multipart upload does not exist"),
};

}  // namespace

std::span<const FileOperation> FileOperations() { return kOperations; }

const FileOperation* FindFileOperation(std::string_view name) {
  const auto* found = std::ranges::find(kOperations, name, &FileOperation::name);
  return found == std::end(kOperations) ? nullptr : found;
}

}  // namespace hearth::origin
