// VerifyDirectory: the offline check of a cache directory (`hearth verify DIR`).
//
// Takes the directory's lock (kUnavailable while a daemon has it), reads every block file, checks header, name and
// every present page, reads the logs. Changes nothing (the lock file is made if it is missing). Blocks; for the
// command line. kNotFound: this is no cache directory.
//
// What a crash leaves by design is counted, and no problem: partial blocks, block files without a header yet, the
// unfinished tail of a log. The next start of the daemon settles it. Problems name files, never keys.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "io/file_system.h"

namespace hearth::cache {

struct VerifyReport {
  std::uint64_t blocks = 0;             // files with a block's name
  std::uint64_t blocks_partial = 0;     // of those, with sub-blocks missing
  std::uint64_t blocks_unfinished = 0;  // of those, without a header yet
  std::uint64_t bytes_checked = 0;
  std::uint64_t pages_corrupt = 0;
  std::uint64_t files_foreign = 0;  // names that are not the cache's
  std::uint64_t index_records = 0;  // of log and checkpoint
  std::uint64_t metadata_records = 0;
  std::uint64_t log_bytes_dropped = 0;
  struct Problem {
    std::string path;
    std::string what;
  };
  std::vector<Problem> problems;  // the first 1000
  bool clean() const { return problems.empty(); }
};

// `progress` is called after each block with the blocks done so far; return false to stop (kCancelled).
Result<VerifyReport> VerifyDirectory(io::FileSystem& files, const std::function<bool(std::uint64_t)>& progress);

}  // namespace hearth::cache
