#include "read/origin_directory.h"

#include <algorithm>

#include "origin/bucket_pattern.h"

namespace hearth::read {
namespace {

std::unexpected<Error> BadUrl(std::string_view url, std::string_view why) {
  return Fail(Code::kInvalidArgument, "URL '" + std::string(url) + "': " + std::string(why));
}

}  // namespace

const OriginEntry* OriginDirectory::ForBucket(const BucketName& bucket) const {
  for (const OriginEntry& entry : entries_) {
    if (origin::MatchesBucket(entry.buckets, bucket)) return &entry;
  }
  return nullptr;
}

const OriginEntry* OriginDirectory::ForName(const OriginName& name) const {
  for (const OriginEntry& entry : entries_) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

const OriginEntry* OriginDirectory::ForBareScheme(std::string_view scheme) const {
  if (const OriginEntry* named = ForName(OriginName(std::string(scheme)))) return named;
  const OriginType type = scheme == "gs" ? OriginType::kGs : OriginType::kS3;
  const auto found = std::ranges::find(entries_, type, &OriginEntry::type);
  return (scheme == "s3" || scheme == "gs") && found != entries_.end() ? &*found : nullptr;
}

const OriginEntry* OriginDirectory::ForScheme(std::string_view scheme, const BucketName& bucket) const {
  if (const OriginEntry* named = ForName(OriginName(std::string(scheme)))) {
    return origin::MatchesBucket(named->buckets, bucket) ? named : nullptr;
  }
  if (scheme != "s3" && scheme != "gs") return nullptr;
  const OriginType type = scheme == "s3" ? OriginType::kS3 : OriginType::kGs;
  for (const OriginEntry& entry : entries_) {
    if (entry.type == type && origin::MatchesBucket(entry.buckets, bucket)) return &entry;
  }
  return nullptr;
}

Result<OriginDirectory::Located> OriginDirectory::Locate(std::string_view url) const {
  Result<Located> located = LocatePrefix(url);
  if (located && (located->object.bucket.empty() || located->object.key.empty())) {
    return BadUrl(url, "a bucket and a key are needed");
  }
  return located;
}

Result<OriginDirectory::Located> OriginDirectory::LocatePrefix(std::string_view url) const {
  const std::size_t colon = url.find("://");
  if (colon == url.npos || colon == 0) return BadUrl(url, "write NAME://bucket/key, NAME being an origin's name");
  const std::string_view scheme = url.substr(0, colon);
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t slash = rest.find('/');
  if (slash == 0) return BadUrl(url, "a bucket and a key are needed");
  BucketName bucket{std::string(rest.substr(0, slash))};
  const OriginEntry* entry = bucket.empty() ? ForBareScheme(scheme) : ForScheme(scheme, bucket);
  if (entry == nullptr) {
    return Fail(Code::kPermissionDenied,
                "URL '" + std::string(url) + "' is outside of every configured origin (see `origins`)");
  }
  ObjectKey key(std::string(slash == rest.npos ? std::string_view() : rest.substr(slash + 1)));
  return Located{entry, {entry->name, std::move(bucket), std::move(key)}};
}

}  // namespace hearth::read
