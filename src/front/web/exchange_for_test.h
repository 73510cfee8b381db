// FakeExchange: an http::Exchange for tests of fronts: a request made of text, the answer kept.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/task_scope.h"
#include "http/server.h"

namespace hearth::front {

class FakeExchange final : public http::Exchange {
 public:
  // `target` is "/path?query".
  FakeExchange(Executor& executor, std::string method, std::string target)
      : executor_(executor), method_(std::move(method)), target_(std::move(target)) {
    request_.method = method_;
    request_.target = target_;
    const std::string_view view = target_;
    request_.path = view.substr(0, view.find('?'));
    if (const std::size_t mark = view.find('?'); mark != view.npos) request_.query = view.substr(mark + 1);
    request_.host = "127.0.0.1";
    peer_.address = "127.0.0.1";
    peer_.own_host = true;
    context_.request_id = "0123456789ABCDEF";
  }

  FakeExchange& Header(std::string name, std::string value) {
    owned_.push_back(std::make_unique<std::pair<std::string, std::string>>(std::move(name), std::move(value)));
    request_.headers.emplace_back(owned_.back()->first, owned_.back()->second);
    return *this;
  }
  FakeExchange& Body(std::string text) {
    body_in_ = std::move(text);
    return *this;
  }
  http::Peer& mutable_peer() { return peer_; }
  http::Request& mutable_request() { return request_; }

  // --- the answer ---
  int status = 0;
  std::string headers;
  std::string body;
  std::uint64_t content_length = 0;
  bool aborted = false;
  bool answered() const { return status != 0; }
  // Value of a header of the answer; empty if it is not there.
  std::string AnswerHeader(std::string_view name) const {
    const std::size_t at = headers.find(std::string(name) + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = at + name.size() + 2;
    return headers.substr(begin, headers.find("\r\n", begin) - begin);
  }
  bool running() const { return scope_.running() > 0; }

  // --- http::Exchange ---
  const http::Request& request() const override { return request_; }
  const http::Peer& peer() const override { return peer_; }
  const RequestContext& context() const override { return context_; }
  Executor& executor() override { return executor_; }
  void Reply(const http::ResponseHead& head, std::string_view text) override {
    Take(head);
    body = text;
    content_length = text.size();
    Finish();
  }
  bool ReplySlices(const http::ResponseHead& head, std::span<const io::FileSlice> slices) override {
    if (!AreReadable(slices)) return false;
    Take(head);
    for (const io::FileSlice& slice : slices) Append(slice);
    content_length = body.size();
    Finish();
    return true;
  }
  void ReplyHead(const http::ResponseHead& head, std::optional<std::uint64_t> length) override {
    Take(head);
    content_length = length.value_or(0);
    Finish();
  }
  void Start(Task<void> task) override { scope_.Start(executor_, std::move(task)); }
  Task<Status> SendHead(http::ResponseHead head, std::uint64_t length) override {
    Take(head);
    content_length = length;
    co_return Status();
  }
  Task<Status> SendBytes(BufferSlice bytes) override {
    body.append(reinterpret_cast<const char*>(bytes.bytes.data()), bytes.bytes.size());
    co_return Status();
  }
  Task<Status> SendSlice(io::FileSlice slice) override {
    Append(slice);
    co_return Status();
  }
  void Abort() override { aborted = true; }
  bool head_sent() const override { return status != 0; }
  Task<Result<std::string>> ReadBody(std::size_t bytes_max) override {
    if (body_in_.size() > bytes_max) co_return Fail(Code::kInvalidArgument, "the body is too long");
    co_return body_in_;
  }
  void OnDone(std::function<void(const Outcome&)> done) override { done_ = std::move(done); }

 private:
  void Take(const http::ResponseHead& head) {
    EXPECT_EQ(status, 0) << "answered twice";
    status = head.status;
    headers = head.headers;
  }
  void Finish() {
    if (done_) done_({.status = status, .body_bytes = body.size()});
  }
  // Small answers are copied without waiting, or not at all.
  static bool AreReadable(std::span<const io::FileSlice> slices) {
    std::uint64_t total = 0;
    for (const io::FileSlice& slice : slices) total += slice.range.length();
    if (total >= io::kCopiedBelow) return true;
    std::vector<std::byte> bytes(total);
    return std::ranges::all_of(slices, [&](const io::FileSlice& slice) {
      return slice.file->TryReadNow(slice.range.begin, std::span(bytes).first(slice.range.length()));
    });
  }
  void Append(const io::FileSlice& slice) {
    std::string bytes(slice.range.length(), '\0');
    const Result<std::size_t> read = slice.file->ReadAt(slice.range.begin, std::as_writable_bytes(std::span(bytes)));
    ASSERT_TRUE(read && *read == bytes.size());
    body += bytes;
  }

  Executor& executor_;
  const std::string method_;
  const std::string target_;
  std::vector<std::unique_ptr<std::pair<std::string, std::string>>> owned_;
  http::Request request_;
  http::Peer peer_;
  RequestContext context_;
  std::string body_in_;
  std::function<void(const Outcome&)> done_;
  TaskScope scope_;
};

}  // namespace hearth::front
