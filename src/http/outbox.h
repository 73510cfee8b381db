// Outbox: what one connection still has to hand to its socket, and the system calls that do it.
//
// Bytes are sent at once; only what the socket does not take is kept. File slices go by sendfile, or by a
// copy where a file has no descriptor. The owner calls Flush when the socket is writable again (kBlocked)
// or when it is its turn again (kYield: a large answer lets others on after 1 MiB).
//
// Owned by a connection, on its loop's thread only. Does not own the socket. After kBroken the connection
// must be cut: the client is gone, or a file was shorter than promised (then the answer must not end cleanly).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "io/file_slice.h"

namespace hearth::http {

class Outbox {
 public:
  enum class Progress : std::uint8_t {
    kDone,     // everything is with the socket
    kBlocked,  // the socket is full: Flush at EPOLLOUT
    kYield,    // the turn is over: Flush in the next one
    kBroken,
  };
  enum class More : std::uint8_t { kNo, kYes };  // kYes: what follows comes at once and may share a packet

  explicit Outbox(int fd) : fd_(fd) {}

  Progress SendBytes(std::string_view bytes, More more);
  // Keeps `bytes` instead of copying what is left of them. Nothing may be waiting.
  Progress SendShared(BufferSlice bytes);
  Progress SendSlices(std::span<const io::FileSlice> slices);
  Progress Flush();

  bool empty() const { return pending_at_ == pending_.size() && shared_.bytes.empty() && slice_at_ == slices_.size(); }
  // Bytes that the socket has taken since the connection began.
  std::uint64_t taken() const { return taken_; }
  // Drops everything, and the files with it.
  void Clear();

 private:
  Progress FlushPending();
  Progress FlushShared();
  Progress FlushSlices();
  void SetCork(bool corked);
  Progress SendOneSlice(const io::FileSlice& slice, std::uint64_t& offset);
  Progress CopySlice(const io::File& file, std::uint64_t& offset, std::uint64_t end);
  Progress Run(std::span<const io::FileSlice> slices, std::size_t& index, std::uint64_t& offset);

  int fd_;
  std::uint64_t taken_ = 0;
  std::uint64_t turn_left_ = 0;
  bool corked_ = false;

  // In the order in which they are sent.
  std::string pending_;
  std::size_t pending_at_ = 0;
  BufferSlice shared_;
  std::vector<io::FileSlice> slices_;
  std::size_t slice_at_ = 0;
  std::uint64_t slice_offset_ = 0;  // within the file of slices_[slice_at_]
};

}  // namespace hearth::http
