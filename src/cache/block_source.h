// BlockSource: what the cache asks of the world: "give me these bytes of this block".
//
// The read plane implements it with origins and peers. Any thread, from a job of an executor; resumes there.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "base/request_context.h"
#include "base/result.h"
#include "base/task.h"
#include "cache/block_format.h"

namespace hearth::cache {

// Bytes that arrive in order. Dropping it cancels the transfer.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Copies the next bytes into `to` (not empty); 0 at the end. After an error it is dead.
  virtual Task<Result<std::size_t>> Read(std::span<std::byte> to) = 0;
};

class BlockSource {
 public:
  virtual ~BlockSource() = default;
  // The bytes `in_object` (inside the block) of exactly info.version, or an error: kPreconditionFailed when the
  // origin has another version by now.
  virtual Task<Result<std::unique_ptr<ByteStream>>> Open(BlockInfo info, ByteRange in_object,
                                                         RequestContext context) = 0;
  // Before it is asked again after a failure, the `attempt`-th in a row (1 and up): waits a moment, then says whether
  // it may be.
  virtual Task<bool> AdmitRetry(int attempt) = 0;
};

}  // namespace hearth::cache
