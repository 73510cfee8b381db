// OutputFile: a file that appears whole under its name, or not at all.
//
// Writes to a temporary name beside it; Commit renames. Dropped before that, nothing is left. What exists and
// is no regular file (a device, a pipe) is written to directly. One thread; blocks.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace hearth::cli {

class OutputFile {
 public:
  // kInvalidArgument: `path` is a directory. Errors name the path.
  static Result<OutputFile> Create(const std::string& path);

  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  Status Write(std::span<const std::byte> bytes);
  // Closes and renames. Nothing may be called after it.
  Status Commit();

 private:
  OutputFile(int fd, std::string path, std::string temporary)
      : fd_(fd), path_(std::move(path)), temporary_(std::move(temporary)) {}

  int fd_;
  const std::string path_;
  std::string temporary_;  // empty: written to directly, or nothing to undo
};

}  // namespace hearth::cli
