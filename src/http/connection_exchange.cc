// The Exchange side of a Connection: answers, and the body of a request.

#include <algorithm>

#include "base/bytes.h"
#include "base/check.h"
#include "http/connection.h"

namespace hearth::http {
namespace {

constexpr std::size_t kCopiedReplyMax = 64_KiB;

bool HasNoBody(int status) { return status == 204 || status == 304 || (status >= 100 && status < 200); }

Error Gone() { return {Code::kCancelled, "the client has gone away"}; }

}  // namespace

// Suspends until the outbox is empty or the connection closed.
class Connection::SendWait {
 public:
  explicit SendWait(Connection& connection) : connection_(connection) {}
  bool await_ready() const { return connection_.outbox_.empty() || connection_.state_ == State::kClosed; }
  void await_suspend(std::coroutine_handle<> handle) { connection_.send_waiter_ = handle; }
  Status await_resume() const {
    if (connection_.state_ == State::kClosed) return Fail(Gone());
    return {};
  }

 private:
  Connection& connection_;
};

// Suspends until there is input to read or the connection closed.
class Connection::BodyWait {
 public:
  explicit BodyWait(Connection& connection) : connection_(connection) {}
  bool await_ready() const { return connection_.state_ == State::kClosed; }
  void await_suspend(std::coroutine_handle<> handle) {
    connection_.body_waiter_ = handle;
    connection_.SetDeadline(connection_.Now() + connection_.worker_.options().send_timeout);
  }
  void await_resume() const {}

