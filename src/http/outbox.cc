#include "http/outbox.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include "base/bytes.h"
#include "base/check.h"
#include "io/posix_file.h"

namespace hearth::http {
namespace {

constexpr std::uint64_t kTurnBytes = 1_MiB;
constexpr std::size_t kCopyBytes = 256_KiB;
// From here on the two calls that cork and uncork cost less than the half-filled packets that sendfile makes
// without them: TCP_NODELAY is on, and each 64 KiB that pass through sendfile's pipe would be pushed. Measured on
// one core, corked against not: 0.93x at 256 KiB, 1.07x at 1 MiB, 1.05x at 16 MiB.
constexpr std::uint64_t kCorkMin = 1_MiB;
// A larger rest than this is not kept for the next answer of the connection.
constexpr std::size_t kPendingKept = 64_KiB;

// How many bytes the socket took; 0 if it is full; nullopt if it is broken.
std::optional<std::size_t> SendNow(int fd, const char* data, std::size_t size, int flags) {
  while (true) {
    const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT | flags);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    return std::nullopt;
  }
}

}  // namespace

void Outbox::Clear() {
  pending_.clear();
  pending_at_ = 0;
  shared_ = {};
  slices_.clear();
  slice_at_ = 0;
}

Outbox::Progress Outbox::SendBytes(std::string_view bytes, More more) {
  if (!empty()) {
    HEARTH_CHECK(shared_.bytes.empty() && slices_.empty());
    pending_.append(bytes);
    return Progress::kBlocked;
  }
  while (!bytes.empty()) {
    const auto n = SendNow(fd_, bytes.data(), bytes.size(), more == More::kYes ? MSG_MORE : 0);
    if (!n) return Progress::kBroken;
    if (*n == 0) {
      pending_.assign(bytes);
      pending_at_ = 0;
      return Progress::kBlocked;
    }
    taken_ += *n;
    bytes.remove_prefix(*n);
  }
  return Progress::kDone;
}

Outbox::Progress Outbox::SendShared(BufferSlice bytes) {
  HEARTH_CHECK(shared_.bytes.empty() && slices_.empty());
  shared_ = std::move(bytes);
  return Flush();
}

Outbox::Progress Outbox::SendSlices(std::span<const io::FileSlice> slices) {
  turn_left_ = kTurnBytes;
  std::uint64_t total = 0;
  for (const io::FileSlice& slice : slices) total += slice.range.length();
  if (total >= kCorkMin) SetCork(true);
  std::size_t index = 0;
  std::uint64_t offset = slices.empty() ? 0 : slices.front().range.begin;
  if (empty()) {
    const Progress progress = Run(slices, index, offset);
    if (progress == Progress::kDone) SetCork(false);
    if (progress == Progress::kDone || progress == Progress::kBroken) return progress;
    slices_.assign(slices.begin() + static_cast<std::ptrdiff_t>(index), slices.end());
    slice_at_ = 0;
    slice_offset_ = offset;
    return progress;
  }
  HEARTH_CHECK(slices_.empty());
  slices_.assign(slices.begin(), slices.end());
  slice_at_ = 0;
  slice_offset_ = offset;
  return Progress::kBlocked;
}

Outbox::Progress Outbox::Flush() {
  turn_left_ = kTurnBytes;
  Progress progress = FlushPending();
  if (progress == Progress::kDone) progress = FlushShared();
  if (progress == Progress::kDone) progress = FlushSlices();
  return progress;
}

Outbox::Progress Outbox::FlushPending() {
  while (pending_at_ < pending_.size()) {
    const auto n = SendNow(fd_, pending_.data() + pending_at_, pending_.size() - pending_at_, 0);
    if (!n) return Progress::kBroken;
    if (*n == 0) return Progress::kBlocked;
    taken_ += *n;
    pending_at_ += *n;
  }
  if (pending_.capacity() > kPendingKept) {
    pending_ = {};
  } else {
    pending_.clear();
  }
  pending_at_ = 0;
  return Progress::kDone;
}

Outbox::Progress Outbox::FlushShared() {
  while (!shared_.bytes.empty()) {
    const auto n = SendNow(fd_, reinterpret_cast<const char*>(shared_.bytes.data()), shared_.bytes.size(), 0);
    if (!n) return Progress::kBroken;
    if (*n == 0) return Progress::kBlocked;
    taken_ += *n;
    shared_.bytes = shared_.bytes.subspan(*n);
  }
  shared_ = {};
  return Progress::kDone;
}

Outbox::Progress Outbox::FlushSlices() {
  if (slices_.empty()) return Progress::kDone;
  const Progress progress = Run(slices_, slice_at_, slice_offset_);
  if (progress == Progress::kDone) {
    slices_.clear();
    slice_at_ = 0;
    SetCork(false);
  }
  return progress;
}

// Taking the cork out sends what is left in a packet of its own size.
void Outbox::SetCork(bool corked) {
  if (corked_ == corked) return;
  corked_ = corked;
  const int value = corked ? 1 : 0;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

// Sends slices from slices[index] on, which has been sent up to `offset` already.
Outbox::Progress Outbox::Run(std::span<const io::FileSlice> slices, std::size_t& index, std::uint64_t& offset) {
  while (index < slices.size()) {
    const Progress progress = SendOneSlice(slices[index], offset);
    if (progress != Progress::kDone) return progress;
    ++index;
    if (index < slices.size()) offset = slices[index].range.begin;
  }
  return Progress::kDone;
}

Outbox::Progress Outbox::SendOneSlice(const io::FileSlice& slice, std::uint64_t& offset) {
  const int file = io::DescriptorOf(*slice.file);
  while (offset < slice.range.end) {
    if (file < 0) return CopySlice(*slice.file, offset, slice.range.end);
    if (turn_left_ == 0) return Progress::kYield;
    auto at = static_cast<off_t>(offset);
    const std::uint64_t want = std::min(slice.range.end - offset, turn_left_);
    const ssize_t n = ::sendfile(fd_, file, &at, static_cast<std::size_t>(want));
    if (n > 0) {
      const auto sent = static_cast<std::uint64_t>(n);
      offset += sent;
      taken_ += sent;
      turn_left_ -= sent;
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else if (n < 0 && errno == EAGAIN) {
      return Progress::kBlocked;
    } else if (n < 0 && (errno == EINVAL || errno == ENOSYS)) {
      return CopySlice(*slice.file, offset, slice.range.end);  // a file system that has no sendfile
    } else {
      return Progress::kBroken;  // also 0: the file ends before the slice does
    }
  }
  return Progress::kDone;
}

// What the socket does not take is read again the next time: a copy kept would be memory per connection.
Outbox::Progress Outbox::CopySlice(const io::File& file, std::uint64_t& offset, std::uint64_t end) {
  const std::unique_ptr<std::byte[]> copy(new std::byte[std::min<std::uint64_t>(kCopyBytes, end - offset)]);
  while (offset < end) {
    if (turn_left_ == 0) return Progress::kYield;
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(kCopyBytes, end - offset));
    const auto read = file.ReadAt(offset, std::span(copy.get(), want));
    if (!read || *read == 0) return Progress::kBroken;
    const auto n = SendNow(fd_, reinterpret_cast<const char*>(copy.get()), *read, 0);
    if (!n) return Progress::kBroken;
    if (*n == 0) return Progress::kBlocked;
    offset += *n;
    taken_ += *n;
    turn_left_ -= std::min<std::uint64_t>(turn_left_, *n);
  }
  return Progress::kDone;
}

}  // namespace hearth::http
