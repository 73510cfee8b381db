#include "cache/index_records.h"

#include <bit>
#include <cstring>
#include <string>
#include <type_traits>

#include "base/check.h"

namespace hearth::cache {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian and copied as it stands");

enum class Type : std::uint32_t { kBlock = 1, kGone = 2, kUsed = 3, kBatch = 4, kStopped = 5 };

// Every record: this, then `count` entries of the type's size.
struct RecordHeader {
  Type type;
  std::uint32_t count;
};
static_assert(sizeof(RecordHeader) == 8);

// kBlock (one) and kBatch. Four-byte words, so that entries follow each other without padding.
struct BlockEntry {
  std::uint32_t hash_high[2];
  std::uint32_t hash_low[2];
  std::uint32_t offset[2];
  std::uint32_t allocated[2];
  std::uint32_t present;
  std::uint32_t total;
  std::uint32_t last_used;
};
static_assert(sizeof(BlockEntry) == kBlockEntryBytes && alignof(BlockEntry) == 4);

// kGone (one).
struct GoneEntry {
  std::uint32_t hash_high[2];
  std::uint32_t hash_low[2];
};
static_assert(sizeof(GoneEntry) == 16);

// kUsed.
struct UsedEntry {
  std::uint32_t hash_high[2];
  std::uint32_t hash_low[2];
  std::uint32_t last_used;
};
static_assert(sizeof(UsedEntry) == 20 && alignof(UsedEntry) == 4);

// kStopped (one).
struct StoppedEntry {
  std::uint32_t in_order;
};

void Split(std::uint64_t value, std::uint32_t (&words)[2]) {
  words[0] = static_cast<std::uint32_t>(value);
  words[1] = static_cast<std::uint32_t>(value >> 32);
}
std::uint64_t Join(const std::uint32_t (&words)[2]) { return words[0] | std::uint64_t{words[1]} << 32; }

BlockEntry Pack(const BlockRecord& record) {
  BlockEntry entry;
  Split(record.hash.high, entry.hash_high);
  Split(record.hash.low, entry.hash_low);
  Split(record.offset, entry.offset);
  Split(record.allocated, entry.allocated);
  entry.present = record.present;
  entry.total = record.total;
  entry.last_used = record.last_used;
  return entry;
}
GoneEntry Pack(const BlockGone& record) {
  GoneEntry entry;
  Split(record.hash.high, entry.hash_high);
  Split(record.hash.low, entry.hash_low);
  return entry;
}
UsedEntry Pack(const BlocksUsed::Use& use) {
  UsedEntry entry;
  Split(use.hash.high, entry.hash_high);
  Split(use.hash.low, entry.hash_low);
  entry.last_used = use.last_used;
  return entry;
}

StoppedEntry Pack(const StoppedInOrder& record) { return {.in_order = record.in_order ? 1u : 0u}; }

BlockRecord Unpack(const BlockEntry& entry) {
  return {.hash = {.high = Join(entry.hash_high), .low = Join(entry.hash_low)},
          .offset = Join(entry.offset),
          .allocated = Join(entry.allocated),
          .present = entry.present,
          .total = entry.total,
          .last_used = entry.last_used};
}
BlockGone Unpack(const GoneEntry& entry) {
  return {.hash = {.high = Join(entry.hash_high), .low = Join(entry.hash_low)}};
}
BlocksUsed::Use Unpack(const UsedEntry& entry) {
  return {.hash = {.high = Join(entry.hash_high), .low = Join(entry.hash_low)}, .last_used = entry.last_used};
}

StoppedInOrder Unpack(const StoppedEntry& entry) { return {.in_order = entry.in_order == 1}; }

template <typename Value>
std::vector<std::byte> EncodeEntries(Type type, std::span<const Value> values) {
  using Entry = decltype(Pack(values.front()));
  static_assert(std::has_unique_object_representations_v<Entry>);
  std::vector<std::byte> bytes(sizeof(RecordHeader) + values.size() * sizeof(Entry));
  const RecordHeader header{.type = type, .count = static_cast<std::uint32_t>(values.size())};
  std::memcpy(bytes.data(), &header, sizeof header);
  std::byte* to = bytes.data() + sizeof header;
  for (const Value& value : values) {
    const Entry entry = Pack(value);
    std::memcpy(to, &entry, sizeof entry);
    to += sizeof entry;
  }
  return bytes;
}

std::unexpected<Error> NotARecord(const char* why) {
  return Fail(Code::kCorruption, std::string("index record: ") + why);
}

// `entries` holds `count` of them, or this is not a record.
template <typename Entry>
auto DecodeEntries(std::span<const std::byte> entries, std::uint32_t count)
    -> Result<std::vector<decltype(Unpack(std::declval<Entry>()))>> {
  if (entries.size() != std::uint64_t{count} * sizeof(Entry)) return NotARecord("its length does not fit its count");
  std::vector<decltype(Unpack(std::declval<Entry>()))> values(count);
  const std::byte* from = entries.data();
  for (auto& value : values) {
    Entry entry;
    std::memcpy(&entry, from, sizeof entry);
    from += sizeof entry;
    value = Unpack(entry);
  }
  return values;
}

bool IsPossible(const BlockRecord& record) { return record.present <= record.total; }

Result<IndexRecord> DecodeBatch(std::span<const std::byte> entries, std::uint32_t count) {
  if (count > BlockBatch::kBatchMax) return NotARecord("too many blocks");
  auto blocks = DecodeEntries<BlockEntry>(entries, count);
  if (!blocks) return Fail(std::move(blocks).error());
  for (const BlockRecord& block : *blocks) {
    if (!IsPossible(block)) return NotARecord("more sub-blocks present than there are");
  }
  return BlockBatch{*std::move(blocks)};
}

Result<IndexRecord> DecodeUsed(std::span<const std::byte> entries, std::uint32_t count) {
  auto uses = DecodeEntries<UsedEntry>(entries, count);
  if (!uses) return Fail(std::move(uses).error());
  return BlocksUsed{*std::move(uses)};
}

template <typename Entry>
Result<IndexRecord> DecodeOne(std::span<const std::byte> entries, std::uint32_t count) {
  if (count != 1) return NotARecord("its count is not one");
  auto values = DecodeEntries<Entry>(entries, count);
  if (!values) return Fail(std::move(values).error());
  return values->front();
}

Result<IndexRecord> DecodeBlock(std::span<const std::byte> entries, std::uint32_t count) {
  Result<IndexRecord> record = DecodeOne<BlockEntry>(entries, count);
  if (record && !IsPossible(std::get<BlockRecord>(*record))) {
    return NotARecord("more sub-blocks present than there are");
  }
  return record;
}

}  // namespace

