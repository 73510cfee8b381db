#include "cache/verify_directory.h"

#include <algorithm>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "cache/block_format.h"
#include "cache/index_records.h"
#include "cache/layout.h"
#include "cache/record_log.h"

namespace hearth::cache {
namespace {

constexpr std::size_t kProblemsMax = 1000;

bool IsOfTheCache(std::string_view top_level_name) {
  const bool is_temporary = top_level_name.ends_with(".tmp");
  if (is_temporary) top_level_name.remove_suffix(4);
  for (const std::string_view log : {kIndexLogPath, kIndexCheckpointPath, kMetadataLogPath}) {
    if (top_level_name == log) return true;
  }
  return !is_temporary && (top_level_name == kLockPath || top_level_name == kBlocksDirectory);
}

bool IsShardName(std::string_view name) {
  return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// A crash came between making the file and writing its header.
bool HasNoHeaderYet(std::span<const std::byte> beginning) {
  const auto first = beginning.first(std::min<std::size_t>(beginning.size(), 4_KiB));
  return std::ranges::all_of(first, [](std::byte byte) { return byte == std::byte{0}; });
}

class Verifier {
 public:
  Verifier(io::FileSystem& files, const std::function<bool(std::uint64_t)>& progress)
      : files_(files), progress_(progress), buffer_(std::make_unique_for_overwrite<std::byte[]>(kBlockHeaderMax)) {}

  Result<VerifyReport> Run() {
    HEARTH_TRY(TakeLock());
    CheckTopLevel();
    CheckLog(kIndexCheckpointPath, kIndexKind);
    CheckLog(kIndexLogPath, kIndexKind);
    CheckLog(kMetadataLogPath, kMetadataKind);
    HEARTH_TRY(CheckBlocks());
    return std::move(report_);
  }

 private:
  void AddProblem(std::string_view path, std::string what) {
    if (report_.problems.size() < kProblemsMax) report_.problems.push_back({std::string(path), std::move(what)});
  }

  // Looks first, so that a directory named by mistake gets no lock file.
  Status TakeLock() {
    for (const std::string_view path : {kLockPath, kBlocksDirectory, kIndexLogPath}) {
      const auto info = files_.Stat(path);
      if (info) return files_.Lock(kLockPath);
      if (info.error().code() != Code::kNotFound) return Fail(info.error());
    }
    return Fail(Code::kNotFound, "not a cache directory: neither a lock, nor blocks, nor an index");
  }

  // Names in `directory`; none, and a problem, if it cannot be listed.
  std::vector<std::string> NamesIn(std::string_view directory) {
    auto names = files_.List(directory);
    if (!names) {
      AddProblem(directory.empty() ? "." : directory, names.error().ToString());
      return {};
    }
    std::ranges::sort(*names);
    return *std::move(names);
  }

  void CheckTopLevel();
  void CheckLog(std::string_view path, std::string_view kind);
  Status CheckBlocks();
  Status CheckShard(const std::string& shard);
  void CheckBlock(const std::string& path, const Hash128& hash);
  void CheckPages(const std::string& path, const io::File& file, const BlockHeader& header);
  // nullopt if the file ends before the page does.
  Result<std::optional<std::uint32_t>> ChecksumOnDisk(const io::File& file, const BlockHeader& header,
                                                      std::uint32_t seed, std::uint32_t page);

  io::FileSystem& files_;
  const std::function<bool(std::uint64_t)>& progress_;
  const std::unique_ptr<std::byte[]> buffer_;  // a header, or a page
  VerifyReport report_;
};
static_assert(kPageSize <= kBlockHeaderMax);

void Verifier::CheckTopLevel() {
  for (const std::string& name : NamesIn("")) {
    if (!IsOfTheCache(name)) ++report_.files_foreign;
  }
}

void Verifier::CheckLog(std::string_view path, std::string_view kind) {
  std::uint64_t undecodable = 0;
  const auto look_at = [&](std::span<const std::byte> record) {
    if (kind == kIndexKind && !DecodeIndexRecord(record)) ++undecodable;
  };
  const auto found = RecordLog::Inspect(files_, std::string(path), kind, look_at);
  if (!found) {
    // Either log may be lost: the headers know the same.
    if (found.error().code() != Code::kNotFound) AddProblem(path, found.error().ToString());
    return;
  }
  (kind == kIndexKind ? report_.index_records : report_.metadata_records) += found->records;
  report_.log_bytes_dropped += found->bytes_dropped;
  if (found->fresh) AddProblem(path, fmt::format("not a log of kind {} and a known format", kind));
  if (found->corrupt) {
    AddProblem(path, fmt::format("the record at offset {} is corrupt; {} bytes from there on are lost", found->bytes,
                                 found->bytes_dropped));
  }
  if (undecodable > 0) AddProblem(path, fmt::format("{} records make no sense", undecodable));
}

Status Verifier::CheckBlocks() {
  const auto blocks = files_.Stat(kBlocksDirectory);
  if (!blocks && blocks.error().code() == Code::kNotFound) return {};
  for (const std::string& name : NamesIn(kBlocksDirectory)) {
    if (IsShardName(name)) {
      HEARTH_TRY(CheckShard(name));
    } else {
      ++report_.files_foreign;
    }
  }
  return {};
}

Status Verifier::CheckShard(const std::string& shard) {
  const std::string directory = fmt::format("{}/{}", kBlocksDirectory, shard);
  for (const std::string& name : NamesIn(directory)) {
    const auto hash = HashOfFileName(name);
    if (!hash || !name.starts_with(shard)) {
      ++report_.files_foreign;
      continue;
    }
    ++report_.blocks;
    CheckBlock(fmt::format("{}/{}", directory, name), *hash);
    if (!progress_(report_.blocks)) return Fail(Code::kCancelled, "stopped");
  }
  return {};
}

void Verifier::CheckBlock(const std::string& path, const Hash128& hash) {
  const auto file = files_.Open(path, {});
  if (!file) return AddProblem(path, file.error().ToString());
  const auto info = (*file)->Info();
  if (!info) return AddProblem(path, info.error().ToString());
  const auto read = (*file)->ReadAt(0, {buffer_.get(), kBlockHeaderMax});
  if (!read) return AddProblem(path, read.error().ToString());
  const std::span<const std::byte> beginning(buffer_.get(), *read);
  if (HasNoHeaderYet(beginning)) {
    ++report_.blocks_unfinished;
    return;
  }
  const auto header = DecodeBlockHeader(beginning);
  if (!header) return AddProblem(path, header.error().message());

  const BlockInfo& block = header->info;
  if (HashBlock(block.object, block.version, block.index) != hash) {
    return AddProblem(path, "its header is that of another block");
  }
  if (info->size > header->data_offset() + header->block_length()) AddProblem(path, "longer than its block");
  if (header->present_count() < header->sub_count()) ++report_.blocks_partial;
  CheckPages(path, **file, *header);
}

void Verifier::CheckPages(const std::string& path, const io::File& file, const BlockHeader& header) {
  const std::uint32_t pages_per_sub = header.geometry.sub_block_size / kPageSize;
  const std::uint32_t seed = PageSeed(header.info);
  std::uint64_t corrupt = 0;
  std::uint32_t first_corrupt = 0;
  for (std::uint32_t page = 0; page < header.page_crcs.size(); ++page) {
    if (!header.IsPresent(page / pages_per_sub)) continue;
    const auto checksum = ChecksumOnDisk(file, header, seed, page);
    if (!checksum) return AddProblem(path, checksum.error().ToString());
    if (*checksum == header.page_crcs[page]) continue;
    if (corrupt++ == 0) first_corrupt = page;
  }
  report_.pages_corrupt += corrupt;
  if (corrupt > 0) {
    AddProblem(path, fmt::format("{} of its pages are corrupt, the first at offset {} of the file", corrupt,
                                 header.data_offset() + std::uint64_t{first_corrupt} * kPageSize));
  }
}

Result<std::optional<std::uint32_t>> Verifier::ChecksumOnDisk(const io::File& file, const BlockHeader& header,
                                                              std::uint32_t seed, std::uint32_t page) {
  const std::uint64_t begin = std::uint64_t{page} * kPageSize;
  const std::uint64_t length = std::min<std::uint64_t>(kPageSize, header.block_length() - begin);
  const std::span<std::byte> bytes(buffer_.get(), length);
  const auto read = file.ReadAt(header.data_offset() + begin, bytes);
  if (!read) return Fail(read.error());
  report_.bytes_checked += *read;
  if (*read < length) return std::nullopt;
  const std::uint64_t block_begin = header.info.index.value * header.geometry.block_size;
  return PageChecksum(seed, block_begin + begin, bytes);
}

}  // namespace

Result<VerifyReport> VerifyDirectory(io::FileSystem& files, const std::function<bool(std::uint64_t)>& progress) {
  return Verifier(files, progress).Run();
}

}  // namespace hearth::cache
