#include "cache/block_reader.h"

#include <algorithm>

namespace hearth::cache {
namespace {

// A cold run is read and checked in steps, so that its first bytes leave early: the first step is one sub-block,
// the others this much.
constexpr std::uint64_t kColdStep = 1_MiB;

}  // namespace

std::uint64_t LengthOf(const Piece& piece) {
  if (const auto* slice = std::get_if<io::FileSlice>(&piece)) return slice->range.length();
  return std::get<BufferSlice>(piece).bytes.size();
}

BlockReader::BlockReader(std::shared_ptr<ActiveBlock> block, Request request, FillEnvironment env, Executor& fetch)
    : block_(std::move(block)),
      source_(std::move(request.source)),
      context_(std::move(request.context)),
      env_(env),
      fetch_(fetch) {
  place_.position = request.in_block.begin;
  place_.end = request.in_block.end;
  block_->Enter(place_);
}

BlockReader::~BlockReader() { block_->Leave(place_); }

void BlockReader::BeginFill(SubRange subs, std::unique_ptr<ByteStream> stream) {
  std::shared_ptr<Fill> fill = block_->Claim(subs, source_, context_.request_id);
  if (!fill) return;
  place_.waits_for = fill;           // it may fail before this reader looks again
  fill->stream = std::move(stream);  // it may go on for longer than was free to claim: the rest is not read
  if (!env_.scope.Start(fetch_, RunFill(block_, fill, env_))) {
    block_->EndFill(*fill, Error(Code::kCancelled, "the cache is stopping"));
  }
}

Task<void> BlockReader::Adopt(std::unique_ptr<ByteStream> stream, std::uint64_t stream_end) {
  co_await block_->EnsureOpen();
  opened_ = true;
  BeginFill(block_->geometry().SubsOf({place_.position, stream_end}), std::move(stream));
}

Task<std::optional<Piece>> BlockReader::FromDisk(std::shared_ptr<BlockFile> file, ByteRange range) {
  DiskStore& store = *block_->store();
  if (!store.IsReady(*file, range)) {
    const std::uint64_t step = started_ ? kColdStep : block_->geometry().sub_block_size;
    range.end = std::min(range.end, AlignDown(range.begin, kPageSize) + step);
    if (!store.IsReady(*file, range)) {
      std::shared_ptr<BlockFile> same = file;
      const Status verified = co_await store.Verify(std::move(same), range);
      if (!verified) {
        block_->Condemn(*file);
        co_return std::nullopt;
      }
    }
  }
  store.NoteUse(*file);
  co_return Piece(file->Slice(range));
}

Task<Result<std::optional<Piece>>> BlockReader::Take(ActiveBlock::Step step) {
  if (auto* on_disk = std::get_if<ActiveBlock::OnDisk>(&step)) {
    co_return co_await FromDisk(std::move(on_disk->file), on_disk->range);
  }
  if (auto* in_memory = std::get_if<ActiveBlock::InMemory>(&step)) co_return Piece(std::move(in_memory->bytes));
  if (const auto* absent = std::get_if<ActiveBlock::Absent>(&step)) {
    BeginFill(absent->subs, nullptr);
    co_return std::optional<Piece>();
  }
  if (auto* failed = std::get_if<ActiveBlock::Failed>(&step)) co_return Fail(std::move(failed->error));
  const TimePoint deadline = started_ ? TimePoint::max() : context_.deadline;
  const Signal::Woke woke =
      co_await block_->changed().Wait(std::get<ActiveBlock::Wait>(step).seen, deadline, context_.cancel);
  if (woke == Signal::Woke::kDeadline) co_return Fail(Code::kDeadlineExceeded, "no byte came in time");
  if (woke == Signal::Woke::kCancelled) co_return Fail(Code::kCancelled, "the client has gone away");
  co_return std::optional<Piece>();
}

Task<Result<std::optional<Piece>>> BlockReader::Next() {
  if (!opened_) {
    co_await block_->EnsureOpen();
    opened_ = true;
  }
  while (place_.position < place_.end) {
    Result<std::optional<Piece>> piece = co_await Take(block_->Look(place_));
    if (!piece) co_return Fail(std::move(piece).error());
    if (!*piece) continue;
    block_->Advance(place_, LengthOf(**piece));
    started_ = true;
    co_return std::move(*piece);
  }
  co_return std::optional<Piece>();
}

}  // namespace hearth::cache
