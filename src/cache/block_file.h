// BlockFile: one open block file: what of it is there, what of it was checked, and how to write more.
//
// Made by DiskStore, shared by the open-file LRU, fills, readers and the slices that are being sent; closed,
// on the disk pool, when the last of them lets go. Has, IsReady, Slice: any thread, no wait, no lock.
// Write, Verify, Record: jobs of the disk pool.
//
// Bytes become present in this order: data written, checksums stored, presence bit set in memory (now readers
// may have it), header written by Record (now a restart finds it).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "cache/block_format.h"
#include "cache/space_ledger.h"
#include "io/file_slice.h"

namespace hearth::cache {

class BlockFile : public std::enable_shared_from_this<BlockFile> {
 public:
  BlockFile(BlockHeader header, std::shared_ptr<io::File> file, std::shared_ptr<SpaceLedger> ledger);
  ~BlockFile();

  const BlockInfo& info() const { return info_; }
  const Hash128& hash() const { return hash_; }
  std::uint64_t block_length() const { return block_length_; }
  std::uint32_t sub_count() const { return sub_count_; }

  bool HasSub(std::uint32_t sub) const {
    return (present_[sub / 64].load(std::memory_order_acquire) >> (sub % 64)) & 1;
  }
  // Whether all of `in_block` is there.
  bool Has(ByteRange in_block) const;
  std::uint32_t present_count() const;

  // Whether `in_block` was checked less than `verify_interval_ticks` ago.
  bool IsChecked(ByteRange in_block, std::uint32_t now_tick, std::uint32_t verify_interval_ticks) const;
  // The same, and it is in memory.
  bool IsReady(ByteRange in_block, std::uint32_t now_tick, std::uint32_t verify_interval_ticks) const;
  // A slice that keeps this file open. The caller has seen IsReady, or Verify; IsChecked is enough for
  // what is copied without waiting (file_slice.h).
  io::FileSlice Slice(ByteRange in_block) const;

  // Reads the pages of `in_block`, all of them there, and compares their checksums; marks them checked.
  // kCorruption: a page is wrong (`pages_corrupt` counts them). kUnavailable: the disk failed.
  Status Verify(ByteRange in_block, std::uint32_t now_tick, std::uint32_t& pages_corrupt);

  // Writes sub-block `sub`, whole, and makes it present.
  Status Write(std::uint32_t sub, std::span<const std::byte> bytes, std::uint32_t now_tick);
  // Writes the header, so that a restart knows what is present now.
  Status Record();

  // True once in a while: the tick of use differs from the last call's (throttles index touches).
  bool NoteUse(std::uint32_t use_tick) {
    return last_use_.load(std::memory_order_relaxed) != use_tick &&
           last_use_.exchange(use_tick, std::memory_order_relaxed) != use_tick;
  }

  // Room on disk that fills have taken and not used yet. With AllocatedOnDisk it says what the file may come to:
  // a write that failed may have taken some of its room or none.
  void AddReserved(std::uint64_t bytes) { reserved_.fetch_add(bytes, std::memory_order_relaxed); }
  void TakeReserved(std::uint64_t bytes) { reserved_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::uint64_t reserved() const { return reserved_.load(std::memory_order_relaxed); }
  Result<std::uint64_t> AllocatedOnDisk() const;

  // The file is about to be unlinked: it is no longer handed out, and `charged_bytes` stay charged until it closes.
  void MarkGone(std::uint64_t charged_bytes);
  bool gone() const { return gone_.load(std::memory_order_acquire); }

 private:
  BlockHeader Snapshot() const;
  SubRange PagesOf(ByteRange in_block) const;

  // Constant after construction.
  const BlockInfo info_;
  const Geometry geometry_;
  const Hash128 hash_;
  const std::uint64_t block_length_;
  const std::uint32_t sub_count_;
  const std::uint64_t data_offset_;
  const std::uint32_t page_seed_;
  const std::shared_ptr<io::File> file_;
  const std::shared_ptr<SpaceLedger> ledger_;

  // Own synchronization.
  std::vector<std::atomic<std::uint64_t>> present_;
  std::vector<std::atomic<std::uint32_t>> page_crcs_;   // stored before the presence bit
  std::vector<std::atomic<std::uint32_t>> checked_at_;  // ticks of DiskStore::NowTick; 0: not since it was opened
  std::atomic<std::uint32_t> last_use_ = 0;
  std::atomic<std::uint64_t> reserved_ = 0;
  std::atomic<bool> gone_ = false;
  std::atomic<std::uint64_t> charged_when_gone_ = 0;

  Mutex record_mutex_;  // one header write at a time, so that an older one never lands last
};

}  // namespace hearth::cache
