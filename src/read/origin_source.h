// OriginSource: the cache's BlockSource over an origin: every fetch names the version and is checked against it.
//
// Holds the object's metadata; borrows the origin, which outlives the cache. Any thread.
#pragma once

#include <memory>

#include "cache/block_source.h"
#include "read/meta_entry.h"

namespace hearth::read {

// A body of an origin as a stream of the cache.
std::unique_ptr<cache::ByteStream> StreamOf(std::unique_ptr<origin::Body> body);

class OriginSource final : public cache::BlockSource {
 public:
  OriginSource(origin::Origin& origin, MetaPtr meta) : origin_(origin), meta_(std::move(meta)) {}

  // Whether it asks by version id, and so gets the version also when it is not the current one.
  bool by_version_id() const;

  // kPreconditionFailed: the origin has another version. kUnavailable: it answered with something else than was
  // asked (a lie about length or range).
  Task<Result<std::unique_ptr<cache::ByteStream>>> Open(cache::BlockInfo info, ByteRange in_object,
                                                        RequestContext context) override;
  Task<bool> AdmitRetry(int attempt) override { return origin_.AdmitRetry(attempt); }

 private:
  origin::Origin& origin_;
  const MetaPtr meta_;
};

}  // namespace hearth::read
