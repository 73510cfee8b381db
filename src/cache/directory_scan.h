// DirectoryScan: brings index and directory together after a start, in the background.
//
// A block file that the index does not know is adopted by its header, or unlinked if it is of no use (where neither
// can be done now, the index takes it as a block of which nothing is known to be there: it counts, and goes in its
// turn); an index
// entry without a file is dropped; a partial block's bytes on disk are counted anew, since a crash may have left more
// than was recorded, or less than was reserved. A block that somebody has claimed is skipped, and
// looked at when they are done with it.
// One of the 256 directories is a job of the disk pool, so that reads come between.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "cache/geometry.h"
#include "cache/index_table.h"
#include "cache/live_files.h"
#include "cache/space_ledger.h"
#include "io/file_system.h"

namespace hearth::cache {

class DirectoryScan {
 public:
  // What the scan works on: the store's own parts.
  struct Context {
    io::FileSystem& files;
    IndexTable& index;
    SpaceLedger& ledger;
    LiveFiles& live;
    Geometry geometry;
    std::uint32_t use_tick = 0;  // what an adopted block's last use is taken for
  };
  explicit DirectoryScan(Context context) : context_(context) {}

  struct Counts {
    std::uint64_t adopted = 0;
    std::uint64_t unlinked = 0;
    std::uint64_t missing = 0;
  };
  const Counts& counts() const { return counts_; }

  // Scans blocks/<byte>. Blocks: a job of the disk pool.
  Status ScanOne(std::uint8_t byte);
  // The blocks that others had claimed, to be given to ScanClaimed by whoever has got the claim.
  const std::vector<Hash128>& skipped() const { return skipped_; }
  void ScanClaimed(const Hash128& hash);

 private:
  void AdoptOrUnlink(const std::string& path, const Hash128& hash);
  void CountAnew(const BlockRecord& record, std::uint64_t on_disk);
  void TakeUnknown(const std::string& path, const Hash128& hash);

  Context context_;
  std::unordered_set<Hash128> files_here_;  // in the directory that ScanOne is at
  std::vector<Hash128> skipped_;
  Counts counts_;
};

}  // namespace hearth::cache
