#include "cache/fill.h"

#include <algorithm>

namespace hearth::cache {
namespace {

// Attempts in a row that bring no byte, and attempts in all: an origin that sends one byte a connection is broken.
constexpr int kFruitlessMax = 3;
constexpr int kAttemptsMax = 8;
constexpr Duration kBackoff = std::chrono::milliseconds(50);

// The state of one RunFill, in its coroutine's frame.
struct Transfer {
  Transfer(std::shared_ptr<ActiveBlock> b, std::shared_ptr<Fill> f, FillEnvironment e)
      : block(std::move(b)), fill(std::move(f)), env(std::move(e)) {
    if (block->storage_refused()) disk = Disk::kRefused;
  }

  std::shared_ptr<ActiveBlock> block;
  std::shared_ptr<Fill> fill;
  FillEnvironment env;

  std::uint64_t position = 0;  // next byte, within the block
  std::uint64_t end = 0;
  std::shared_ptr<Buffer> buffer;  // of the sub-block at `position`; null between two

  enum class Disk : std::uint8_t { kUnknown, kReady, kRefused };
  Disk disk = Disk::kUnknown;
  std::shared_ptr<BlockFile> file;
  std::uint64_t reserved_unwritten = 0;  // bytes
  bool abandoned = false;

  std::uint32_t sub() const { return static_cast<std::uint32_t>(position / block->geometry().sub_block_size); }
  std::uint64_t SubLength(std::uint32_t i) const {
    return block->geometry().BytesOf({i, i + 1}, block->block_length()).length();
  }
};

// Finds a place on disk for the whole fill.
Task<void> PrepareDisk(Transfer& t) {
  t.disk = Transfer::Disk::kRefused;
  if (t.block->storage_refused()) co_return;
  const ByteRange bytes = t.block->geometry().BytesOf(t.fill->subs, t.block->block_length());
  std::shared_ptr<BlockFile> file = t.block->file();
  if (file) {
    std::shared_ptr<BlockFile> same = file;
    const Status reserved = co_await t.block->store()->Reserve(std::move(same), bytes.length());
    if (!reserved) co_return;
  } else {
    BlockInfo info = t.block->info();
    Result<std::shared_ptr<BlockFile>> made = co_await t.block->store()->Create(std::move(info), bytes.length());
    if (!made) co_return;
    file = std::move(*made);
    t.block->SetFile(file);
  }
  t.file = std::move(file);
  t.reserved_unwritten = bytes.length();
  t.disk = Transfer::Disk::kReady;
}

Task<void> WriteSub(std::shared_ptr<ActiveBlock> block, std::shared_ptr<Fill> fill, std::shared_ptr<BlockFile> file,
                    std::uint32_t sub, BufferSlice bytes) {
  const Status written = co_await block->store()->Write(std::move(file), sub, std::move(bytes));
  block->WriteDone(*fill, sub, written.has_value());
}

Task<void> FinishSub(Transfer& t, std::uint32_t sub) {
  const std::shared_ptr<Buffer> buffer = std::move(t.buffer);
  t.buffer = nullptr;
  if (t.disk == Transfer::Disk::kUnknown) co_await PrepareDisk(t);
  if (t.block->DiskFailed(*t.fill)) t.disk = Transfer::Disk::kRefused;
  // The file may have been found again meanwhile, with more in it than was known when this fill began.
  const bool to_disk = t.disk == Transfer::Disk::kReady && !t.file->HasSub(sub);
  t.block->CompleteSub(*t.fill, sub, to_disk);
  if (!to_disk) co_return;
  t.reserved_unwritten -= std::min<std::uint64_t>(t.reserved_unwritten, buffer->size());
  BufferSlice bytes{buffer, {buffer->data(), buffer->size()}};
  if (!t.env.scope.StartHere(WriteSub(t.block, t.fill, t.file, sub, std::move(bytes)))) {
    t.block->WriteDone(*t.fill, sub, false);
  }
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
  if (t.disk == Transfer::Disk::kRefused) HEARTH_CO_TRY(co_await WaitForWindow(t));
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
    t.block->Publish(sub, t.buffer->size());
    if (t.buffer->full()) co_await FinishSub(t, sub);
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
    co_await SleepFor(kBackoff * (1 << fruitless));
  }
}

Task<void> WaitForWrites(ActiveBlock& block, const Fill& fill) {
  while (true) {
    const std::uint64_t seen = block.changed().generation();
    if (!block.WritesPending(fill)) co_return;
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
  env.metrics
      .GetCounter(telemetry::Family::kFills,
                  {block->store() != nullptr ? block->store()->options().directory : "", outcome})
      .Add();
  std::optional<Error> error;
  if (!status) error = std::move(status).error();
  block->EndFill(*fill, std::move(error), t.abandoned);
  co_await WaitForWrites(*block, *fill);
  if (t.file) {
    if (t.reserved_unwritten > 0) block->store()->Unreserve(*t.file, t.reserved_unwritten);
    co_await block->store()->Record(std::move(t.file));
  }
}

}  // namespace hearth::cache
