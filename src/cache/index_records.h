// The records of the index log and of its checkpoint: docs/formats/index.md.
//
// The log is a history: "block H has so many sub-blocks and bytes", "block H is gone", "block H was used at T".
// The checkpoint is the state at one moment, least recently used first, in batches of packed entries, so that a
// million blocks load in well under a second. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "base/result.h"

namespace hearth::cache {

// A block as the index knows it. The place inside the file (offset, length) is part of the record so that small
// blocks can be packed later; today the offset is 0 and the length the file's.
struct BlockRecord {
  Hash128 hash;
  std::uint64_t offset = 0;
  std::uint64_t allocated = 0;  // bytes on disk
  std::uint32_t present = 0;    // sub-blocks there
  std::uint32_t total = 0;      // sub-blocks of the block
  std::uint32_t last_used = 0;  // seconds since 2020-01-01T00:00:00Z

  bool operator==(const BlockRecord&) const = default;
};
struct BlockGone {
  Hash128 hash;
  bool operator==(const BlockGone&) const = default;
};
struct BlocksUsed {
  struct Use {
    Hash128 hash;
    std::uint32_t last_used = 0;
    bool operator==(const Use&) const = default;
  };
  std::vector<Use> uses;
  bool operator==(const BlocksUsed&) const = default;
};
// The last word of a process that ends in order: no file is in the directory that the index does not know. Whoever
// opens the directory takes it back, before anything else.
struct StoppedInOrder {
  bool in_order = true;  // false: taken back
  bool operator==(const StoppedInOrder&) const = default;
};
// Many BlockRecords at once: what checkpoints are made of. At most kBatchMax.
struct BlockBatch {
  static constexpr std::size_t kBatchMax = 4096;
  std::vector<BlockRecord> blocks;
  bool operator==(const BlockBatch&) const = default;
};

// What a block takes in a batch.
inline constexpr std::size_t kBlockEntryBytes = 44;

using IndexRecord = std::variant<BlockRecord, BlockGone, BlocksUsed, BlockBatch, StoppedInOrder>;

std::vector<std::byte> EncodeIndexRecord(const IndexRecord& record);
// kCorruption: not a record. Never trusts a count (fuzzed).
Result<IndexRecord> DecodeIndexRecord(std::span<const std::byte> bytes);

}  // namespace hearth::cache
