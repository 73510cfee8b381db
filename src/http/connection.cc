#include "http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/check.h"

namespace hearth::http {
namespace {

// Requests that one connection may have answered before others get their turn.
constexpr int kStepsPerTurn = 128;
constexpr Duration kLingerTime = std::chrono::seconds(2);

}  // namespace

Connection::Connection(Worker& worker, io::UniqueFd socket, Peer peer)
    : worker_(worker),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      parser_(worker.options().header_bytes_max),
      outbox_(socket_.get()) {
  context_.cancel = cancel_.token();
}

Connection::~Connection() = default;

void Connection::Open() {
  const auto watched = worker_.loop().Watch(socket_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
  if (!watched) return Close(false);
  // The client's first request is often here already.
  readable_ = true;
  SetDeadline(Now() + worker_.options().idle_timeout);
  Advance();
}

void Connection::TurnAway() {
  const auto watched = worker_.loop().Watch(socket_.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, this);
  if (!watched) return Close(false);
  readable_ = true;
  AnswerError(503, "SlowDown", "Too many connections.");
  Advance();
}

void Connection::Drain() {
  if (!worker_.closes_after_answers()) return;
  if (state_ == State::kHead && in_begin_ == in_end_) LingerOrClose();
}

// What was answered whole may still be on its way to a slow client: the kernel delivers it, unless it is told not to.
void Connection::Cut() { Close(state_ == State::kAnswering); }

void Connection::OnEvents(std::uint32_t epoll_events) {
  // Both sides are shut, or a reset came: nobody is there to be answered. A client that has closed only its
  // sending side shows as EPOLLRDHUP alone.
  if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0) return Close(false);
  if ((epoll_events & (EPOLLIN | EPOLLRDHUP)) != 0) readable_ = true;
  if ((epoll_events & EPOLLRDHUP) != 0) client_shut_ = true;
  if ((epoll_events & EPOLLOUT) != 0 && !outbox_.empty()) FlushOutbox();
  Advance();
}

// What a step calls may end up here again (an answer that is complete at once): the loop below goes on then.
void Connection::Advance() {
  if (advancing_) return;
  advancing_ = true;
  for (int steps = 0;; ++steps) {
    if (steps == kStepsPerTurn) {
      YieldTurn();
      break;
    }
    bool more = false;
    switch (state_) {
      case State::kHead: more = StepHead(); break;
      case State::kAnswering: more = StepAnswering(); break;
      case State::kLingering: more = StepLingering(); break;
      case State::kClosed: break;
    }
    if (!more) break;
  }
  advancing_ = false;
}

void Connection::YieldTurn() {
  if (turn_posted_) return;
  turn_posted_ = true;
  worker_.loop().Post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->turn_posted_ = false;
    if (!self->outbox_.empty()) self->FlushOutbox();
    self->Advance();
  });
}

bool Connection::StepHead() {
  if (in_end_ > in_begin_) {
    switch (parser_.Parse({input_.get() + in_begin_, in_end_ - in_begin_}, request_)) {
      case RequestParser::State::kComplete: BeginExchange(); return true;
      case RequestParser::State::kBad: {
        const auto& error = parser_.error();
        AnswerError(error.status, error.code, error.message);
        return true;
      }
      case RequestParser::State::kNeedMore:
        if (head_deadline_set_) break;
        head_deadline_set_ = true;
        SetDeadline(Now() + worker_.options().head_timeout);
        break;
    }
  }
  if (input_ended_) {
    Close(false);
    return false;
  }
  return readable_ && Receive();
}

bool Connection::StepAnswering() {
  if (answer_ == Answer::kWhole && outbox_.empty() && !task_running_) {
    EndExchange();
    return true;
  }
  if (body_waiter_ && readable_) {
    std::exchange(body_waiter_, {}).resume();
    return true;
  }
  return false;
}

bool Connection::StepLingering() {
  if (!readable_) return false;
  in_begin_ = in_end_ = 0;
  if (!Receive()) return false;
  if (input_ended_) Close(false);
  return true;
}

void Connection::ForgetInput() {
  in_begin_ = in_end_ = 0;
  worker_.GiveInput(std::move(input_));
}

// Reads once. False: nothing came, or the connection is closed. A read that is shorter than what was asked for
// has emptied the socket, unless the client's FIN waits behind it: that saves the second call that would say so.
bool Connection::Receive() {
  if (!input_) input_ = worker_.TakeInput();
  const std::size_t capacity = worker_.input_bytes();
  if (in_end_ == capacity && in_begin_ > 0) {
    HEARTH_CHECK(state_ == State::kHead);  // no views into the buffer
    std::memmove(input_.get(), input_.get() + in_begin_, in_end_ - in_begin_);
    in_end_ -= std::exchange(in_begin_, 0);
  }
  const std::size_t room = capacity - in_end_;
  HEARTH_CHECK(room > 0);
  const ssize_t n = ::recv(socket_.get(), input_.get() + in_end_, room, MSG_DONTWAIT);
  if (n > 0) {
    in_end_ += static_cast<std::size_t>(n);
    if (static_cast<std::size_t>(n) < room && !client_shut_) readable_ = false;
    return true;
  }
  if (n < 0 && errno == EINTR) return true;
  if (n == 0) input_ended_ = true;
  if (n == 0 || errno == EAGAIN || errno == EWOULDBLOCK) {
    readable_ = false;
    if (state_ == State::kHead && in_begin_ == in_end_) ForgetInput();
    return n == 0;
  }
  Close(false);
  return false;
}

