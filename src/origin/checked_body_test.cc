#include "origin/checked_body.h"

#include <gtest/gtest.h>

#include <cstring>

#include "support/sim_executor.h"

namespace hearth::origin {
namespace {

// Gives its text in pieces of `piece` bytes.
class TextBody final : public http::ClientBody {
 public:
  TextBody(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}
  Task<Result<std::size_t>> Read(std::span<std::byte> to) override {
    const std::size_t bytes = std::min({to.size(), piece_, text_.size() - at_});
    std::memcpy(to.data(), text_.data() + at_, bytes);
    at_ += bytes;
    co_return bytes;
  }
  void EndBy(TimePoint) override {}

 private:
  const std::string text_;
  const std::size_t piece_;
  std::size_t at_ = 0;
};

Result<std::string> ReadThrough(std::string text, std::uint64_t skip, std::uint64_t length) {
  sim::SimWorld world(1);
  const auto body = MakeCheckedBody(std::make_unique<TextBody>(std::move(text), 3), skip, length);
  std::string got;
  std::byte buffer[4];
  while (true) {
    auto bytes = world.Run(body->Read(buffer));
    if (!bytes) return Fail(std::move(bytes).error());
    if (*bytes == 0) return got;
    got.append(reinterpret_cast<const char*>(buffer), *bytes);
  }
}

TEST(CheckedBody, DeliversExactlyItsLength) {
  EXPECT_EQ(ReadThrough("0123456789", 0, 10).value(), "0123456789");
  EXPECT_EQ(ReadThrough("0123456789", 0, 4).value(), "0123");
  EXPECT_EQ(ReadThrough("", 0, 0).value(), "");
}

TEST(CheckedBody, SkipsWhatComesBefore) {
  EXPECT_EQ(ReadThrough("0123456789", 7, 2).value(), "78");
  EXPECT_EQ(ReadThrough("0123456789", 9, 1).value(), "9");
}

TEST(CheckedBody, AnEarlyEndIsUnavailable) {
  EXPECT_EQ(ReadThrough("0123", 0, 5).error().code(), Code::kUnavailable);
  EXPECT_EQ(ReadThrough("0123", 5, 1).error().code(), Code::kUnavailable);
  EXPECT_EQ(ReadThrough("", 0, 1).error().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace hearth::origin
