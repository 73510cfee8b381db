// ObjectReader: the read plane's door for the fronts: from a request for an object to pieces of one version's bytes.
//
// Owned by the composition root; borrows cache, metadata, origins, policies. Any thread, from a job of an executor.
//
// Life of a read (front/s3 has asked the gate already):
//   TryHit   on the loop, no wait: fresh metadata, conditions hold, every byte checked and in memory
//   Open     else: metadata (resolver.h), conditions, range, then the first piece is waited for, so that every error
//            comes before the first byte; a version that changed meanwhile starts it over
//   Next*    the rest; an error now means: cut the connection
#pragma once

#include <memory>
#include <optional>

#include "cache/block_cache.h"
#include "http/range.h"
#include "read/conditions.h"
#include "read/freshness.h"
#include "read/object_stream.h"
#include "read/origin_directory.h"
#include "read/resolver.h"
#include "read/version_selector.h"

namespace hearth::read {

struct ReadRequest {
  const OriginEntry* origin = nullptr;
  MetaKey key;  // selector as VersionSelector::MetadataKey says
  VersionSelector version;
  Conditions conditions;
  http::RangeSpec range;                     // WholeObject for HEAD without Range
  std::optional<std::uint32_t> part_number;  // passed through to the origin; `range` is WholeObject
  bool head = false;                         // metadata only
  bool wants_checksums = false;              // of the whole object, when that is what is answered
};

enum class CacheStatus : std::uint8_t { kHit, kMiss, kPartial, kBypass };
std::string_view CacheStatusName(CacheStatus status);  // "hit", as X-Cache says it

enum class Outcome : std::uint8_t { kOk, kNotModified, kPreconditionFailed, kRangeNotSatisfiable };

struct Opened {
  Outcome outcome = Outcome::kOk;
  MetaPtr meta;
  ByteRange range;       // of the object, what the answer holds
  bool partial = false;  // 206: a range was asked for and counts
  CacheStatus cache = CacheStatus::kMiss;
  std::optional<std::chrono::seconds> stale_for;
  std::optional<Piece> first;            // set if kOk, not HEAD, and the range is not empty
  std::unique_ptr<ObjectStream> stream;  // what follows `first`
};

// What the hit path answers with.
struct Hit {
  MetaPtr meta;
  ByteRange range;
  bool partial = false;
  cache::SliceList slices;
};

class ObjectReader {
 public:
  struct Environment {
    cache::BlockCache& cache;
    MetadataStore& metadata;
    Resolver& resolver;
    const FreshnessPolicy& freshness;
    FillPolicy& fill_policy;
    MemoryBudget& memory;
    const Clock& clock;
  };

  explicit ObjectReader(Environment env) : env_(env) {}

  // False: take Open. Never waits.
  bool TryHit(const ReadRequest& request, Hit& hit) const;

  // Errors: as origin.h; kPreconditionFailed when the named version is not to be had, kUnavailable after the object
  // changed under every attempt.
  Task<Result<Opened>> Open(ReadRequest request, RequestContext context);

  struct BlockState {
    BlockIndex index;
    double present = 0;  // share, 0 to 1
  };
  struct Explanation {
    MetaPtr meta;  // null: nothing is known
    bool fresh = false;
    std::vector<BlockState> blocks;  // at most 10,000
  };
  Explanation Explain(const ReadRequest& request) const;

  // Forgets metadata and labels of the object and drops its blocks, of all versions that are known; returns how many
  // blocks.
  // `context`: ends it between two blocks, and bounds the question to the origin.
  Task<std::uint64_t> Evict(const OriginEntry& origin, ObjectId object, RequestContext context);

 private:
  const FreshnessRule& RuleOf(const ObjectId& object) const;
  std::optional<ByteRange> FirstRange(const ReadRequest& request) const;
  Resolver::Request Question(const ReadRequest& request, bool force) const;
  void FillBesideRevalidation(const ReadRequest& request, const RequestContext& context) const;
  Task<Result<Resolver::Resolved>> ResolveVersion(const ReadRequest& request, RequestContext context, bool force);
  Task<Result<Resolver::Resolved>> ResolveLabel(const ReadRequest& request, RequestContext context);
  // `changed`: set with an error that comes of the object having changed meanwhile.
  Task<Result<Opened>> OpenOnce(const ReadRequest& request, RequestContext context, bool force, bool& changed);
  Task<Result<Opened>> OpenPart(const ReadRequest& request, RequestContext context, bool& changed);
  bool NamesOneVersion(const ReadRequest& request) const;
  Task<void> AddChecksums(const ReadRequest& request, RequestContext context, Opened& opened);
  bool Decide(const ReadRequest& request, const MetaEntry& meta, Opened& opened) const;
  Task<Status> OpenBlocks(const ReadRequest& request, RequestContext context, Resolver::Resolved resolved,
                          Opened& opened);
  Task<Status> OpenPast(const ReadRequest& request, RequestContext context, Resolver::Resolved resolved,
                        Opened& opened);
  Task<Status> BeginPassThrough(std::unique_ptr<origin::Body> body, std::uint64_t skip, RequestContext context,
                                Opened& opened);
  Task<Error> VersionGone(const ReadRequest& request, Error error, RequestContext context);
  Task<std::uint64_t> EvictVersion(MetaPtr meta, CancelToken cancel);

  const Environment env_;
};

}  // namespace hearth::read