void Connection::BeginExchange() {
  const bool has_body = request_.chunked || request_.content_length > 0;
  if (has_body && in_begin_ > 0) {
    // The body is read into what is behind the head: make room there, and let the views point to the new place.
    std::memmove(input_.get(), input_.get() + in_begin_, in_end_ - in_begin_);
    in_end_ -= std::exchange(in_begin_, 0);
    parser_.Reset();
    HEARTH_CHECK(parser_.Parse({input_.get(), in_end_}, request_) == RequestParser::State::kComplete);
  }
  ResetExchange();
  body_at_ = in_begin_ + parser_.head_bytes();
  body_unread_ = has_body;
  request_body_left_ = request_.content_length;
  continue_owed_ = has_body && request_.expect_continue && !request_.http_1_0;
  worker_.handler().Handle(*this);
  if (state_ == State::kAnswering && answer_ == Answer::kNone && !task_running_) {
    AnswerError(500, "InternalError", "We encountered an internal error. Please try again.");
  }
}

void Connection::ResetExchange() {
  state_ = State::kAnswering;
  started_ = Now();
  first_byte_at_ = {};
  deadline_ = TimePoint::max();
  worker_.WriteRequestId(context_.request_id);
  worker_.CountActive(1);
  body_at_ = in_end_;
  body_unread_ = false;
  continue_owed_ = false;
  request_body_left_ = 0;
  chunks_.reset();
  answer_ = Answer::kNone;
  keep_alive_ = true;
  aborted_ = false;
  status_ = 0;
  body_left_ = 0;
  taken_before_body_ = outbox_.taken();
}

void Connection::EndExchange() {
  const TimePoint now = Now();
  worker_.CountActive(-1);
  if (done_) {
    Outcome outcome;
    outcome.status = status_;
    outcome.body_bytes = outbox_.taken() - std::min(outbox_.taken(), taken_before_body_);
    outcome.total = now - started_;
    outcome.first_byte = first_byte_at_ == TimePoint{} ? outcome.total : first_byte_at_ - started_;
    outcome.aborted = aborted_;
    std::exchange(done_, nullptr)(outcome);
  }
  if (state_ == State::kClosed) return;
  in_begin_ = body_at_;
  if (in_begin_ == in_end_) ForgetInput();
  request_.method = {};
  parser_.Reset();
  head_deadline_set_ = false;
  state_ = State::kHead;
  if (!keep_alive_ || (in_begin_ == in_end_ && worker_.closes_after_answers())) return LingerOrClose();
  SetDeadline(now + worker_.options().idle_timeout);
}

void Connection::LingerOrClose() {
  if (input_ended_ || ::shutdown(socket_.get(), SHUT_WR) != 0) return Close(false);
  ForgetInput();
  state_ = State::kLingering;
  SetDeadline(Now() + kLingerTime);
  Advance();
}

void Connection::Close(bool reset) {
  if (state_ == State::kClosed) return;
  if (reset) {
    // A FIN could be taken for the end of the answer.
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  worker_.loop().Unwatch(socket_.get());
  socket_.Reset();
  worker_.loop().Cancel(std::exchange(timer_, 0));
  const bool answering = std::exchange(state_, State::kClosed) == State::kAnswering;
  aborted_ = reset || answer_ != Answer::kWhole || !outbox_.empty();
  outbox_.Clear();
  WakeWaiters();
  if (answering) cancel_.Cancel();
  if (task_running_) return;
  if (answering) EndExchange();
  worker_.Retire(*this);
}

// In a later turn: whoever closes may be called by the task itself.
void Connection::WakeWaiters() {
  for (std::coroutine_handle<>* waiter : {&send_waiter_, &body_waiter_}) {
    if (*waiter) worker_.loop().Post([resume = std::exchange(*waiter, {})] { resume.resume(); });
  }
}

// A deadline that moves away costs nothing: the timer that is set fires too early once, and is set again then.
void Connection::SetDeadline(TimePoint deadline) {
  deadline_ = deadline;
  if (deadline < timer_at_) ArmTimer();
}

void Connection::ArmTimer() {
  worker_.loop().Cancel(timer_);
  timer_at_ = deadline_;
  timer_ = worker_.loop().PostAfter(std::max(Duration::zero(), deadline_ - Now()), [this] { OnTimer(); });
}

void Connection::OnTimer() {
  timer_ = 0;
  timer_at_ = TimePoint::max();
  if (deadline_ == TimePoint::max()) return;
  if (Now() < deadline_) return ArmTimer();
  if (state_ == State::kAnswering) return Close(true);
  if (state_ == State::kHead && in_begin_ < in_end_) {
    AnswerError(408, "RequestTimeout", "Your socket connection to the server was not read from or written to in time.");
    return Advance();
  }
  Close(false);
}

}  // namespace hearth::http
