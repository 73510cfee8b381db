// BlockReader: one reader's way through a range of one block: pieces in order, from disk, from memory, or as they
// arrive from the source.
//
// Owned by its user, who calls Next on one executor, one call at a time. Dropping it leaves the block; a fill that
// it began goes on. After an error it is dead.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "base/request_context.h"
#include "cache/active_block.h"
#include "cache/fill.h"

namespace hearth::cache {

// Bytes of an object, to be sent and let go.
using Piece = std::variant<io::FileSlice, BufferSlice>;
std::uint64_t LengthOf(const Piece& piece);

class BlockReader {
 public:
  struct Request {
    ByteRange in_block;  // not empty
    std::shared_ptr<BlockSource> source;
    RequestContext context;
  };

  BlockReader(std::shared_ptr<ActiveBlock> block, Request request, FillEnvironment env, Executor& fetch);
  ~BlockReader();
  BlockReader(const BlockReader&) = delete;
  BlockReader& operator=(const BlockReader&) = delete;

  // Before Next: begins a fill from `stream`, which is open already at the first byte of the sub-block where in_block
  // begins and goes on to `stream_end` within the block. Dropped if that sub-block is here or on its way.
  Task<void> Adopt(std::unique_ptr<ByteStream> stream, std::uint64_t stream_end);

  // The next piece; nullopt at the end. kPreconditionFailed: the origin has another version now.
  // context.deadline counts until the first piece.
  Task<Result<std::optional<Piece>>> Next();

 private:
  Task<Result<std::optional<Piece>>> Take(ActiveBlock::Step step);
  Task<std::optional<Piece>> FromDisk(std::shared_ptr<BlockFile> file, ByteRange range);
  void BeginFill(SubRange subs, std::unique_ptr<ByteStream> stream);

  const std::shared_ptr<ActiveBlock> block_;
  const std::shared_ptr<BlockSource> source_;
  const RequestContext context_;
  const FillEnvironment env_;
  Executor& fetch_;

  ActiveBlock::Place place_;
  bool opened_ = false;
  bool started_ = false;
};

}  // namespace hearth::cache
