#include "origin/checked_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace hearth::origin {
namespace {

class CheckedBody final : public Body {
 public:
  CheckedBody(std::unique_ptr<http::ClientBody> body, std::uint64_t skip, std::uint64_t length)
      : body_(std::move(body)), skip_(skip), left_(length) {}

  Task<Result<std::size_t>> Read(std::span<std::byte> to) override {
    if (skip_ > 0) HEARTH_CO_TRY(co_await Skip());
    if (left_ == 0) co_return std::size_t{0};
    const std::span<std::byte> piece = to.first(std::min<std::uint64_t>(to.size(), left_));
    auto bytes = co_await body_->Read(piece);
    if (!bytes) co_return bytes;
    if (*bytes == 0) co_return Fail(TooShort());
    if (!begun_) body_->EndBy(TimePoint::max());
    begun_ = true;
    left_ -= *bytes;
    co_return bytes;
  }

 private:
  Error TooShort() const { return {Code::kUnavailable, fmt::format("the body ended {} bytes early", skip_ + left_)}; }

  Task<Status> Skip() {
    std::vector<std::byte> dropped(std::min<std::uint64_t>(skip_, 64 << 10));
    while (skip_ > 0) {
      const std::span<std::byte> piece(dropped.data(), std::min<std::uint64_t>(dropped.size(), skip_));
      auto bytes = co_await body_->Read(piece);
      if (!bytes) co_return Fail(std::move(bytes).error());
      if (*bytes == 0) co_return Fail(TooShort());
      skip_ -= *bytes;
    }
    co_return Status();
  }

  const std::unique_ptr<http::ClientBody> body_;
  std::uint64_t skip_;
  std::uint64_t left_;
  bool begun_ = false;
};

}  // namespace

std::unique_ptr<Body> MakeCheckedBody(std::unique_ptr<http::ClientBody> body, std::uint64_t skip, std::uint64_t length,
                                      TimePoint first_byte_by) {
  body->EndBy(first_byte_by);
  return std::make_unique<CheckedBody>(std::move(body), skip, length);
}

}  // namespace hearth::origin
