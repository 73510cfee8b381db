// make_objects ROOT KEY FIRST COUNT BYTES: writes the self-describing objects (tests/support/object_bytes.h)
// ROOT/KEY for each number in place of KEY's `{}`, version 1. What has its size already is left alone.
#include <sys/stat.h>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/bytes.h"
#include "load/plan.h"

#include "support/object_bytes.h"

namespace {

using hearth::operator""_MiB;

std::optional<std::uint64_t> Parse(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool Write(const std::string& path, const std::string& key, std::uint64_t size) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "wbe"), std::fclose);
  if (!file) return false;
  const hearth::sim::ObjectBytes bytes(key, 1);
  std::vector<std::byte> piece;
  for (std::uint64_t offset = 0; offset < size; offset += piece.size()) {
    piece.resize(std::min<std::uint64_t>(1_MiB, size - offset));
    bytes.Fill(offset, piece);
    if (std::fwrite(piece.data(), 1, piece.size(), file.get()) != piece.size()) return false;
  }
  return std::fflush(file.get()) == 0;
}

int Main(std::span<char*> arguments) {
  const bool complete = arguments.size() == 6;
  const auto first = complete ? Parse(arguments[3]) : std::nullopt;
  const auto count = complete ? Parse(arguments[4]) : std::nullopt;
  const auto size = complete ? Parse(arguments[5]) : std::nullopt;
  if (!first || !count || !size) {
    fmt::print(stderr, "usage: make_objects ROOT KEY FIRST COUNT BYTES\n");
    return 2;
  }
  const hearth::load::Workload names{.path = fmt::format("/{}", arguments[2])};
  for (std::uint64_t number = *first; number < *first + *count; ++number) {
    const std::string path = arguments[1] + names.PathOf(number);
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0 && std::cmp_equal(info.st_size, *size)) continue;
    if (!Write(path, names.PathOf(number).substr(1), *size)) {
      fmt::print(stderr, "make_objects: {} could not be written\n", path);
      return 1;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return Main({argv, static_cast<std::size_t>(argc)}); }
