#include "read/origin_directory.h"

#include "origin/bucket_pattern.h"

namespace hearth::read {

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
  const auto bad = [&](std::string_view why) {
    return Fail(Code::kInvalidArgument, "URL '" + std::string(url) + "': " + std::string(why));
  };
  const std::size_t colon = url.find("://");
  if (colon == url.npos || colon == 0) return bad("write NAME://bucket/key, NAME being an origin's name");
  const std::string_view rest = url.substr(colon + 3);
  const std::size_t slash = rest.find('/');
  if (slash == rest.npos || slash == 0 || slash + 1 == rest.size()) return bad("a bucket and a key are needed");
  BucketName bucket{std::string(rest.substr(0, slash))};
  const OriginEntry* entry = ForScheme(url.substr(0, colon), bucket);
  if (entry == nullptr) {
    return Fail(Code::kPermissionDenied,
                "URL '" + std::string(url) + "' is outside of every configured origin (see `origins`)");
  }
  return Located{entry, {entry->name, std::move(bucket), ObjectKey(std::string(rest.substr(slash + 1)))}};
}

}  // namespace hearth::read
