#include "read/object_stream.h"

#include <algorithm>

#include "base/buffer.h"
#include "read/origin_source.h"

namespace hearth::read {
namespace {

constexpr std::size_t kPassThroughBytes = 256_KiB;
// How many transfers of others may fail before a reader by version id believes that the version is gone.
constexpr int kSharedFailuresMax = 3;

class PassThrough final : public ObjectStream {
 public:
  PassThrough(std::unique_ptr<origin::Body> body, std::uint64_t skip, std::uint64_t length, MemoryBudget& memory,
              RequestContext context)
      : body_(std::move(body)), skip_(skip), left_(length), memory_(memory), context_(std::move(context)) {}

  Task<Result<std::optional<Piece>>> Next() override {
    while (left_ > 0) {
      const std::size_t wanted = std::min({std::uint64_t{kPassThroughBytes}, skip_ + left_, memory_.capacity()});
      const TimePoint deadline = begun_ ? TimePoint::max() : context_.deadline;
      CancelToken cancel = context_.cancel;
      Result<MemoryBudget::Grant> grant = co_await memory_.Acquire(wanted, deadline, std::move(cancel));
      if (!grant) co_return Fail(std::move(grant).error());
      auto buffer = std::make_shared<Buffer>(wanted, std::move(*grant));
      const Result<std::size_t> got = co_await body_->Read(buffer->Unwritten());
      if (!got) co_return Fail(got.error());
      if (*got == 0) co_return Fail(Code::kUnavailable, "the origin's answer ended early");
      buffer->Commit(*got);
      const std::uint64_t dropped = std::min<std::uint64_t>(skip_, *got);
      skip_ -= dropped;
      const std::uint64_t bytes = std::min<std::uint64_t>(left_, *got - dropped);
      if (bytes == 0) continue;
      left_ -= bytes;
      begun_ = true;
      const std::span<const std::byte> span(buffer->data() + dropped, bytes);
      co_return Piece(BufferSlice{std::move(buffer), span});
    }
    co_return std::optional<Piece>();
  }

 private:
  std::unique_ptr<origin::Body> body_;
  std::uint64_t skip_;
  std::uint64_t left_;
  bool begun_ = false;  // the first piece was handed out
  MemoryBudget& memory_;
  const RequestContext context_;
};

}  // namespace

std::unique_ptr<ObjectStream> MakePassThrough(std::unique_ptr<origin::Body> body, std::uint64_t skip,
                                              std::uint64_t length, MemoryBudget& memory, RequestContext context) {
  return std::make_unique<PassThrough>(std::move(body), skip, length, memory, std::move(context));
}

BlocksStream::BlocksStream(cache::BlockCache& cache, FillPolicy& policy, const Clock& clock, BlocksRequest request)
    : cache_(cache),
      policy_(policy),
      clock_(clock),
      request_(std::move(request)),
      position_(request_.range.begin),
      index_(cache.geometry().BlockOf(position_)),
      retries_left_(request_.by_version_id ? kSharedFailuresMax : 0) {}

cache::BlockInfo BlocksStream::InfoOf(BlockIndex index) const {
  return {request_.meta->key.object, request_.meta->meta.version, request_.meta->meta.size, index};
}

ByteRange BlocksStream::InBlock(BlockIndex index) const {
  const ByteRange block = cache_.geometry().BlockRange(index, request_.meta->meta.size);
  const ByteRange part = ByteRange{position_, request_.range.end}.Intersect(block);
  return {part.begin - block.begin, part.end - block.begin};
}

void BlocksStream::OpenBlock() {
  index_ = cache_.geometry().BlockOf(position_);
  RequestContext context = request_.context;
  if (position_ != request_.range.begin) context.deadline = TimePoint::max();  // it is for the first byte
  reader_ = cache_.Read(InfoOf(index_), {InBlock(index_), request_.source, std::move(context)});
  ahead_done_ = false;
}

Task<void> BlocksStream::Adopt(origin::GetAnswer answer) {
  OpenBlock();
  const ByteRange block = cache_.geometry().BlockRange(index_, request_.meta->meta.size);
  const std::uint64_t first = AlignDown(position_ - block.begin, cache_.geometry().sub_block_size);
  if (answer.range.begin != block.begin + first || answer.range.end > block.end) co_return;  // not as it was asked
  co_await reader_->Adopt(StreamOf(std::move(answer.body)), answer.range.end - block.begin);
}

// Once the asked bytes of this block are under way: the rest of the block where the policy wants it, and the next
// block as far as this answer needs it.
void BlocksStream::FillAhead() {
  if (ahead_done_) return;
  ahead_done_ = true;
  const Hash128 hash = request_.meta->hasher.Of(index_);
  const double share = cache_.PresentShare(hash);
  const ByteRange asked = InBlock(index_);
  RequestContext context{.request_id = request_.context.request_id};
  if (share < 1.0 && policy_.WantsRest(hash, asked, share, clock_.Now())) {
    cache_.FillRest(InfoOf(index_), {}, request_.source, context);
  }
  const BlockIndex next{index_.value + 1};
  if (next.value * cache_.geometry().block_size >= request_.range.end) return;
  if (cache_.PresentShare(request_.meta->hasher.Of(next)) >= 1.0) return;
  cache_.FillRest(InfoOf(next), InBlock(next), request_.source, std::move(context));
}

bool BlocksStream::MayRetry(Code code) {
  if (code != Code::kPreconditionFailed && code != Code::kNotFound) return false;
  if (retries_left_-- > 0) return true;
  request_.on_changed();
  return false;
}

Task<Result<std::optional<Piece>>> BlocksStream::Next() {
  while (position_ < request_.range.end) {
    if (!reader_) OpenBlock();
    Result<std::optional<Piece>> piece = co_await reader_->Next();
    if (!piece && MayRetry(piece.error().code())) {
      reader_ = nullptr;
      continue;
    }
    if (!piece) co_return Fail(std::move(piece).error());
    if (!*piece) {
      reader_ = nullptr;
      continue;
    }
    FillAhead();
    position_ += cache::LengthOf(**piece);
    co_return std::move(*piece);
  }
  co_return std::optional<Piece>();
}

}  // namespace hearth::read