 private:
  Connection& connection_;
};

void Connection::Compose(OutputBuffer& out, const ResponseHead& head, std::optional<std::uint64_t> content_length,
                         TimePoint now) {
  status_ = head.status;
  keep_alive_ = keep_alive_ && request_.keep_alive && !body_unread_ && !worker_.closes_after_answers();
  AppendHead(out, head,
             {.stamp = worker_.StampLines(now),
              .request_id = context_.request_id,
              .content_length = content_length,
              .keep_alive = keep_alive_,
              .http_1_0 = request_.http_1_0});
}

// The whole answer, of which `head_bytes` are its head.
void Connection::SendComposed(const OutputBuffer& out, std::size_t head_bytes) {
  answer_ = Answer::kWhole;
  taken_before_body_ = outbox_.taken() + head_bytes;
  After(outbox_.SendBytes(out.view(), Outbox::More::kNo));
}

void Connection::Reply(const ResponseHead& head, std::string_view body) {
  if (state_ == State::kClosed) return;
  HEARTH_CHECK(answer_ == Answer::kNone);
  const bool without_length = HasNoBody(head.status);
  const bool without_body = without_length || IsHead();
  OutputBuffer& out = worker_.scratch();
  Compose(out, head, without_length ? std::nullopt : std::optional<std::uint64_t>(body.size()), started_);
  const std::size_t head_bytes = out.size();
  if (without_body || body.size() <= kCopiedReplyMax) {
    if (!without_body) out.Append(body);
    return SendComposed(out, head_bytes);
  }
  answer_ = Answer::kWhole;
  taken_before_body_ = outbox_.taken() + head_bytes;
  const auto progress = outbox_.SendBytes(out.view(), Outbox::More::kYes);
  After(progress == Outbox::Progress::kBroken ? progress : outbox_.SendBytes(body, Outbox::More::kNo));
}

void Connection::ReplyHead(const ResponseHead& head, std::optional<std::uint64_t> content_length) {
  if (state_ == State::kClosed) return;
  HEARTH_CHECK(answer_ == Answer::kNone);
  OutputBuffer& out = worker_.scratch();
  Compose(out, head, content_length, started_);
  SendComposed(out, out.size());
}

bool Connection::ReadSlicesNow(OutputBuffer& out, std::span<const io::FileSlice> slices, std::uint64_t total) {
  const std::size_t head_bytes = out.size();
  std::span<std::byte> to = out.Extend(static_cast<std::size_t>(total));
  for (const io::FileSlice& slice : slices) {
    const auto size = static_cast<std::size_t>(slice.range.length());
    if (!slice.file->TryReadNow(slice.range.begin, to.first(size))) {
      out.Shrink(head_bytes);
      return false;
    }
    to = to.subspan(size);
  }
  return true;
}

bool Connection::ReplySlices(const ResponseHead& head, std::span<const io::FileSlice> slices) {
  if (state_ == State::kClosed) return true;
  HEARTH_CHECK(answer_ == Answer::kNone);
  std::uint64_t total = 0;
  for (const io::FileSlice& slice : slices) total += slice.range.length();
  OutputBuffer& out = worker_.scratch();
  Compose(out, head, total, started_);
  const std::size_t head_bytes = out.size();
  const bool is_copied = total < io::kCopiedBelow;
  if (is_copied && !IsHead() && !ReadSlicesNow(out, slices, total)) return false;
  if (is_copied || IsHead()) {
    SendComposed(out, head_bytes);
    return true;
  }
  answer_ = Answer::kWhole;
  taken_before_body_ = outbox_.taken() + head_bytes;
  const auto progress = outbox_.SendBytes(out.view(), Outbox::More::kYes);
  After(progress == Outbox::Progress::kBroken ? progress : outbox_.SendSlices(slices));
  return true;
}

void Connection::AnswerError(int status, std::string_view code, std::string_view message) {
  if (state_ != State::kAnswering) ResetExchange();
  keep_alive_ = false;
  const ErrorBody error = MakeErrorBody(status, code, message, context_.request_id);
  Reply(error.head, error.body);
}

void Connection::FlushOutbox() {
  const std::uint64_t taken = outbox_.taken();
  const auto progress = outbox_.Flush();
  // The client's deadline moves only when it has taken something.
  if (progress == Outbox::Progress::kBlocked && outbox_.taken() == taken) return;
  After(progress);
}

void Connection::After(Outbox::Progress progress) {
  if (progress == Outbox::Progress::kBroken) return Close(true);
  if (progress == Outbox::Progress::kDone) {
    deadline_ = TimePoint::max();
    if (send_waiter_) std::exchange(send_waiter_, {}).resume();
    return;
  }
  const TimePoint now = Now();
  if (first_byte_at_ == TimePoint{}) first_byte_at_ = now;
  SetDeadline(now + worker_.options().send_timeout);
  if (progress == Outbox::Progress::kYield) YieldTurn();
}

void Connection::Start(Task<void> task) {
  HEARTH_CHECK(state_ == State::kAnswering && !task_running_ && answer_ == Answer::kNone);
  task_running_ = true;
  StartDetached(RunTask(shared_from_this(), std::move(task)));
}

Task<void> Connection::RunTask(std::shared_ptr<Connection> self, Task<void> task) {
  co_await std::move(task);
  co_await ResumeOn(self->worker_.loop());
  self->TaskEnded();
}

void Connection::TaskEnded() {
  task_running_ = false;
  if (state_ == State::kClosed) {
    EndExchange();
    worker_.Retire(*this);
    return;
  }
  if (answer_ == Answer::kNone) {
    AnswerError(500, "InternalError", "We encountered an internal error. Please try again.");
  } else if (answer_ == Answer::kBody) {
    if (body_left_ > 0 && !IsHead()) return Close(true);
    answer_ = Answer::kWhole;
  }
  Advance();
}

Task<Status> Connection::Settle(Outbox::Progress progress) {
  After(progress);
  co_return co_await SendWait(*this);
}

Task<Status> Connection::SendHead(ResponseHead head, std::uint64_t content_length) {
  HEARTH_CHECK(worker_.loop().OnLoopThread());
  if (state_ == State::kClosed) co_return Fail(Gone());
  HEARTH_CHECK(answer_ == Answer::kNone);
  first_byte_at_ = Now();
  OutputBuffer& out = worker_.scratch();
  Compose(out, head, content_length, first_byte_at_);
  answer_ = Answer::kBody;
  body_left_ = content_length;
  taken_before_body_ = outbox_.taken() + out.size();
  co_return co_await Settle(outbox_.SendBytes(out.view(), Outbox::More::kNo));
}

Status Connection::TakeFromBody(std::uint64_t bytes) {
  HEARTH_CHECK(worker_.loop().OnLoopThread());
  if (state_ == State::kClosed) return Fail(Gone());
  HEARTH_CHECK(answer_ == Answer::kBody);
  if (bytes > body_left_) {
    // Whoever made the head promised less; the client would take the rest for the next answer.
    Close(true);
    return Fail(Code::kInternal, "more body than Content-Length says");
  }
  body_left_ -= bytes;
  return {};
}

Task<Status> Connection::SendBytes(BufferSlice bytes) {
  HEARTH_CO_TRY(TakeFromBody(bytes.bytes.size()));
  if (IsHead() || bytes.bytes.empty()) co_return Status();
  co_return co_await Settle(outbox_.SendShared(std::move(bytes)));
}

Task<Status> Connection::SendSlice(io::FileSlice slice) {
  HEARTH_CO_TRY(TakeFromBody(slice.range.length()));
  if (IsHead() || slice.range.empty()) co_return Status();
  co_return co_await Settle(outbox_.SendSlices(std::span(&slice, 1)));
}

// Takes what is here of the request's body.
Connection::BodyRead Connection::TakeBody(std::string& body) {
  while (state_ != State::kClosed) {
    const std::string_view input(input_.get() + body_at_, in_end_ - body_at_);
    if (chunks_) {
      const auto step = chunks_->Feed(input, body);
      body_at_ += step.consumed;
      if (step.state == ChunkedDecoder::State::kComplete) return BodyRead::kDone;
      if (step.state == ChunkedDecoder::State::kBad) return BodyRead::kBad;
      if (step.state == ChunkedDecoder::State::kTooLong) return BodyRead::kTooLong;
    } else {
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(request_body_left_, input.size()));
      body.append(input.substr(0, n));
      body_at_ += n;
      request_body_left_ -= n;
      if (request_body_left_ == 0) return BodyRead::kDone;
    }
    body_at_ = in_end_ = in_begin_ + parser_.head_bytes();
    if (input_ended_) return BodyRead::kGone;
    if (!readable_ || !Receive()) return state_ == State::kClosed ? BodyRead::kGone : BodyRead::kMore;
  }
  return BodyRead::kGone;
}

Task<Result<std::string>> Connection::ReadBody(std::size_t bytes_max) {
  HEARTH_CHECK(worker_.loop().OnLoopThread());
  std::string body;
  if (state_ == State::kClosed) co_return Fail(Gone());
  if (!body_unread_) co_return body;
  if (request_body_left_ > bytes_max) co_return Fail(Code::kInvalidArgument, "the request's body is too long");
  if (request_.chunked) chunks_.emplace(bytes_max);
  if (std::exchange(continue_owed_, false)) {
    After(outbox_.SendBytes("HTTP/1.1 100 Continue\r\n\r\n", Outbox::More::kNo));
  }
  while (true) {
    switch (TakeBody(body)) {
      case BodyRead::kDone:
        body_unread_ = false;
        deadline_ = TimePoint::max();
        co_return body;
      case BodyRead::kMore: co_await BodyWait(*this); break;
      case BodyRead::kBad: co_return Fail(Code::kInvalidArgument, "the request's chunks are malformed");
      case BodyRead::kTooLong: co_return Fail(Code::kInvalidArgument, "the request's body is too long");
      case BodyRead::kGone: Close(true); co_return Fail(Gone());
    }
  }
}

}  // namespace hearth::http
