// An index log: the input is one record, a whole file, and the frames behind a right file header.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/check.h"
#include "cache/index_records.h"
#include "cache/layout.h"
#include "cache/record_log.h"

namespace {

using hearth::Code;
using hearth::Fail;
using hearth::Result;
using hearth::Status;
namespace io = hearth::io;

// A file of these bytes, for reading.
class BytesFile final : public io::File {
 public:
  explicit BytesFile(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}

  Result<std::size_t> ReadAt(std::uint64_t offset, std::span<std::byte> to) const override {
    if (offset >= bytes_.size()) return std::size_t{0};
    const auto from = std::span(bytes_).subspan(offset);
    const std::size_t count = std::min(from.size(), to.size());
    std::copy_n(from.begin(), count, to.begin());
    return count;
  }
  Result<io::FileInfo> Info() const override { return io::FileInfo{.size = bytes_.size(), .is_regular = true}; }
  Status WriteAt(std::uint64_t, std::span<const std::byte>) override { return ReadOnly(); }
  Status Sync() override { return ReadOnly(); }
  Status Truncate(std::uint64_t) override { return ReadOnly(); }
  bool IsResident(hearth::ByteRange) const override { return true; }
  bool TryReadNow(std::uint64_t, std::span<std::byte>) const override { return false; }

 private:
  static Status ReadOnly() { return Fail(Code::kPermissionDenied, "read only"); }
  std::vector<std::byte> bytes_;
};

// Every path is that file.
class OneFile final : public io::FileSystem {
 public:
  explicit OneFile(std::vector<std::byte> bytes) : file_(std::make_shared<BytesFile>(std::move(bytes))) {}

  Result<std::shared_ptr<io::File>> Open(std::string_view, io::OpenOptions) override { return file_; }
  Result<io::FileInfo> Stat(std::string_view) override { return file_->Info(); }
  Result<std::vector<std::string>> List(std::string_view) override { return std::vector<std::string>(); }
  Status VisitDirectory(std::string_view, const Visitor&) override { return {}; }
  Result<Space> GetSpace() override { return Space{}; }
  Status MakeDirectory(std::string_view) override { return ReadOnly(); }
  Status Rename(std::string_view, std::string_view) override { return ReadOnly(); }
  Status Unlink(std::string_view) override { return ReadOnly(); }
  Status SyncDirectory(std::string_view) override { return ReadOnly(); }
  Status Lock(std::string_view) override { return ReadOnly(); }

 private:
  static Status ReadOnly() { return Fail(Code::kPermissionDenied, "read only"); }
  std::shared_ptr<io::File> file_;
};

// What was understood is written again as it was.
void CheckRecord(std::span<const std::byte> bytes) {
  const auto record = hearth::cache::DecodeIndexRecord(bytes);
  if (!record) return;
  const auto again = hearth::cache::EncodeIndexRecord(*record);
  HEARTH_CHECK(std::ranges::equal(again, bytes));
}

// Every byte is either in a whole record or dropped.
void CheckFile(std::vector<std::byte> bytes) {
  const std::size_t size = bytes.size();
  OneFile files(std::move(bytes));
  std::uint64_t records = 0;
  const auto found = hearth::cache::RecordLog::Inspect(files, "index.log", hearth::cache::kIndexKind, [&](auto record) {
    HEARTH_CHECK(!record.empty() && record.size() <= hearth::cache::RecordLog::kRecordMax);
    ++records;
    CheckRecord(record);
  });
  HEARTH_CHECK(found && found->records == records && found->bytes + found->bytes_dropped == size);
}

// "HLOG", "HIDX", format version 1, and their checksum.
constexpr std::uint8_t kFileHeader[16] = {'H', 'L', 'O', 'G', 'H', 'I', 'D', 'X', 1, 0, 0, 0, 0x4c, 0x2f, 0x24, 0x46};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  CheckRecord(bytes);
  CheckFile({bytes.begin(), bytes.end()});
  const auto header = std::as_bytes(std::span(kFileHeader));
  std::vector<std::byte> framed(header.begin(), header.end());
  framed.insert(framed.end(), bytes.begin(), bytes.end());
  CheckFile(std::move(framed));
  return 0;
}
