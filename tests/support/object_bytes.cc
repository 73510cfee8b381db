#include "support/object_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <fmt/format.h>

namespace hearth::sim {
namespace {

static_assert(std::endian::native == std::endian::little, "words are defined as little-endian");

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15u;

// The finisher of splitmix64.
constexpr std::uint64_t Mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t Fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

// From here on a wrong run is compared with other versions: long enough to leave no doubt.
constexpr std::size_t kWindow = 16;

}  // namespace

ObjectBytes::ObjectBytes(std::string_view key, std::uint64_t version) : seed_(Mix(Fnv1a(key) + version * kGolden)) {}

std::uint64_t ObjectBytes::Word(std::uint64_t index) const { return Mix(seed_ + (index + 1) * kGolden); }

std::byte ObjectBytes::At(std::uint64_t offset) const {
  return static_cast<std::byte>(Word(offset / 8) >> (8 * (offset % 8)));
}

void ObjectBytes::Fill(std::uint64_t offset, std::span<std::byte> to) const {
  std::size_t done = 0;
  for (; done < to.size() && (offset + done) % 8 != 0; ++done) to[done] = At(offset + done);
  std::uint64_t index = (offset + done) / 8;
  for (; to.size() - done >= 8; done += 8, ++index) {
    const std::uint64_t word = Word(index);
    std::memcpy(to.data() + done, &word, 8);
  }
  for (; done < to.size(); ++done) to[done] = At(offset + done);
}

std::vector<std::byte> ObjectBytes::Make(std::uint64_t offset, std::size_t length) const {
  std::vector<std::byte> bytes(length);
  Fill(offset, bytes);
  return bytes;
}

std::optional<std::size_t> ObjectBytes::FirstWrong(std::uint64_t offset, std::span<const std::byte> bytes) const {
  std::size_t done = 0;
  for (; done < bytes.size() && (offset + done) % 8 != 0; ++done) {
    if (bytes[done] != At(offset + done)) return done;
  }
  std::uint64_t index = (offset + done) / 8;
  for (; bytes.size() - done >= 8; done += 8, ++index) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + done, 8);
    const std::uint64_t difference = word ^ Word(index);
    if (difference != 0) return done + static_cast<std::size_t>(std::countr_zero(difference)) / 8;
  }
  for (; done < bytes.size(); ++done) {
    if (bytes[done] != At(offset + done)) return done;
  }
  return std::nullopt;
}

std::byte ObjectByte(std::string_view key, std::uint64_t version, std::uint64_t offset) {
  return ObjectBytes(key, version).At(offset);
}

void FillObjectBytes(std::string_view key, std::uint64_t version, std::uint64_t offset, std::span<std::byte> to) {
  ObjectBytes(key, version).Fill(offset, to);
}

std::optional<std::uint64_t> FindObjectVersion(std::string_view key, std::uint64_t newest, std::uint64_t offset,
                                               std::span<const std::byte> bytes) {
  for (std::uint64_t version = newest; version >= 1; --version) {
    if (!ObjectBytes(key, version).FirstWrong(offset, bytes)) return version;
  }
  return std::nullopt;
}

std::string CheckObjectBytes(const ExpectedBytes& expected, std::span<const std::byte> bytes) {
  const auto wrong = ObjectBytes(expected.key, expected.version).FirstWrong(expected.offset, bytes);
  if (!wrong) return {};
  const std::uint64_t at = expected.offset + *wrong;
  const auto window = bytes.subspan(*wrong, std::min(kWindow, bytes.size() - *wrong));
  std::string what;
  if (const auto version = FindObjectVersion(expected.key, expected.newest, at, window)) {
    what = fmt::format("of version {}", *version);
  } else if (std::ranges::all_of(window, [](std::byte byte) { return byte == std::byte{0}; })) {
    what = "zero";
  } else {
    what = fmt::format("of no version up to {}", expected.newest);
  }
  return fmt::format("byte {} of key {} is {}, expected {}", at, expected.key, what, expected.version);
}

}  // namespace hearth::sim
