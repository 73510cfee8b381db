#include "http/outbox.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "http/test_server.h"

namespace hearth::http::testing {
namespace {

using Progress = Outbox::Progress;

// Both ends of a connection; the near one does not wait.
class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    near_.Reset(fds[0]);
    far_.Reset(fds[1]);
    ::fcntl(near_.get(), F_SETFL, O_NONBLOCK);
    outbox_ = std::make_unique<Outbox>(near_.get());
  }

  // What is in the socket right now.
  std::string Take() {
    std::string text;
    char bytes[65536];
    while (true) {
      const ssize_t n = ::recv(far_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (n <= 0) return text;
      text.append(bytes, static_cast<std::size_t>(n));
    }
  }
  // Reads and flushes in turns until all is said.
  std::string TakeAll(Progress progress) {
    std::string text;
    while (progress == Progress::kBlocked || progress == Progress::kYield) {
      text += Take();
      progress = outbox_->Flush();
    }
    EXPECT_EQ(progress, Progress::kDone);
    return text + Take();
  }

  TestFiles files_;
  io::UniqueFd near_;
  io::UniqueFd far_;
  std::unique_ptr<Outbox> outbox_;
};

TEST_F(OutboxTest, WhatFitsIsSentAtOnce) {
  EXPECT_EQ(outbox_->SendBytes("hello", Outbox::More::kNo), Progress::kDone);
  EXPECT_EQ(Take(), "hello");
  EXPECT_TRUE(outbox_->empty());
  EXPECT_EQ(outbox_->taken(), 5u);
}

TEST_F(OutboxTest, WhatDoesNotFitIsKeptAndComesInOrder) {
  const std::string large = TestFiles::Content(0, 2_MiB);
  EXPECT_EQ(outbox_->SendBytes(large, Outbox::More::kNo), Progress::kBlocked);
  EXPECT_FALSE(outbox_->empty());
  EXPECT_EQ(outbox_->SendBytes("behind", Outbox::More::kNo), Progress::kBlocked);
  EXPECT_TRUE(TakeAll(Progress::kBlocked) == large + "behind");
  EXPECT_EQ(outbox_->taken(), 2_MiB + 6);
}

TEST_F(OutboxTest, SlicesWaitBehindTheHead) {
  const auto file = files_.Make("f", 4_MiB);
  const std::string head = TestFiles::Content(0, 1_MiB);
  ASSERT_EQ(outbox_->SendBytes(head, Outbox::More::kYes), Progress::kBlocked);
  const io::FileSlice slices[] = {{file, {100, 3_MiB}}, {file, {0, 0}}, {file, {3_MiB, 4_MiB}}};
  EXPECT_TRUE(TakeAll(outbox_->SendSlices(slices)) == head + TestFiles::Content(100, 4_MiB));
  EXPECT_TRUE(outbox_->empty());
}

TEST_F(OutboxTest, ALargeAnswerEndsItsTurn) {
  // A socket that never fills: the other side is read between the turns only where the buffer is large enough.
  const int size = 8 << 20;
  ::setsockopt(near_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
  const auto file = files_.Make("f", 3_MiB);
  const io::FileSlice slice{file, {0, 3_MiB}};
  const Progress first = outbox_->SendSlices(std::span(&slice, 1));
  EXPECT_NE(first, Progress::kDone);
  EXPECT_LE(outbox_->taken(), 1_MiB);
  EXPECT_TRUE(TakeAll(first) == TestFiles::Content(0, 3_MiB));
}

TEST_F(OutboxTest, AFileThatEndsEarlyBreaksIt) {
  const auto file = files_.Make("f", 1000);
  const io::FileSlice slice{file, {500, 2000}};
  EXPECT_EQ(outbox_->SendSlices(std::span(&slice, 1)), Progress::kBroken);
}

TEST_F(OutboxTest, AClientThatIsGoneBreaksIt) {
  far_.Reset();
  EXPECT_EQ(outbox_->SendBytes("x", Outbox::More::kNo), Progress::kBroken);
}

TEST_F(OutboxTest, ClearLetsTheFilesGo) {
  auto file = files_.Make("f", 4_MiB);
  const std::weak_ptr<io::File> watch = file;
  io::FileSlice slice{file, {0, 4_MiB}};
  EXPECT_NE(outbox_->SendSlices(std::span(&slice, 1)), Progress::kDone);
  file.reset();
  slice = {};
  EXPECT_FALSE(watch.expired());
  outbox_->Clear();
  EXPECT_TRUE(watch.expired());
  EXPECT_TRUE(outbox_->empty());
}

}  // namespace
}  // namespace hearth::http::testing
