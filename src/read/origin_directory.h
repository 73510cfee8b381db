// OriginDirectory: which origin a bucket or a URL belongs to. Built once, then constant; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "base/result.h"
#include "origin/origin.h"
#include "origin/origin_url.h"

namespace hearth::read {

using origin::OriginType;

struct OriginEntry {
  OriginName name;
  OriginType type = OriginType::kS3;
  std::vector<std::string> buckets;  // patterns
  std::unique_ptr<origin::Origin> origin;
};

class OriginDirectory {
 public:
  explicit OriginDirectory(std::vector<OriginEntry> entries) : entries_(std::move(entries)) {}

  // A bucket belongs to the first origin whose patterns match. Null: to none.
  const OriginEntry* ForBucket(const BucketName& bucket) const;
  const OriginEntry* ForName(const OriginName& name) const;

  struct Located {
    const OriginEntry* entry = nullptr;
    ObjectId object;
  };
  // NAME://bucket/key (not percent-encoded). s3:// and gs:// where no origin has that name: the first origin of
  // that type whose patterns match. kInvalidArgument: not a URL of that form; kPermissionDenied: outside of
  // every configured origin.
  Result<Located> Locate(std::string_view url) const;

  // The same of a list: NAME://, NAME://bucket or NAME://bucket/prefix; bucket and key (the prefix) may be empty.
  Result<Located> LocatePrefix(std::string_view url) const;

  const std::vector<OriginEntry>& entries() const { return entries_; }

 private:
  const OriginEntry* ForBareScheme(std::string_view scheme) const;
  const OriginEntry* ForScheme(std::string_view scheme, const BucketName& bucket) const;

  std::vector<OriginEntry> entries_;
};

}  // namespace hearth::read
