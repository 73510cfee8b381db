#include "http/client.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <atomic>
#include <mutex>

#include "base/check.h"
#include "http/curl_engine.h"

namespace hearth::http {
namespace {

// Whether a transfer is stalled: nothing for `limit` of waiting, or less than one byte a second over so long. Only the
// time that a reader really waits for bytes counts, so a reader that takes its time never kills a transfer.
class StallMeter {
 public:
  explicit StallMeter(Duration limit) : limit_(limit) {}

  Duration Left() const { return limit_ - std::max(waited_, silent_); }
  // True: too slow for too long.
  bool Add(Duration waited, std::size_t bytes) {
    waited_ += waited;
    bytes_ += bytes;
    silent_ = bytes == 0 ? silent_ + waited : Duration{};
    if (silent_ >= limit_) return true;
    if (waited_ < limit_) return false;
    const auto wanted = std::max<std::int64_t>(1, std::chrono::floor<std::chrono::seconds>(waited_).count());
    const bool stalled = bytes_ < static_cast<std::uint64_t>(wanted);
    waited_ = {};
    bytes_ = 0;
    return stalled;
  }

 private:
  const Duration limit_;
  Duration waited_{};  // in this window
  Duration silent_{};  // since the last byte
  std::uint64_t bytes_ = 0;
};

class CurlBody final : public ClientBody {
 public:
  CurlBody(std::shared_ptr<CurlEngine> engine, std::shared_ptr<CurlTransfer> transfer, CancelToken cancel)
      : engine_(std::move(engine)),
        transfer_(std::move(transfer)),
        cancel_(std::move(cancel)),
        stall_(engine_->options().stall_timeout) {}

  ~CurlBody() override {
    Error error(Code::kCancelled, "the body was dropped");
    if (engine_->loop().OnLoopThread()) {
      engine_->Abort(transfer_, std::move(error));
      return;
    }
    io::Loop& loop = engine_->loop();
    loop.Post([engine = std::move(engine_), transfer = std::move(transfer_), reason = std::move(error)]() mutable {
      engine->Abort(transfer, std::move(reason));
    });
  }

  Task<Result<std::size_t>> Read(std::span<std::byte> to) override {
    Executor* home = Executor::Current();
    HEARTH_CHECK(home != nullptr);
    co_await ResumeOn(engine_->loop());
    Result<std::size_t> result = co_await ReadOnLoop(to);
    co_await ResumeOn(*home);
    co_return result;
  }

  void EndBy(TimePoint deadline) override { deadline_ = deadline; }

 private:
  Task<Result<std::size_t>> ReadOnLoop(std::span<std::byte> to) {
    if (cancel_.IsCancelled()) {
      GiveUp(Code::kCancelled, "the request was cancelled");
      co_return Fail(Code::kCancelled, "the request was cancelled");
    }
    if (transfer_->spilled() > 0) co_return transfer_->TakeSpilled(to);
    if (transfer_->state() == CurlTransfer::State::kBody) {
      transfer_->BeginRead(to);
      engine_->Resume(*transfer_);
      co_await WaitForBytes();
      if (const std::size_t bytes = transfer_->EndRead(); bytes > 0) co_return bytes;
    }
    if (transfer_->state() == CurlTransfer::State::kFailed) co_return Fail(transfer_->error());
    co_return std::size_t{0};
  }

  // Until some bytes are there, or the transfer has ended, perhaps because it was stalled or cancelled.
  Task<void> WaitForBytes() {
    const Clock& clock = engine_->loop().clock();
    while (transfer_->filled() == 0 && transfer_->state() == CurlTransfer::State::kBody) {
      const TimePoint begin = clock.Now();
      const std::uint64_t seen = transfer_->changed().generation();
      const TimePoint until = std::min(deadline_, begin + stall_.Left());
      const Signal::Woke woke = co_await transfer_->changed().Wait(seen, until, cancel_);
      if (woke == Signal::Woke::kCancelled) {
        GiveUp(Code::kCancelled, "the request was cancelled");
      } else if (woke == Signal::Woke::kDeadline && clock.Now() >= deadline_) {
        GiveUp(Code::kDeadlineExceeded, "the answer's body did not come in time");
      } else if (stall_.Add(clock.Now() - begin, transfer_->filled())) {
        GiveUp(Code::kDeadlineExceeded, "the answer's body has stalled");
      }
    }
  }

