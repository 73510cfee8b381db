#include "cache/directory_scan.h"

#include <algorithm>

#include "cache/block_format.h"
#include "cache/layout.h"

namespace hearth::cache {
namespace {
constexpr std::uint64_t kAllocationUnit = 4_KiB;
}  // namespace

void DirectoryScan::CountAnew(const BlockRecord& record, std::uint64_t on_disk) {
  if (context_.live.Find(record.hash)) return;  // counted when it was opened, and by its fills
  const std::uint64_t allocated = AlignUp(on_disk, kAllocationUnit);
  const auto more = static_cast<std::int64_t>(allocated - record.allocated);
  if (more == 0 || !context_.index.Grow(record.hash, more)) return;
  if (more > 0) context_.ledger.Charge(allocated - record.allocated);
  if (more < 0) context_.ledger.Release(record.allocated - allocated);
}

void DirectoryScan::TakeUnknown(const std::string& path, const Hash128& hash) {
  const Result<io::FileInfo> info = context_.files.Stat(path);
  if (!info) return;
  const std::uint64_t allocated = AlignUp(info->allocated, kAllocationUnit);
  context_.ledger.Charge(allocated);
  context_.index.Put({.hash = hash, .allocated = allocated, .present = 0, .total = 1, .last_used = context_.use_tick});
}

void DirectoryScan::AdoptOrUnlink(const std::string& path, const Hash128& hash) {
  Result<std::shared_ptr<io::File>> file = context_.files.Open(path, {});
  // Out of descriptors, perhaps: no reason to lose a block.
  if (!file) return TakeUnknown(path, hash);
  std::vector<std::byte> bytes(kBlockHeaderMax);
  const Result<std::size_t> read = (*file)->ReadAt(0, bytes);
  const Result<BlockHeader> header =
      read ? DecodeBlockHeader(std::span(bytes).first(*read)) : Result<BlockHeader>(Fail(read.error()));
  const Result<io::FileInfo> info = (*file)->Info();
  const bool fit = header && info && header->geometry == context_.geometry && header->present_count() > 0 &&
                   HashBlock(header->info.object, header->info.version, header->info.index) == hash;
  if (!fit) {
    if (!context_.files.Unlink(path)) return TakeUnknown(path, hash);
    ++counts_.unlinked;
    return;
  }
  const std::uint64_t allocated = AlignUp(info->allocated, kAllocationUnit);
  context_.ledger.Charge(allocated);
  context_.index.Put({.hash = hash,
                      .allocated = allocated,
                      .present = header->present_count(),
                      .total = header->sub_count(),
                      .last_used = context_.use_tick});
  ++counts_.adopted;
}

void DirectoryScan::ScanClaimed(const Hash128& hash) {
  const std::string path = BlockPath(hash);
  const std::optional<BlockRecord> record = context_.index.Find(hash);
  // A block that is whole was counted when it became so.
  if (record && record->present == record->total && files_here_.contains(hash)) return;
  const Result<io::FileInfo> info = context_.files.Stat(path);
  if (!record) {
    if (info) AdoptOrUnlink(path, hash);
  } else if (info) {
    CountAnew(*record, info->allocated);
  } else if (info.error().code() == Code::kNotFound && !context_.live.Find(hash)) {
    if (const auto removed = context_.index.Remove(hash)) context_.ledger.Release(removed->allocated);
    ++counts_.missing;
  }
}

Status DirectoryScan::ScanOne(std::uint8_t byte) {
  const std::string directory = BlockDirectory(Hash128{std::uint64_t{byte} << 56, 0});
  Result<std::vector<std::string>> names = context_.files.List(directory);
  if (!names && names.error().code() != Code::kNotFound) return Fail(std::move(names).error());
  files_here_.clear();
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const std::optional<Hash128> hash = HashOfFileName(name);
    // Others are not the cache's: `hearth verify` tells of them.
    if (hash && hash->high >> 56 == byte) files_here_.insert(*hash);
  }
  std::vector<Hash128> blocks(files_here_.begin(), files_here_.end());
  for (const Hash128& hash : context_.index.WithPrefix(byte)) {
    if (!files_here_.contains(hash)) blocks.push_back(hash);
  }
  for (const Hash128& hash : blocks) {
    if (const std::optional<LiveFiles::Claim> claim = context_.live.TryAcquire(hash)) {
      ScanClaimed(hash);
    } else {
      skipped_.push_back(hash);
    }
  }
  files_here_.clear();
  return {};
}

}  // namespace hearth::cache
