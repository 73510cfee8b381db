// What the `file` origin says about a file: its version, ETag and headers, and which keys name a file at all.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "base/names.h"
#include "io/file_system.h"
#include "origin/origin.h"

namespace hearth::origin {

// "bucket/key" as a path beneath the root, or nullopt where no file could have that name: a component that is
// empty, "." or "..", or holds NUL; a bucket with a slash. Invariant 11: such keys find nothing, they are not
// mapped to something else.
bool IsFileBucket(const BucketName& bucket);
std::optional<std::string> FilePath(const BucketName& bucket, const ObjectKey& key);

// "device-inode-size-mtime-ctime", times in nanoseconds.
Version FileVersion(const io::FileInfo& info);

// `now`: the calendar. A file that changed less than a second ago (or in the future) is uncacheable: it could
// change once more without any of its numbers moving.
ObjectMeta FileMeta(const io::FileInfo& info, const ObjectKey& key, WallTime now);

}  // namespace hearth::origin
