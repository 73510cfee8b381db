// How the `file` origin finds a bucket or an object in its directory, and what it says where there is none.
//
// Blocks: call from jobs of the disk pool. Any thread.
#pragma once

#include "base/names.h"
#include "base/result.h"
#include "io/file_system.h"

namespace hearth::origin {

// Errors with S3's own status and code.
Error NoSuchKey();
Error NoSuchBucket();
Error NoSuchVersion();

// kNotFound with S3's NoSuchBucket: not a directory of the root.
Result<io::FileInfo> LookAtBucket(io::FileSystem& root, const BucketName& bucket);

// The object's file, looked at and not opened: opening a device or a pipe could have effects, or wait.
// kNotFound with NoSuchKey or NoSuchBucket, kPermissionDenied with AccessDenied; others are the disk's.
Result<io::FileInfo> LookAtObject(io::FileSystem& root, const BucketName& bucket, const ObjectKey& key);

// What the disk's error means for the object: what keeps a path from naming a file at all (a component too long, a
// link, a file where a directory should be) is no error of the disk.
Error FromDisk(io::FileSystem& root, const BucketName& bucket, Error error);

// S3 calls the version of an object in a bucket without versions "null".
inline bool IsCurrentVersion(std::string_view version_id) { return version_id.empty() || version_id == "null"; }

}  // namespace hearth::origin
