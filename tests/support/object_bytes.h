// Test objects that describe themselves: each byte follows from (key, version, offset).
//
// Any answer anywhere can be checked without a copy of the object, and a wrong byte tells where it came
// from. Eight bytes at a time: word(i) = mix(seed + (i + 1) * golden ratio), little-endian, where the seed
// hashes key and version. tests/support/object_bytes.py is the same function; both are held to
// tests/golden/object_bytes.json.
// `key` is any text that names the object; the fakes use "bucket/key". Versions count from 1.
// Any thread may call any method.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth::sim {

// One version of one object. Cheap to make and to copy.
class ObjectBytes {
 public:
  ObjectBytes(std::string_view key, std::uint64_t version);

  std::byte At(std::uint64_t offset) const;
  // The object's bytes from `offset` on.
  void Fill(std::uint64_t offset, std::span<std::byte> to) const;
  std::vector<std::byte> Make(std::uint64_t offset, std::size_t length) const;
  // Index within `bytes` (which begin at `offset` of the object) of the first one that is wrong.
  std::optional<std::size_t> FirstWrong(std::uint64_t offset, std::span<const std::byte> bytes) const;

 private:
  std::uint64_t Word(std::uint64_t index) const;
  std::uint64_t seed_;
};

std::byte ObjectByte(std::string_view key, std::uint64_t version, std::uint64_t offset);
void FillObjectBytes(std::string_view key, std::uint64_t version, std::uint64_t offset, std::span<std::byte> to);

// The version, from 1 to `newest`, all of whose bytes these are. Below eight bytes it may be by chance.
std::optional<std::uint64_t> FindObjectVersion(std::string_view key, std::uint64_t newest, std::uint64_t offset,
                                               std::span<const std::byte> bytes);

struct ExpectedBytes {
  std::string_view key;
  std::uint64_t version = 1;
  std::uint64_t offset = 0;
  std::uint64_t newest = 1;  // versions that exist, to say whose a wrong byte is
};

// Empty if `bytes` are as expected, else what is wrong with them:
// "byte 1234 of key k is of version 3, expected 4", "... is zero", "... is of no version up to 5".
std::string CheckObjectBytes(const ExpectedBytes& expected, std::span<const std::byte> bytes);

}  // namespace hearth::sim
