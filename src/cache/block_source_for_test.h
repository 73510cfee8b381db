// ScriptedSource: a BlockSource whose bytes are ObjectBytes, which counts what is asked of it, waits where the test
// says, and fails on purpose. Works on the simulation and on real threads.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/random.h"
#include "base/signal.h"
#include "base/thread_annotations.h"
#include "cache/block_source.h"
#include "support/object_bytes.h"

namespace hearth::cache {

inline std::string EtagOf(std::uint64_t version) { return "\"v" + std::to_string(version) + "\""; }

// One object, version 1 unless said otherwise.
class ScriptedSource final : public BlockSource, public std::enable_shared_from_this<ScriptedSource> {
 public:
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};

  struct Options {
    std::size_t chunk_bytes_max = 16_KiB;
    Duration latency{};      // to the first byte
    Duration chunk_delay{};  // before each chunk
  };
  explicit ScriptedSource(std::string key) : ScriptedSource(std::move(key), Options()) {}
  ScriptedSource(std::string key, Options options) : key_(std::move(key)), options_(options) {}

  // Streams give nothing at or past this offset of the object until it is moved.
  void HoldAt(std::uint64_t offset) {
    Change([&] { hold_at_ = offset; });
  }
  void Release() { HoldAt(kNever); }
  // The next `times` streams that come to `offset` break there.
  void BreakAt(std::uint64_t offset, Error error, int times) {
    Change([&] {
      break_at_ = offset;
      break_error_ = std::move(error);
      breaks_left_ = times;
    });
  }
  void FailOpens(Error error, int times) {
    Change([&] {
      open_error_ = std::move(error);
      open_failures_left_ = times;
    });
  }
  // Every chunk breaks the stream with this probability, every open fails with it.
  void SetFaultRate(double rate, std::uint64_t seed) {
    Change([&] {
      fault_rate_ = rate;
      random_ = Random(seed);
    });
  }
  void Overwrite(std::uint64_t version) {
    Change([&] { version_ = version; });
  }

  std::size_t opens() const {
    return Get([&] { return opened_.size(); });
  }
  std::vector<ByteRange> opened() const {
    return Get([&] { return opened_; });
  }
  std::uint64_t bytes() const {
    return Get([&] { return bytes_; });
  }
  int live_streams() const {
    return Get([&] { return live_streams_; });
  }

  Task<Result<std::unique_ptr<ByteStream>>> Open(BlockInfo info, ByteRange in_object, RequestContext context) override {
    Change([&] { opened_.push_back(in_object); });
    if (options_.latency > Duration::zero()) co_await SleepFor(options_.latency);
    if (std::optional<Error> error = NextOpenError(info)) co_return Fail(std::move(*error));
    co_return OpenNow(in_object, std::move(context.cancel));
  }
  Task<bool> AdmitRetry(int attempt) override {
    co_await SleepFor(std::chrono::milliseconds(50) * attempt);
    co_return Get([&] { return retries_admitted_; });
  }
  void RefuseRetries() {
    Change([&] { retries_admitted_ = false; });
  }
  // An open stream, as a reader has it that was answered already. Not counted as an open.
  std::unique_ptr<ByteStream> OpenNow(ByteRange in_object, CancelToken cancel = {}) {
    return std::make_unique<Stream>(shared_from_this(), in_object, std::move(cancel));
  }

 private:
  class Stream final : public ByteStream {
   public:
    Stream(std::shared_ptr<ScriptedSource> source, ByteRange range, CancelToken cancel)
        : source_(std::move(source)), range_(range), cancel_(std::move(cancel)) {
      source_->Change([&] {
        version_ = source_->version_;
        ++source_->live_streams_;
      });
    }
    ~Stream() override {
      source_->Change([&] { --source_->live_streams_; });
    }
    Task<Result<std::size_t>> Read(std::span<std::byte> to) override { return source_->Give(*this, to); }

   private:
    friend class ScriptedSource;
    const std::shared_ptr<ScriptedSource> source_;
    ByteRange range_;
    const CancelToken cancel_;
    std::uint64_t version_ = 0;
  };

  // How many bytes may go out now; nothing: wait. Holding the lock.
  std::optional<Result<std::size_t>> NextChunk(const ByteRange& range, std::size_t room) REQUIRES(mutex_) {
    std::uint64_t end = std::min(range.end, range.begin + std::min<std::uint64_t>(room, options_.chunk_bytes_max));
    if (breaks_left_ > 0 && range.begin >= break_at_) {
      --breaks_left_;
      return Fail(*break_error_);
    }
    if (fault_rate_ > 0 && random_.Fraction() < fault_rate_) return Fail(Code::kUnavailable, "a fault on purpose");
    if (breaks_left_ > 0 && range.begin < break_at_) end = std::min(end, break_at_);
    end = std::min(end, std::max(hold_at_, range.begin));
    if (end == range.begin && range.begin < range.end) return std::nullopt;
    bytes_ += end - range.begin;
    return static_cast<std::size_t>(end - range.begin);
  }

  Task<Result<std::size_t>> Give(Stream& stream, std::span<std::byte> to) {
    if (options_.chunk_delay > Duration::zero()) co_await SleepFor(options_.chunk_delay);
    while (true) {
      std::uint64_t seen = 0;
      std::optional<Result<std::size_t>> chunk;
      {
        MutexLock lock(mutex_);
        seen = changed_.generation();
        chunk = NextChunk(stream.range_, to.size());
      }
      if (stream.cancel_.IsCancelled()) co_return Fail(Code::kCancelled, "the stream's owner has gone");
      if (chunk && !*chunk) co_return Fail(chunk->error());
      if (chunk) {
        sim::FillObjectBytes(key_, stream.version_, stream.range_.begin, to.first(**chunk));
        stream.range_.begin += **chunk;
        co_return **chunk;
      }
      co_await changed_.Wait(seen, TimePoint::max(), stream.cancel_);
    }
  }

  std::optional<Error> NextOpenError(const BlockInfo& info) {
    MutexLock lock(mutex_);
    if (open_failures_left_ > 0) {
      --open_failures_left_;
      return open_error_;
    }
    if (fault_rate_ > 0 && random_.Fraction() < fault_rate_) return Error(Code::kUnavailable, "a fault on purpose");
    if (info.version.value != EtagOf(version_)) return Error(Code::kPreconditionFailed, "another version");
    return std::nullopt;
  }

  template <typename Do>
  void Change(Do change) {
    {
      MutexLock lock(mutex_);
      change();
    }
    changed_.NotifyAll();
  }
  template <typename Look>
  auto Get(Look look) const -> std::invoke_result_t<Look&> {
    MutexLock lock(mutex_);
    return look();
  }

  const std::string key_;
  const Options options_;
  Signal changed_;
  mutable Mutex mutex_;
  // Guarded by mutex_, through Change and Get.
  std::uint64_t version_ = 1;
  std::uint64_t hold_at_ = kNever;
  std::uint64_t break_at_ = 0;
  int breaks_left_ = 0;
  std::optional<Error> break_error_;
  int open_failures_left_ = 0;
  std::optional<Error> open_error_;
  bool retries_admitted_ = true;
  double fault_rate_ = 0;
  Random random_{0};
  std::vector<ByteRange> opened_;
  std::uint64_t bytes_ = 0;
  int live_streams_ = 0;
};

}  // namespace hearth::cache
