// The `file` origin: a directory, whose sub-directories are buckets and whose files are objects.
//
// Borrows file system, disk pool and clock, which outlive it and its bodies. Everything that could wait for a
// disk runs on the pool. Any thread may call, from a job of an executor.
//
// A version is device, inode, size, mtime and ctime. After each read the file is looked at again: another
// version is kPreconditionFailed, so what was delivered before is of one version (what a program writes
// through a mapping shows when the kernel updates mtime). Errors have S3's codes (NoSuchKey, NoSuchBucket,
// AccessDenied, InvalidRange, PreconditionFailed). A key that leads through a symbolic link, or to anything
// but a regular file, is NoSuchKey. There are no version ids but "null". What is forwarded
// is answered by its own means (file_operations.h).
#pragma once

#include <memory>

#include "io/file_system.h"
#include "origin/origin.h"

namespace hearth::origin {

std::unique_ptr<Origin> MakeFileOrigin(OriginName name, io::FileSystem& root, Executor& disk_pool, const Clock& clock);

}  // namespace hearth::origin
