// make_index DIR BLOCKS: makes a cache directory whose index knows BLOCKS blocks, for the restart benchmark.
//
// The block files themselves are not there: the index is what a start waits for, and the scan that would miss them
// runs in the background once the node is ready.
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"
#include "cache/index_journal.h"
#include "cache/index_table.h"
#include "cache/space_ledger.h"
#include "io/file_system.h"

namespace {

using hearth::Hash128;
using hearth::Random;
using hearth::Status;
using hearth::operator""_KiB;

std::optional<std::uint64_t> Parse(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Status Make(const std::string& directory, std::uint64_t blocks) {
  auto opened = hearth::io::OpenPosixFileSystem(directory, {});
  if (!opened) return hearth::Fail(std::move(opened).error());
  hearth::io::FileSystem& files = **opened;
  hearth::cache::IndexTable index;
  Random random(1);
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const Hash128 hash{.high = random.Next(), .low = random.Next()};
    index.Put({.hash = hash, .allocated = 68_KiB, .present = 1, .total = 1, .last_used = 200'000'000});
  }
  hearth::cache::IndexJournal journal(files, std::make_shared<hearth::cache::SpaceLedger>(std::uint64_t{1} << 50));
  hearth::cache::IndexTable none;
  if (auto loaded = journal.Load(none); !loaded) return hearth::Fail(std::move(loaded).error());
  return journal.Checkpoint(index);
}

int Main(std::span<char*> arguments) {
  const auto blocks = arguments.size() == 3 ? Parse(arguments[2]) : std::nullopt;
  if (!blocks) {
    fmt::print(stderr, "usage: make_index DIR BLOCKS\n");
    return 2;
  }
  if (const Status made = Make(arguments[1], *blocks); !made) {
    fmt::print(stderr, "make_index: {}\n", made.error().ToString());
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) { return Main({argv, static_cast<std::size_t>(argc)}); }
