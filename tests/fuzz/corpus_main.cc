// Feeds every file of the directories that are named on the command line to the fuzz target, and the empty input.
// Fails when a directory has no file: a corpus that got lost is not a test that passed.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::uint8_t> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Number of files run. The name comes first, so that it is the last line of a crash.
std::size_t RunDirectory(const std::filesystem::path& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    std::cout << entry.path().filename().string() << std::endl;
    // A copy of exactly this size on the heap: the sanitizer sees a read one byte behind it.
    const std::vector<std::uint8_t> input = ReadFile(entry.path());
    LLVMFuzzerTestOneInput(input.data(), input.size());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint8_t nothing = 0;
  LLVMFuzzerTestOneInput(&nothing, 0);
  for (int i = 1; i < argc; ++i) {
    std::error_code error;
    if (!std::filesystem::is_directory(argv[i], error) || RunDirectory(argv[i]) == 0) {
      std::cerr << argv[i] << ": no corpus\n";
      return 1;
    }
  }
  return argc > 1 ? 0 : 1;
}