std::vector<std::byte> EncodeIndexRecord(const IndexRecord& record) {
  if (const auto* block = std::get_if<BlockRecord>(&record)) return EncodeEntries(Type::kBlock, std::span(block, 1));
  if (const auto* gone = std::get_if<BlockGone>(&record)) return EncodeEntries(Type::kGone, std::span(gone, 1));
  if (const auto* used = std::get_if<BlocksUsed>(&record)) return EncodeEntries(Type::kUsed, std::span(used->uses));
  if (const auto* stop = std::get_if<StoppedInOrder>(&record)) return EncodeEntries(Type::kStopped, std::span(stop, 1));
  const auto& batch = std::get<BlockBatch>(record);
  HEARTH_CHECK(batch.blocks.size() <= BlockBatch::kBatchMax);
  return EncodeEntries(Type::kBatch, std::span(batch.blocks));
}

Result<IndexRecord> DecodeIndexRecord(std::span<const std::byte> bytes) {
  RecordHeader header;
  if (bytes.size() < sizeof header) return NotARecord("too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  const auto entries = bytes.subspan(sizeof header);
  switch (header.type) {
    case Type::kBlock: return DecodeBlock(entries, header.count);
    case Type::kGone: return DecodeOne<GoneEntry>(entries, header.count);
    case Type::kUsed: return DecodeUsed(entries, header.count);
    case Type::kBatch: return DecodeBatch(entries, header.count);
    case Type::kStopped: return DecodeOne<StoppedEntry>(entries, header.count);
  }
  return NotARecord("unknown type");
}

}  // namespace hearth::cache
