// Golden files: the bytes of each format as they were when it was written down.
//
// A format's test encodes a fixed value and compares with tests/golden/NAME, and decodes that file and compares
// with the value. A difference means that directories written by earlier builds are read wrongly or not at all:
// change the format version, or undo. To write the files anew: HEARTH_UPDATE_GOLDEN=1, then run the test.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace hearth {

inline std::filesystem::path GoldenPath(const std::string& name) {
  return std::filesystem::path(__FILE__).parent_path() / name;
}

inline std::vector<std::byte> ReadGolden(const std::string& name) {
  std::ifstream file(GoldenPath(name), std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

// Fails with the first difference and how to accept it.
inline void ExpectGolden(const std::string& name, std::span<const std::byte> bytes) {
  if (std::getenv("HEARTH_UPDATE_GOLDEN") != nullptr) {
    std::ofstream file(GoldenPath(name), std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(file.good()) << GoldenPath(name);
  }
  const std::vector<std::byte> golden = ReadGolden(name);
  const auto [at, in_golden] = std::mismatch(bytes.begin(), bytes.end(), golden.begin(), golden.end());
  if (at == bytes.end() && in_golden == golden.end()) return;
  ADD_FAILURE() << "tests/golden/" << name << " (" << golden.size() << " bytes) differs from what this build writes ("
                << bytes.size() << " bytes), first at offset " << (at - bytes.begin())
                << ". If the format was changed on purpose (with a new format version): run this test with "
                   "HEARTH_UPDATE_GOLDEN=1 and commit the file.";
}

}  // namespace hearth
