// ObjectStream: the bytes of one answer, piece by piece, of exactly one version.
//
// Owned by its user; one call at a time. After an error it is dead; what was sent already must be cut off, never
// ended cleanly. Dropping it leaves the cache alone.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "cache/block_cache.h"
#include "read/fill_policy.h"
#include "read/meta_entry.h"

namespace hearth::read {

using cache::Piece;

class ObjectStream {
 public:
  virtual ~ObjectStream() = default;
  // nullopt at the end.
  virtual Task<Result<std::optional<Piece>>> Next() = 0;
};

// Over the cache: blocks one after the other, the next one begun while this one is sent.
struct BlocksRequest {
  MetaPtr meta;
  ByteRange range;  // of the object, not empty
  std::shared_ptr<cache::BlockSource> source;
  // `source` asks for the version by its id, and gets it also when it is not the current one. A transfer that was begun
  // by somebody else and shared may fail for that reason alone.
  bool by_version_id = false;
  std::function<void()> on_changed;  // the origin turned out to have another version, or none
  RequestContext context;
};
class BlocksStream final : public ObjectStream {
 public:
  BlocksStream(cache::BlockCache& cache, FillPolicy& policy, const Clock& clock, BlocksRequest request);

  // Before Next: hands the body of a first GET, which begins where the sub-block of range.begin begins, to the cache.
  Task<void> Adopt(origin::GetAnswer answer);

  Task<Result<std::optional<Piece>>> Next() override;

 private:
  cache::BlockInfo InfoOf(BlockIndex index) const;
  ByteRange InBlock(BlockIndex index) const;
  void OpenBlock();
  void FillAhead();
  bool MayRetry(Code code);

  cache::BlockCache& cache_;
  FillPolicy& policy_;
  const Clock& clock_;
  const BlocksRequest request_;
  std::uint64_t position_;
  BlockIndex index_;
  bool ahead_done_ = false;  // FillAhead was called for this block
  int retries_left_;
  std::unique_ptr<cache::BlockReader> reader_;
};

// Past the cache: for versions that cannot be told apart or must not be kept. `skip` bytes of the body come first
// and are dropped.
std::unique_ptr<ObjectStream> MakePassThrough(std::unique_ptr<origin::Body> body, std::uint64_t skip,
                                              std::uint64_t length, MemoryBudget& memory, RequestContext context);

}  // namespace hearth::read
