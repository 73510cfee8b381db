#include "cache/write_behind.h"

#include <algorithm>

namespace hearth::cache {
namespace {

// A file with room for the whole fill; null: there is none to be had, or the block is not worth it.
Task<std::shared_ptr<BlockFile>> FindRoom(ActiveBlock& block, std::uint64_t bytes) {
  if (block.storage_refused()) co_return nullptr;
  if (std::shared_ptr<BlockFile> file = block.file()) {
    std::shared_ptr<BlockFile> same = file;
    const Status reserved = co_await block.store()->Reserve(std::move(same), bytes);
    co_return reserved ? file : nullptr;
  }
  // What several read at once is written whatever the policy thinks of it: without the disk, who comes a moment late
  // would need a transfer of its own.
  if (!block.store()->Admit(block.info(), bytes, block.readers() > 1)) co_return nullptr;
  BlockInfo info = block.info();
  Result<std::shared_ptr<BlockFile>> made = co_await block.store()->Create(std::move(info), bytes);
  if (!made) co_return nullptr;
  block.SetFile(*made);
  co_return std::move(*made);
}

// Writes until nothing more comes; returns how many bytes of the room were not used.
Task<std::uint64_t> WriteAll(ActiveBlock& block, Fill& fill, std::shared_ptr<BlockFile> file, std::uint64_t room) {
  while (true) {
    ActiveBlock::WriterStep step = block.NextWrite(fill);
    if (step.over) co_return room;
    if (!step.write) {
      co_await block.changed().Wait(step.seen);
      continue;
    }
    const std::uint32_t sub = step.write->sub;
    // The file may have been found again meanwhile, with more in it than was known when this fill began.
    bool written = file->HasSub(sub);
    if (!written) {
      room -= std::min<std::uint64_t>(room, step.write->bytes.bytes.size());
      std::shared_ptr<BlockFile> same = file;
      written = (co_await block.store()->Write(std::move(same), sub, std::move(step.write->bytes))).has_value();
    }
    block.WriteDone(fill, sub, written);
    if (block.DiskFailed(fill)) {
      block.GiveUpDisk(fill);
      co_return room;
    }
  }
}

}  // namespace

Task<void> WriteBehind(std::shared_ptr<ActiveBlock> block, std::shared_ptr<Fill> fill) {
  const std::uint64_t room = block->geometry().BytesOf(fill->subs, block->block_length()).length();
  std::shared_ptr<BlockFile> file = co_await FindRoom(*block, room);
  if (file) {
    const std::uint64_t unused = co_await WriteAll(*block, *fill, file, room);
    if (unused > 0) block->store()->Unreserve(*file, unused);
    co_await block->store()->Record(std::move(file));
  } else {
    block->GiveUpDisk(*fill);
  }
  block->WriterEnded(*fill);
}

}  // namespace hearth::cache
