#include "read/meta_entry.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "http/date.h"

namespace hearth::read {
namespace {

constexpr std::uint8_t kRecordVersion = 1;
// What follows the key: nothing (it is forgotten), metadata, or metadata from an answer of a range.
constexpr std::uint8_t kHasNone = 0;
constexpr std::uint8_t kHasMeta = 1;
constexpr std::uint8_t kHasPart = 2;

std::string Lower(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return lower;
}

void AddLine(std::string& lines, std::string_view name, std::string_view value) {
  // A value with a line break would be a header of the origin's own making.
  if (value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos) return;
  lines.append(name).append(": ").append(value).append("\r\n");
}

std::string RenderHeaders(const origin::ObjectMeta& meta, bool whole) {
  std::string lines;
  if (!meta.etag.empty()) AddLine(lines, "ETag", meta.etag.value);
  if (!meta.last_modified.empty()) AddLine(lines, "Last-Modified", meta.last_modified);
  if (!meta.version_id.empty()) AddLine(lines, "x-amz-version-id", meta.version_id);
  for (const auto& [name, value] : meta.headers) {
    if (!whole && Lower(name).starts_with("x-amz-checksum-")) continue;
    AddLine(lines, name, value);
  }
  lines.append("Accept-Ranges: bytes\r\n");
  return lines;
}

// Little-endian numbers and length-prefixed strings.
class Writer {
 public:
  template <typename T>
  void Number(T value) {
    static_assert(std::endian::native == std::endian::little);
    const auto* raw = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), raw, raw + sizeof value);
  }
  void Text(std::string_view text) {
    Number(static_cast<std::uint32_t>(text.size()));
    const auto* raw = reinterpret_cast<const std::byte*>(text.data());
    bytes_.insert(bytes_.end(), raw, raw + text.size());
  }
  std::vector<std::byte> Take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  T Number() {
    T value{};
    if (bytes_.size() < sizeof value) {
      failed_ = true;
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
    return value;
  }
  std::string Text() {
    const auto length = Number<std::uint32_t>();
    if (failed_ || length > bytes_.size()) {
      failed_ = true;
      return {};
    }
    std::string text(reinterpret_cast<const char*>(bytes_.data()), length);
    bytes_ = bytes_.subspan(length);
    return text;
  }
  bool done() const { return !failed_ && bytes_.empty(); }
  bool failed() const { return failed_; }

 private:
  std::span<const std::byte> bytes_;
  bool failed_ = false;
};

origin::ObjectMeta ReadMeta(Reader& reader) {
  origin::ObjectMeta meta;
  meta.version.kind = static_cast<VersionKind>(reader.Number<std::uint8_t>());
  meta.version.value = reader.Text();
  meta.size = reader.Number<std::uint64_t>();
  meta.etag.value = reader.Text();
  meta.last_modified = reader.Text();
  meta.version_id = reader.Text();
  const auto count = reader.Number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && !reader.failed(); ++i) {
    std::string name = reader.Text();
    std::string value = reader.Text();
    meta.headers.emplace_back(std::move(name), std::move(value));
  }
  return meta;
}

}  // namespace

MetaEntry::MetaEntry(MetaKey meta_key, origin::ObjectMeta object_meta, WallTime wall, TimePoint at)
    : key(std::move(meta_key)),
      meta(std::move(object_meta)),
      fetched_wall(wall),
      fetched(at),
      hasher(key.object, meta.version),
      last_modified(http::ParseHttpDate(meta.last_modified)),
      whole_headers(RenderHeaders(meta, true)),
      range_headers(RenderHeaders(meta, false)) {}

std::size_t MetaEntry::memory_bytes() const {
  std::size_t bytes = sizeof *this + key.object.bucket.value.size() + key.object.key.value.size() +
                      key.selector.size() + meta.version.value.size() + meta.etag.value.size() + whole_headers.size() +
                      range_headers.size();
  for (const auto& [name, value] : meta.headers) bytes += sizeof(std::string) * 2 + name.size() + value.size();
  return bytes;
}

std::vector<std::byte> EncodeMetaRecord(const MetaRecord& record) {
  Writer writer;
  writer.Number(kRecordVersion);
  writer.Number(record.meta ? (record.meta->of_part ? kHasPart : kHasMeta) : kHasNone);
  writer.Text(record.key.object.origin.value);
  writer.Text(record.key.object.bucket.value);
  writer.Text(record.key.object.key.value);
  writer.Text(record.key.selector);
  writer.Number(static_cast<std::int64_t>(record.fetched.time_since_epoch().count()));
  if (!record.meta) return writer.Take();
  const origin::ObjectMeta& meta = *record.meta;
  writer.Number(static_cast<std::uint8_t>(meta.version.kind));
  writer.Text(meta.version.value);
  writer.Number(meta.size);
  writer.Text(meta.etag.value);
  writer.Text(meta.last_modified);
  writer.Text(meta.version_id);
  writer.Number(static_cast<std::uint32_t>(meta.headers.size()));
  for (const auto& [name, value] : meta.headers) {
    writer.Text(name);
    writer.Text(value);
  }
  return writer.Take();
}

Result<MetaRecord> DecodeMetaRecord(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  MetaRecord record;
  const auto version = reader.Number<std::uint8_t>();
  const auto has = reader.Number<std::uint8_t>();
  record.key.object.origin.value = reader.Text();
  record.key.object.bucket.value = reader.Text();
  record.key.object.key.value = reader.Text();
  record.key.selector = reader.Text();
  record.fetched = WallTime(std::chrono::microseconds(reader.Number<std::int64_t>()));
  if (has == kHasMeta || has == kHasPart) {
    record.meta = ReadMeta(reader);
    record.meta->of_part = has == kHasPart;
  }
  const bool known =
      version == kRecordVersion && has <= kHasPart && (!record.meta || record.meta->version.kind <= VersionKind::kStat);
  if (!reader.done() || !known) return Fail(Code::kCorruption, "not a metadata record");
  return record;
}

}  // namespace hearth::read
