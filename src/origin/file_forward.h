// The `file` origin's answers to what is forwarded to it: lists of buckets and objects, facts about both.
//
// Errors of the caller and of the data are answers, with S3's status and code; an Error is the disk's, the deadline's
// or the caller's leaving. Everything that could wait for a disk runs on the pool, a list in steps of some tens of
// milliseconds, so that it can be cancelled. Any thread may call, from a job of an executor.
#pragma once

#include "io/file_system.h"
#include "origin/origin.h"

namespace hearth::origin {

// Outlive the call.
struct FileForwardEnvironment {
  io::FileSystem& root;
  Executor& disk_pool;
  const Clock& clock;
};

Task<Result<ForwardAnswer>> ForwardToFiles(FileForwardEnvironment env, ForwardRequest request, RequestContext context);

}  // namespace hearth::origin
