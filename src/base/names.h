// The names everybody uses: origins, buckets, keys, versions, and the objects they make up.
//
// Bucket and key are opaque bytes (invariant 11): any byte but what the protocols themselves forbid,
// no normalization, no meaning. Distinct types, so that one cannot stand for the other.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth {

template <typename Tag>
struct Name {
  std::string value;

  Name() = default;
  explicit Name(std::string text) : value(std::move(text)) {}
  bool empty() const { return value.empty(); }
  auto operator<=>(const Name&) const = default;
};

using OriginName = Name<struct OriginTag>;
using BucketName = Name<struct BucketTag>;
using ObjectKey = Name<struct KeyTag>;

// An entity tag as it stands in the header, with its quotes and, where weak, with W/ (RFC 9110 8.8.3).
using ETag = Name<struct ETagTag>;

// True for an ETag that identifies bytes: quoted, not weak, not empty.
bool IsStrong(const ETag& etag);

struct ObjectId {
  OriginName origin;
  BucketName bucket;
  ObjectKey key;

  // Canonical URL, NAME://bucket/key, bytes as they are: what freshness rules and grants match.
  std::string Url() const;
  auto operator<=>(const ObjectId&) const = default;
};

// The identity of one immutable content of an object.
enum class VersionKind : std::uint8_t {
  kNone = 0,        // the origin gave nothing to tell versions apart: never cached
  kETag = 1,        // S3 and http: value is the ETag with its quotes
  kGeneration = 2,  // gs: value is the decimal generation
  kStat = 3,        // file: value is "device-inode-size-mtime-ctime"
};

struct Version {
  VersionKind kind = VersionKind::kNone;
  std::string value;

  bool cacheable() const { return kind != VersionKind::kNone; }
  // "etag:...", "generation:...", "stat:...": unique over kinds; what block hashes cover.
  std::string ToString() const;
  auto operator<=>(const Version&) const = default;
};

}  // namespace hearth
