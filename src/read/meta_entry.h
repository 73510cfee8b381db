// MetaEntry: what is remembered of one version of an object, ready for the hit path. Immutable, shared.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/hash.h"
#include "base/result.h"
#include "origin/origin.h"

namespace hearth::read {

// What metadata is remembered under: the object, and which of its versions was asked for
// (VersionSelector::MetadataKey).
struct MetaKey {
  ObjectId object;
  std::string selector;

  bool operator==(const MetaKey&) const = default;
};

struct MetaEntry {
  MetaEntry(MetaKey meta_key, origin::ObjectMeta object_meta, WallTime fetched_wall, TimePoint fetched_at);

  const MetaKey key;
  const origin::ObjectMeta meta;
  const WallTime fetched_wall;  // when the origin said so: for the log
  const TimePoint fetched;      // the same on the monotonic clock: for ages
  const BlockHasher hasher;     // of this version's blocks
  const std::optional<WallTime> last_modified;

  // The object's headers as lines, each ended by CRLF, made once so that a hit copies instead of formats: with the
  // checksums of the whole object, and without them for answers of a part.
  const std::string whole_headers;
  const std::string range_headers;

  std::size_t memory_bytes() const;
};

using MetaPtr = std::shared_ptr<const MetaEntry>;

// The record of the metadata log (docs/formats/metadata.md). A record without metadata forgets the key.
struct MetaRecord {
  MetaKey key;
  std::optional<origin::ObjectMeta> meta;
  WallTime fetched{};
};
std::vector<std::byte> EncodeMetaRecord(const MetaRecord& record);
// kCorruption: not a record. Never trusts a length (fuzzed).
Result<MetaRecord> DecodeMetaRecord(std::span<const std::byte> bytes);

}  // namespace hearth::read

template <>
struct std::hash<hearth::read::MetaKey> {
  std::size_t operator()(const hearth::read::MetaKey& key) const noexcept {
    return hearth::HashObject(key.object) ^ std::hash<std::string>()(key.selector);
  }
};
