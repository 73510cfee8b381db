#include "cache/fill.h"

#include <algorithm>

#include "cache/write_behind.h"

namespace hearth::cache {
namespace {

// Attempts in a row that bring no byte, and attempts in all: an origin that sends one byte a connection is broken.
constexpr int kFruitlessMax = 3;
constexpr int kAttemptsMax = 8;

// The state of one RunFill, in its coroutine's frame.
struct Transfer {
  Transfer(std::shared_ptr<ActiveBlock> b, std::shared_ptr<Fill> f, FillEnvironment e)
      : block(std::move(b)), fill(std::move(f)), env(std::move(e)) {}

  std::shared_ptr<ActiveBlock> block;
  std::shared_ptr<Fill> fill;
  FillEnvironment env;

  std::uint64_t position = 0;  // next byte, within the block
  std::uint64_t end = 0;
  std::shared_ptr<Buffer> buffer;  // of the sub-block at `position`; null between two

  bool abandoned = false;

  std::uint32_t sub() const { return static_cast<std::uint32_t>(position / block->geometry().sub_block_size); }
  std::uint64_t SubLength(std::uint32_t i) const {
    return block->geometry().BytesOf({i, i + 1}, block->block_length()).length();
  }
};

void FinishSub(Transfer& t, std::uint32_t sub) {
  t.buffer = nullptr;
  if (!t.block->CompleteSub(*t.fill, sub)) return;
  if (t.env.scope.StartHere(WriteBehind(t.block, t.fill))) return;
  t.block->GiveUpDisk(*t.fill);
  t.block->WriterEnded(*t.fill);
}

// Without a disk: waits until the window has room.
Task<Status> WaitForWindow(Transfer& t) {
  while (true) {
    const ActiveBlock::Pressure pressure = t.block->PressureAt(*t.fill, t.position);
    if (!pressure.wanted) {
      t.abandoned = true;
      co_return Fail(Code::kCancelled, "no reader is left, and there is no disk to fill");
    }
    if (pressure.held < kWindowSubs) co_return Status();
    const Signal::Woke woke = co_await t.block->changed().Wait(pressure.seen, TimePoint::max(), t.env.stop);
    if (woke == Signal::Woke::kCancelled) co_return Fail(Code::kCancelled, "the cache is stopping");
  }
}

Task<Result<MemoryBudget::Grant>> TakeMemory(Transfer& t, std::uint64_t bytes) {
  MemoryBudget::Grant grant = t.env.memory.TryAcquire(bytes);
  if (grant.bytes() > 0) co_return std::move(grant);
  t.block->BeginStarving();
  Result<MemoryBudget::Grant> waited = co_await t.env.memory.Acquire(bytes, TimePoint::max(), t.env.stop);
  t.block->EndStarving();
  co_return waited;
}

// Waits until there may be one more sub-block in memory, and takes it.
Task<Status> BeginNextSub(Transfer& t) {
  if (t.block->DiskFailed(*t.fill)) HEARTH_CO_TRY(co_await WaitForWindow(t));
  const std::uint32_t sub = t.sub();
  const std::uint64_t length = t.SubLength(sub);
  Result<MemoryBudget::Grant> grant = co_await TakeMemory(t, length);
  if (!grant) co_return Fail(std::move(grant).error());
  t.buffer = std::make_shared<Buffer>(length, std::move(*grant));
  t.block->BeginSub(*t.fill, sub, t.buffer);
  co_return Status();
}

// Takes what the stream gives until the fill is complete or the stream breaks.
Task<Status> Drain(Transfer& t, ByteStream& stream) {
  while (t.position < t.end) {
    if (!t.buffer) HEARTH_CO_TRY(co_await BeginNextSub(t));
    const std::uint32_t sub = t.sub();
    const Result<std::size_t> got = co_await stream.Read(t.buffer->Unwritten());
    if (!got) co_return Fail(got.error());
    if (*got == 0) co_return Fail(Code::kUnavailable, "the transfer ended early");
    t.buffer->Commit(*got);
    t.position += *got;
    if (t.buffer->full()) {
      FinishSub(t, sub);
    } else {
      t.block->Publish(sub, t.buffer->size());
    }
  }
  co_return Status();
}

bool MayGoOn(const Transfer& t, const Error& error) {
  // A stream that was adopted may end with the client who opened it; the others want the bytes all the same.
  return IsRetryable(error) || (error.code() == Code::kCancelled && !t.abandoned);
}

Task<Status> Run(Transfer& t) {
  const std::uint64_t block_begin = t.block->info().index.value * t.block->geometry().block_size;
  std::unique_ptr<ByteStream> stream = std::move(t.fill->stream);
  int fruitless = 0;
  for (int attempt = 1;; ++attempt) {
    const std::uint64_t before = t.position;
    Status status;
    if (!stream) {
      BlockInfo info = t.block->info();
      RequestContext context{.request_id = t.fill->request_id, .cancel = t.env.stop};
      const ByteRange rest{block_begin + t.position, block_begin + t.end};
      Result<std::unique_ptr<ByteStream>> opened =
          co_await t.fill->source->Open(std::move(info), rest, std::move(context));
      if (opened) {
        stream = std::move(*opened);
      } else {
        status = Fail(std::move(opened).error());
      }
    }
    if (stream) status = co_await Drain(t, *stream);
    if (status) co_return status;
    stream = nullptr;
    fruitless = t.position > before ? 0 : fruitless + 1;
    const bool over = fruitless >= kFruitlessMax || attempt >= kAttemptsMax;
    if (over || t.env.stop.IsCancelled() || !MayGoOn(t, status.error())) co_return status;
    if (!co_await t.fill->source->AdmitRetry(std::max(1, fruitless))) co_return status;
  }
}

Task<void> WaitForWriter(ActiveBlock& block, const Fill& fill) {
  while (true) {
    const std::uint64_t seen = block.changed().generation();
    if (!block.WriterRuns(fill)) co_return;
    co_await block.changed().Wait(seen);
  }
}

}  // namespace

bool IsRetryable(const Error& error) { return error.code() == Code::kUnavailable || error.code() == Code::kThrottled; }

Task<void> RunFill(std::shared_ptr<ActiveBlock> block, std::shared_ptr<Fill> fill, FillEnvironment env) {
  Transfer t(block, fill, env);
  const ByteRange bytes = block->geometry().BytesOf(fill->subs, block->block_length());
  t.position = bytes.begin;
  t.end = bytes.end;
  Status status = co_await Run(t);
  const std::string_view outcome = status ? "done" : CodeName(status.error().code());
  std::optional<Error> error;
  if (!status) error = std::move(status).error();
  block->EndFill(*fill, std::move(error), t.abandoned);
  co_await WaitForWriter(*block, *fill);
  env.metrics
      .GetCounter(telemetry::Family::kFills,
                  {block->store() != nullptr ? block->store()->options().directory : "", outcome})
      .Add();
}

}  // namespace hearth::cache
