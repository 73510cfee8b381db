// OutputBuffer: a growing run of bytes that is filled, sent and cleared again and again, without filling it
// with zeros first. One per loop.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace hearth::http {

class OutputBuffer {
 public:
  void Clear() { size_ = 0; }
  std::string_view view() const { return {bytes_.get(), size_}; }
  std::size_t size() const { return size_; }

  void Append(std::string_view text) {
    if (text.empty()) return;  // its data may be null
    std::memcpy(Reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void AppendNumber(std::uint64_t number) {
    char* begin = Reserve(20);
    size_ += static_cast<std::size_t>(std::to_chars(begin, begin + 20, number).ptr - begin);
  }
  // `size` more bytes, for the caller to fill; Shrink takes back what it could not.
  std::span<std::byte> Extend(std::size_t size) {
    char* begin = Reserve(size);
    size_ += size;
    return std::as_writable_bytes(std::span(begin, size));
  }
  void Shrink(std::size_t size) { size_ = size; }

 private:
  char* Reserve(std::size_t more) {
    if (capacity_ - size_ < more) Grow(more);
    return bytes_.get() + size_;
  }
  void Grow(std::size_t more) {
    const std::size_t capacity = 2 * (size_ + more) + 1024;
    std::unique_ptr<char[]> larger(new char[capacity]);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace hearth::http