  void GiveUp(Code code, std::string why) { engine_->Abort(transfer_, Error(code, std::move(why))); }

  std::shared_ptr<CurlEngine> engine_;
  std::shared_ptr<CurlTransfer> transfer_;
  const CancelToken cancel_;
  StallMeter stall_;
  TimePoint deadline_ = TimePoint::max();
};

Task<Result<ClientAnswer>> SendOnLoop(std::shared_ptr<CurlEngine> engine, ClientRequest request,
                                      RequestContext context) {
  if (context.cancel.IsCancelled()) co_return Fail(Code::kCancelled, "the request was cancelled");
  auto started = engine->Start(std::move(request));
  if (!started) co_return Fail(std::move(started).error());
  const std::shared_ptr<CurlTransfer> transfer = *std::move(started);
  const TimePoint deadline =
      std::min(context.deadline, engine->loop().clock().Now() + engine->options().first_byte_timeout);
  while (!transfer->head_complete() && transfer->state() != CurlTransfer::State::kFailed) {
    const std::uint64_t seen = transfer->changed().generation();
    const Signal::Woke woke = co_await transfer->changed().Wait(seen, deadline, context.cancel);
    if (woke == Signal::Woke::kCancelled) {
      engine->Abort(transfer, Error(Code::kCancelled, "the request was cancelled"));
    } else if (woke == Signal::Woke::kDeadline && !transfer->head_complete()) {
      engine->Abort(transfer, Error(Code::kDeadlineExceeded, "no answer in time"));
    }
  }
  if (!transfer->head_complete()) co_return Fail(transfer->error());
  ClientAnswer answer = transfer->TakeHead();
  answer.body = std::make_unique<CurlBody>(std::move(engine), transfer, std::move(context.cancel));
  co_return answer;
}

class CurlClient final : public Client {
 public:
  CurlClient(const std::vector<io::Loop*>& loops, const ClientOptions& options) {
    HEARTH_CHECK(!loops.empty());
    for (io::Loop* loop : loops) engines_.push_back(std::make_shared<CurlEngine>(*loop, options));
  }

  ~CurlClient() override {
    for (auto& engine : engines_) {
      io::Loop& loop = engine->loop();
      loop.Post([owned = std::move(engine)] { owned->Shutdown(); });
    }
  }

  Task<Result<ClientAnswer>> Send(ClientRequest request, RequestContext context) override {
    Executor* home = Executor::Current();
    HEARTH_CHECK(home != nullptr);
    std::shared_ptr<CurlEngine> engine = Choose(*home);
    co_await ResumeOn(engine->loop());
    Result<ClientAnswer> answer = co_await SendOnLoop(std::move(engine), std::move(request), std::move(context));
    co_await ResumeOn(*home);
    co_return answer;
  }

 private:
  // The caller's own loop if it is one of ours, else the next in turn.
  std::shared_ptr<CurlEngine> Choose(const Executor& home) {
    for (const auto& engine : engines_) {
      if (&engine->loop() == &home) return engine;
    }
    return engines_[next_.fetch_add(1, std::memory_order_relaxed) % engines_.size()];
  }

  std::vector<std::shared_ptr<CurlEngine>> engines_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace

const std::string* FindHeader(const HeaderList& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && strncasecmp(key.data(), name.data(), name.size()) == 0) return &value;
  }
  return nullptr;
}

std::unique_ptr<Client> MakeCurlClient(const std::vector<io::Loop*>& loops, const ClientOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { HEARTH_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
  return std::make_unique<CurlClient>(loops, options);
}

Task<Result<std::string>> ReadAll(std::unique_ptr<ClientBody> body, std::size_t bytes_max, TimePoint deadline) {
  body->EndBy(deadline);
  std::string text;
  std::vector<std::byte> piece(64 << 10);
  while (true) {
    auto bytes = co_await body->Read(piece);
    if (!bytes) co_return Fail(std::move(bytes).error());
    if (*bytes == 0) co_return text;
    if (*bytes > bytes_max - text.size()) {
      co_return Fail(Code::kUnavailable, fmt::format("the answer's body is longer than {} bytes", bytes_max));
    }
    text.append(reinterpret_cast<const char*>(piece.data()), *bytes);
  }
}

}  // namespace hearth::http
