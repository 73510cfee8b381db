// Connection: one client's socket, and the Exchange of the request that it is at.
//
// Owned by its Worker; lives on one loop. One object serves all requests of the connection, one after the other,
// and the hit path allocates nothing: the input buffer is lent by the worker while there is input, the answer is
// composed in the worker's scratch buffer, and only what the socket does not take is kept (outbox.h).
//
// The socket is watched edge-triggered, once: readable_ remembers that there may be input to read.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "http/chunked.h"
#include "http/outbox.h"
#include "http/parser.h"
#include "http/response.h"
#include "http/server.h"
#include "http/worker.h"

namespace hearth::http {

class Connection final : public Exchange, public io::Loop::Handler, public std::enable_shared_from_this<Connection> {
 public:
  Connection(Worker& worker, io::UniqueFd socket, Peer peer);
  virtual ~Connection();

  // For the worker.
  void Open();
  void TurnAway();  // answers 503 and closes
  void Drain();
  void Cut();

  void OnEvents(std::uint32_t epoll_events) override;

  // Exchange
  const Request& request() const override { return request_; }
  const Peer& peer() const override { return peer_; }
  const RequestContext& context() const override { return context_; }
  Executor& executor() override { return worker_.loop(); }
  void Reply(const ResponseHead& head, std::string_view body) override;
  bool ReplySlices(const ResponseHead& head, std::span<const io::FileSlice> slices) override;
  void ReplyHead(const ResponseHead& head, std::optional<std::uint64_t> content_length) override;
  void Start(Task<void> task) override;
  Task<Status> SendHead(ResponseHead head, std::uint64_t content_length) override;
  Task<Status> SendBytes(BufferSlice bytes) override;
  Task<Status> SendSlice(io::FileSlice slice) override;
  void Abort() override { Cut(); }
  bool head_sent() const override { return answer_ != Answer::kNone; }
  Task<Result<std::string>> ReadBody(std::size_t bytes_max) override;
  void OnDone(std::function<void(const Outcome&)> done) override { done_ = std::move(done); }

 private:
  enum class State {
    kHead,       // between requests, or part of a head is here: parse on
    kAnswering,  // a request is with its handler: read nothing but its body
    kLingering,  // all is said and our side is shut: discard until the client has closed too, so that no reset
                 // takes the answer away from it
    kClosed,     // the descriptor is gone; only a task may still run
  };
  enum class Answer {
    kNone,   // nothing is sent: Reply or SendHead may come
    kBody,   // a task has sent the head and owes body_left_ bytes
    kWhole,  // everything is composed; the outbox may still hold some of it
  };
  enum class BodyRead { kDone, kMore, kBad, kTooLong, kGone };
  class SendWait;
  class BodyWait;

  // One step of the connection; false: nothing to do until an event, a timer or the task.
  bool StepHead();
  bool StepAnswering();
  bool StepLingering();
  void Advance();
  void YieldTurn();
  bool Receive();
  void ForgetInput();

  void BeginExchange();
  void ResetExchange();
  void EndExchange();
  void AnswerError(int status, std::string_view code, std::string_view message);
  void Compose(OutputBuffer& out, const ResponseHead& head, std::optional<std::uint64_t> content_length, TimePoint now);
  void SendComposed(const OutputBuffer& out, std::size_t head_bytes);
  bool IsHead() const { return request_.method == "HEAD"; }
  bool ReadSlicesNow(OutputBuffer& out, std::span<const io::FileSlice> slices, std::uint64_t total);
  void After(Outbox::Progress progress);
  void FlushOutbox();
  Task<Status> Settle(Outbox::Progress progress);
  Status TakeFromBody(std::uint64_t bytes);
  BodyRead TakeBody(std::string& body);

  static Task<void> RunTask(std::shared_ptr<Connection> self, Task<void> task);
  void TaskEnded();
  void LingerOrClose();
  void Close(bool reset);
  void WakeWaiters();

  void SetDeadline(TimePoint deadline);
  void OnTimer();
  void ArmTimer();
  TimePoint Now() const { return worker_.loop().clock().Now(); }

  Worker& worker_;
  io::UniqueFd socket_;
  const Peer peer_;
  State state_ = State::kHead;

  // Input: [in_begin_, in_end_) of input_ is not used up; a request's head begins at in_begin_.
  std::unique_ptr<char[]> input_;
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  std::size_t body_at_ = 0;  // what follows the head and what was read of the body
  bool readable_ = false;
  bool client_shut_ = false;  // EPOLLRDHUP was seen: read until the end, however short a read is
  bool input_ended_ = false;
  RequestParser parser_;
  bool head_deadline_set_ = false;

  // The exchange.
  Request request_;
  RequestContext context_;
  CancelSource cancel_;
  Answer answer_ = Answer::kNone;
  bool task_running_ = false;
  bool keep_alive_ = true;  // of this answer
  bool aborted_ = false;
  int status_ = 0;
  TimePoint started_{};
  TimePoint first_byte_at_{};
  std::uint64_t body_left_ = 0;          // of the answer, for a task to send
  std::uint64_t taken_before_body_ = 0;  // outbox_.taken() when all of the head is with the socket
  bool body_unread_ = false;             // of the request
  std::uint64_t request_body_left_ = 0;  // of a body with Content-Length
  std::optional<ChunkedDecoder> chunks_;
  bool continue_owed_ = false;
  std::function<void(const Outcome&)> done_;

  Outbox outbox_;
  std::coroutine_handle<> send_waiter_;
  std::coroutine_handle<> body_waiter_;

  bool advancing_ = false;
  bool turn_posted_ = false;
  TimePoint deadline_ = TimePoint::max();
  TimePoint timer_at_ = TimePoint::max();
  Executor::TimerId timer_ = 0;
};

}  // namespace hearth::http
