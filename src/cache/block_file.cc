#include "cache/block_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <memory>

#include "base/check.h"

namespace hearth::cache {

BlockFile::BlockFile(BlockHeader header, std::shared_ptr<io::File> file, std::shared_ptr<SpaceLedger> ledger)
    : info_(header.info),
      geometry_(header.geometry),
      hash_(HashBlock(info_.object, info_.version, info_.index)),
      block_length_(header.block_length()),
      sub_count_(header.sub_count()),
      data_offset_(header.data_offset()),
      page_seed_(PageSeed(info_)),
      file_(std::move(file)),
      ledger_(std::move(ledger)),
      present_(header.present.size()),
      page_crcs_(header.page_crcs.size()),
      checked_at_(header.page_crcs.size()) {
  for (std::size_t i = 0; i < present_.size(); ++i) present_[i].store(header.present[i], std::memory_order_relaxed);
  for (std::size_t i = 0; i < page_crcs_.size(); ++i) {
    page_crcs_[i].store(header.page_crcs[i], std::memory_order_relaxed);
  }
}

BlockFile::~BlockFile() {
  if (gone()) ledger_->Release(charged_when_gone_.load(std::memory_order_relaxed));
}

bool BlockFile::Has(ByteRange in_block) const {
  if (in_block.end > block_length_) return false;
  const SubRange subs = geometry_.SubsOf(in_block);
  for (std::uint32_t sub = subs.begin; sub < subs.end; ++sub) {
    if (!HasSub(sub)) return false;
  }
  return true;
}

std::uint32_t BlockFile::present_count() const {
  int count = 0;
  for (const auto& word : present_) count += std::popcount(word.load(std::memory_order_relaxed));
  return static_cast<std::uint32_t>(count);
}

SubRange BlockFile::PagesOf(ByteRange in_block) const {
  return {static_cast<std::uint32_t>(in_block.begin / kPageSize),
          static_cast<std::uint32_t>(DivideUp(in_block.end, kPageSize))};
}

bool BlockFile::IsChecked(ByteRange in_block, std::uint32_t now_tick, std::uint32_t verify_interval_ticks) const {
  const SubRange pages = PagesOf(in_block);
  for (std::uint32_t page = pages.begin; page < pages.end; ++page) {
    const std::uint32_t checked = checked_at_[page].load(std::memory_order_relaxed);
    if (checked == 0 || now_tick - checked >= verify_interval_ticks) return false;
  }
  return true;
}

bool BlockFile::IsReady(ByteRange in_block, std::uint32_t now_tick, std::uint32_t verify_interval_ticks) const {
  return IsChecked(in_block, now_tick, verify_interval_ticks) &&
         file_->IsResident({data_offset_ + in_block.begin, data_offset_ + in_block.end});
}

io::FileSlice BlockFile::Slice(ByteRange in_block) const {
  // Shares ownership with this object, so that "still being read" is seen by the ledger.
  return {std::shared_ptr<const io::File>(shared_from_this(), file_.get()),
          {data_offset_ + in_block.begin, data_offset_ + in_block.end}};
}

Status BlockFile::Verify(ByteRange in_block, std::uint32_t now_tick, std::uint32_t& pages_corrupt) {
  // One reusable buffer a disk thread: a page is checked while it is in the CPU's cache.
  static thread_local const std::unique_ptr<std::array<std::byte, kPageSize>> scratch =
      std::make_unique<std::array<std::byte, kPageSize>>();
  const SubRange pages = PagesOf(in_block);
  pages_corrupt = 0;
  for (std::uint32_t page = pages.begin; page < pages.end; ++page) {
    const std::uint64_t begin = std::uint64_t{page} * kPageSize;
    const std::uint64_t length = std::min<std::uint64_t>(kPageSize, block_length_ - begin);
    const std::span<std::byte> bytes(scratch->data(), length);
    Result<std::size_t> read = file_->ReadAt(data_offset_ + begin, bytes);
    if (!read) return Fail(std::move(read).error());
    const std::uint64_t offset_in_object = info_.index.value * geometry_.block_size + begin;
    if (*read != length ||
        PageChecksum(page_seed_, offset_in_object, bytes) != page_crcs_[page].load(std::memory_order_relaxed)) {
      ++pages_corrupt;
      continue;
    }
    checked_at_[page].store(std::max(now_tick, 1u), std::memory_order_relaxed);
  }
  if (pages_corrupt > 0) {
    return Fail(Code::kCorruption,
                "block " + hash_.ToHex() + " of " + info_.object.Url() + " has pages that are wrong");
  }
  return {};
}

Status BlockFile::Write(std::uint32_t sub, std::span<const std::byte> bytes, std::uint32_t now_tick) {
  const ByteRange range = geometry_.BytesOf({sub, sub + 1}, block_length_);
  HEARTH_CHECK(bytes.size() == range.length() && !HasSub(sub));
  HEARTH_TRY(file_->WriteAt(data_offset_ + range.begin, bytes));
  for (std::uint64_t begin = range.begin; begin < range.end; begin += kPageSize) {
    const std::uint64_t length = std::min<std::uint64_t>(kPageSize, range.end - begin);
    const std::uint64_t offset_in_object = info_.index.value * geometry_.block_size + begin;
    const std::size_t page = begin / kPageSize;
    page_crcs_[page].store(PageChecksum(page_seed_, offset_in_object, bytes.subspan(begin - range.begin, length)),
                           std::memory_order_relaxed);
    checked_at_[page].store(std::max(now_tick, 1u), std::memory_order_relaxed);
  }
  present_[sub / 64].fetch_or(std::uint64_t{1} << (sub % 64), std::memory_order_release);
  return {};
}

BlockHeader BlockFile::Snapshot() const {
  BlockHeader header = BlockHeader::Empty(info_, geometry_);
  // Presence first: a checksum that is stored later belongs to a bit that this header does not claim.
  for (std::size_t i = 0; i < present_.size(); ++i) header.present[i] = present_[i].load(std::memory_order_acquire);
  for (std::size_t i = 0; i < page_crcs_.size(); ++i) {
    header.page_crcs[i] = page_crcs_[i].load(std::memory_order_relaxed);
  }
  return header;
}

Status BlockFile::Record() {
  MutexLock lock(record_mutex_);
  const std::vector<std::byte> bytes = EncodeBlockHeader(Snapshot());
  return file_->WriteAt(0, bytes);
}

Result<std::uint64_t> BlockFile::AllocatedOnDisk() const {
  const Result<io::FileInfo> info = file_->Info();
  if (!info) return Fail(info.error());
  return info->allocated;
}

void BlockFile::MarkGone(std::uint64_t charged_bytes) {
  charged_when_gone_.store(charged_bytes, std::memory_order_relaxed);
  gone_.store(true, std::memory_order_release);
}

}  // namespace hearth::cache
