#include "origin/file_lookup.h"

#include "origin/file_meta.h"

namespace hearth::origin {

Error NoSuchKey() { return {Code::kNotFound, "no such key", {404, "NoSuchKey", "The specified key does not exist."}}; }

Error NoSuchBucket() {
  return {Code::kNotFound, "no such bucket", {404, "NoSuchBucket", "The specified bucket does not exist"}};
}

Error NoSuchVersion() {
  return {
      Code::kNotFound, "a file has no version ids", {404, "NoSuchVersion", "The specified version does not exist."}};
}

Error FromDisk(io::FileSystem& root, const BucketName& bucket, Error error) {
  switch (error.code()) {
    case Code::kNotFound:
    case Code::kInvalidArgument: return LookAtBucket(root, bucket) ? NoSuchKey() : NoSuchBucket();
    case Code::kPermissionDenied:
      return {Code::kPermissionDenied, error.message(), {403, "AccessDenied", "Access Denied"}};
    default: return error;
  }
}

Result<io::FileInfo> LookAtBucket(io::FileSystem& root, const BucketName& bucket) {
  if (!IsFileBucket(bucket)) return Fail(NoSuchBucket());
  auto info = root.Stat(bucket.value);
  if (info && info->is_directory) return info;
  // A root that cannot be opened says nothing about the bucket.
  if (!info && info.error().code() == Code::kUnavailable) return info;
  return Fail(NoSuchBucket());
}

Result<io::FileInfo> LookAtObject(io::FileSystem& root, const BucketName& bucket, const ObjectKey& key) {
  const auto path = FilePath(bucket, key);
  if (!path) return Fail(FromDisk(root, bucket, NoSuchKey()));
  auto info = root.Stat(*path);
  if (!info) return Fail(FromDisk(root, bucket, std::move(info).error()));
  if (!info->is_regular) return Fail(NoSuchKey());
  return info;
}

}  // namespace hearth::origin
