#include "read/object_reader.h"

#include <algorithm>

#include "read/origin_source.h"

namespace hearth::read {
namespace {

using Kind = VersionSelector::Kind;

// How often a read starts over because the object changed before its first byte.
constexpr int kRestartsMax = 4;
// The answer waits for no more than this to have its checksums.
constexpr Duration kChecksumsTimeout = std::chrono::seconds(2);
constexpr std::uint64_t kEvictTurn = 64;
constexpr std::uint64_t kExplainBlocksMax = 10'000;

// Whether another version would do as well.
bool WantsCurrent(const ReadRequest& request) { return request.version.kind == Kind::kCurrent; }

bool IsWhole(const http::RangeSpec& range) { return std::holds_alternative<http::WholeObject>(range); }

}  // namespace

std::string_view CacheStatusName(CacheStatus status) {
  switch (status) {
    case CacheStatus::kHit: return "hit";
    case CacheStatus::kMiss: return "miss";
    case CacheStatus::kPartial: return "partial";
    case CacheStatus::kBypass: return "bypass";
  }
  return "miss";
}

const FreshnessRule& ObjectReader::RuleOf(const ObjectId& object) const {
  return env_.freshness.uniform() ? env_.freshness.For("") : env_.freshness.For(object.Url());
}

// Conditions, range and status. False: the answer has no body, `opened.outcome` says why.
bool ObjectReader::Decide(const ReadRequest& request, const MetaEntry& meta, Opened& opened) const {
  const Verdict verdict = Evaluate(request.conditions, meta.meta.etag, meta.last_modified);
  if (verdict != Verdict::kProceed) {
    opened.outcome = verdict == Verdict::kNotModified ? Outcome::kNotModified : Outcome::kPreconditionFailed;
    return false;
  }
  const bool ranged = !IsWhole(request.range) && RangeApplies(request.conditions, meta.meta.etag, meta.last_modified);
  const std::optional<ByteRange> range =
      http::ResolveRange(ranged ? request.range : http::RangeSpec(http::WholeObject{}), meta.meta.size);
  if (!range) {
    opened.outcome = Outcome::kRangeNotSatisfiable;
    return false;
  }
  opened.outcome = Outcome::kOk;
  opened.range = *range;
  opened.partial = ranged;
  return true;
}

bool ObjectReader::TryHit(const ReadRequest& request, Hit& hit) const {
  if (request.head || request.part_number) return false;
  if (request.version.kind == Kind::kETag) {
    hit.meta = env_.metadata.Find(request.key);
    if (!hit.meta || hit.meta->meta.etag.value != request.version.value) return false;
  } else {
    hit.meta = env_.resolver.FindFresh(request.key, RuleOf(request.key.object));
    if (!hit.meta) return false;
  }
  Opened decided;
  if (!Decide(request, *hit.meta, decided)) return false;
  hit.range = decided.range;
  hit.partial = decided.partial;
  if (request.wants_checksums && !hit.partial && hit.meta->meta.of_part) return false;
  hit.slices.count = 0;
  if (hit.range.empty()) return true;
  return env_.cache.TrySlices(hit.meta->hasher, hit.meta->meta.size, hit.range, hit.slices);
}

// --- metadata ---

// What the first GET asks for: the sub-blocks that the range touches, within its first block. A suffix needs the size
// first, and a condition may need no bytes at all.
std::optional<ByteRange> ObjectReader::FirstRange(const ReadRequest& request) const {
  if (request.head || !request.conditions.empty()) return std::nullopt;
  const cache::Geometry& geometry = env_.cache.geometry();
  std::uint64_t begin = 0;
  std::uint64_t end = ~std::uint64_t{0};
  if (const auto* closed = std::get_if<http::ClosedRange>(&request.range)) {
    begin = closed->first;
    end = closed->last;  // closed; made half-open below, where it cannot overflow
  } else if (const auto* open = std::get_if<http::OpenRange>(&request.range)) {
    begin = open->first;
  } else if (!IsWhole(request.range)) {
    return std::nullopt;
  }
  const std::uint64_t block_begin = AlignDown(begin, geometry.block_size);
  if (block_begin > ~std::uint64_t{0} - geometry.block_size) return std::nullopt;
  const std::uint64_t last = std::min(end, block_begin + geometry.block_size - 1);
  return ByteRange{AlignDown(begin, geometry.sub_block_size),
                   AlignDown(last, geometry.sub_block_size) + geometry.sub_block_size};
}

Resolver::Request ObjectReader::Question(const ReadRequest& request, bool force) const {
  const bool by_version_id = request.version.kind == Kind::kVersionId || request.version.kind == Kind::kGeneration;
  return {.key = request.key,
          .version_id = by_version_id ? request.version.value : std::string(),
          .origin = request.origin->origin.get(),
          .rule = &RuleOf(request.key.object),
          .first_range = FirstRange(request),
          .force = force};
}

// The HEAD of a revalidation runs beside the first ranged GET: what is not here is fetched under the version that
// probably still holds.
void ObjectReader::FillBesideRevalidation(const ReadRequest& request, const RequestContext& context) const {
  const MetaPtr known = env_.metadata.Find(request.key);
  Opened decided;
  if (request.head || !known || !Decide(request, *known, decided) || decided.range.empty()) return;
  const BlockIndex index = env_.cache.geometry().BlockOf(decided.range.begin);
  if (env_.cache.PresentShare(known->hasher.Of(index)) >= 1.0) return;
  const ByteRange block = env_.cache.geometry().BlockRange(index, known->meta.size);
  const ByteRange part = decided.range.Intersect(block);
  env_.cache.FillRest({request.key.object, known->meta.version, known->meta.size, index},
                      {part.begin - block.begin, part.end - block.begin},
                      std::make_shared<OriginSource>(*request.origin->origin, known), context);
}

Task<Result<Resolver::Resolved>> ObjectReader::ResolveVersion(const ReadRequest& request, RequestContext context,
                                                              bool force) {
  if (request.version.kind == Kind::kLabel) co_return co_await ResolveLabel(request, std::move(context));
  if (!force) {
    // What names its content needs no revalidation.
    MetaPtr known = env_.metadata.Find(request.key);
    if (known && request.version.kind == Kind::kETag && known->meta.etag.value == request.version.value) {
      co_return Resolver::Resolved{.meta = std::move(known)};
    }
    if (!env_.resolver.FindFresh(request.key, RuleOf(request.key.object))) FillBesideRevalidation(request, context);
  }
  Resolver::Request question = Question(request, force);
  co_return co_await env_.resolver.Resolve(std::move(question), std::move(context));
}

// A label that is not bound yet is bound to what the origin has now, not to what memory says of it.
Task<Result<Resolver::Resolved>> ObjectReader::ResolveLabel(const ReadRequest& request, RequestContext context) {
  if (MetaPtr bound = env_.metadata.Find(request.key)) co_return Resolver::Resolved{.meta = std::move(bound)};
  Resolver::Request question = Question(request, true);
  question.key.selector.clear();
  Result<Resolver::Resolved> current = co_await env_.resolver.Resolve(std::move(question), std::move(context));
  if (!current || !current->meta->meta.version.cacheable()) co_return current;
  auto entry = std::make_shared<const MetaEntry>(request.key, current->meta->meta, current->meta->fetched_wall,
                                                 current->meta->fetched);
  MetaPtr bound = co_await env_.metadata.Bind(std::move(entry));
  if (bound->meta.version != current->meta->meta.version) current->opened.reset();
  current->meta = std::move(bound);
  co_return current;
}

// Whether no other version would do, whatever the origin has now. An ETag is a condition on the current one, and a
// label without a binding (its version cannot be told from others, or is not there) is as good as none.
bool ObjectReader::NamesOneVersion(const ReadRequest& request) const {
  switch (request.version.kind) {
    case Kind::kCurrent:
    case Kind::kETag: return false;
    case Kind::kGeneration: return true;
    case Kind::kVersionId: return request.key.selector != kNullVersionSelector;
    case Kind::kLabel: return env_.metadata.Find(request.key) != nullptr;
  }
  return false;
}

// The error of a read that named a version, given the origin's.
Task<Error> ObjectReader::VersionGone(const ReadRequest& request, Error error, RequestContext context) {
  const MetaPtr wanted = env_.metadata.Find(request.key);
  if (request.version.kind != Kind::kLabel || !wanted) {
    // The origin's own words stay with it.
    const std::string message = "version " + request.version.value + " is not to be had: " + error.message();
    if (error.remote() == nullptr) co_return Error(Code::kPreconditionFailed, message);
    co_return Error(Code::kPreconditionFailed, message, *error.remote());
  }
  origin::HeadRequest head{.bucket = request.key.object.bucket, .key = request.key.object.key, .version_id = {}};
  const Result<origin::ObjectMeta> now = co_await request.origin->origin->Head(std::move(head), std::move(context));
  const std::string has = now                                     ? now->etag.value
                          : now.error().code() == Code::kNotFound ? "no such object"
                                                                  : "nothing that can be read";
  co_return Error(Code::kPreconditionFailed,
                  "label " + request.version.value + " is ETag " + wanted->meta.etag.value + ", the origin has " + has);
}

// --- opening ---

Task<Status> ObjectReader::OpenBlocks(const ReadRequest& request, RequestContext context, Resolver::Resolved resolved,
                                      Opened& opened) {
  const MetaPtr meta = opened.meta;
  if (resolved.opened) {
    opened.cache = CacheStatus::kMiss;
  } else {
    const cache::Presence presence =
        co_await env_.cache.Census(meta->key.object, meta->meta.version, meta->meta.size, opened.range);
    opened.cache = presence == cache::Presence::kAll    ? CacheStatus::kHit
                   : presence == cache::Presence::kSome ? CacheStatus::kPartial
                                                        : CacheStatus::kMiss;
  }
  auto source = std::make_shared<OriginSource>(*request.origin->origin, meta);
  const bool by_version_id = source->by_version_id();
  BlocksRequest blocks{.meta = meta,
                       .range = opened.range,
                       .source = std::move(source),
                       .by_version_id = by_version_id,
                       .on_changed = [this, meta] { env_.resolver.NoteChanged(*meta); },
                       .context = std::move(context)};
  auto stream = std::make_unique<BlocksStream>(env_.cache, env_.fill_policy, env_.clock, std::move(blocks));
  if (resolved.opened) {
    origin::GetAnswer answer = std::move(*resolved.opened);
    co_await stream->Adopt(std::move(answer));
  }
  resolved.lead.Release();  // from here on the others find the transfer in the cache
  Result<std::optional<Piece>> first = co_await stream->Next();
  if (!first) co_return Fail(std::move(first).error());
  opened.first = std::move(*first);
  opened.stream = std::move(stream);
  co_return Status();
}

Task<Status> ObjectReader::BeginPassThrough(std::unique_ptr<origin::Body> body, std::uint64_t skip,
                                            RequestContext context, Opened& opened) {
  opened.stream = MakePassThrough(std::move(body), skip, opened.range.length(), env_.memory, std::move(context));
  Result<std::optional<Piece>> first = co_await opened.stream->Next();
  if (!first) co_return Fail(std::move(first).error());
  opened.first = std::move(*first);
  co_return Status();
}

Task<Status> ObjectReader::OpenPast(const ReadRequest& request, RequestContext context, Resolver::Resolved resolved,
                                    Opened& opened) {
  opened.cache = CacheStatus::kBypass;
  std::optional<origin::GetAnswer> answer = std::move(resolved.opened);
  resolved.lead.Release();
  if (!answer || !answer->range.Covers(opened.range)) {
    answer.reset();
    origin::GetRequest get{.bucket = request.key.object.bucket,
                           .key = request.key.object.key,
                           .range = opened.range,
                           .if_match = std::nullopt,
                           .version_id = Question(request, false).version_id};
    if (!opened.partial) get.range = std::nullopt;
    if (opened.meta->meta.version.cacheable()) get.if_match = opened.meta->meta.version;
    RequestContext copy = context;
    Result<origin::GetAnswer> got = co_await request.origin->origin->Get(std::move(get), std::move(copy));
    if (!got && got.error().remote() != nullptr && got.error().remote()->status == 416) {
      co_return Fail(Code::kPreconditionFailed, "the object is shorter than a moment ago");
    }
    if (!got) co_return Fail(std::move(got).error());
    // Versions that cannot be told apart: what came now is what is told, and sent, if it answers the request.
    const bool told_apart = !opened.meta->meta.version.cacheable() && got->meta.version.cacheable();
    opened.meta = std::make_shared<const MetaEntry>(request.key, got->meta, env_.clock.Wall(), env_.clock.Now());
    Opened again;
    const bool other = request.version.kind == Kind::kETag && got->meta.etag.value != request.version.value;
    const bool could_be_bound = request.version.kind == Kind::kLabel && told_apart;
    const bool answers =
        Decide(request, *opened.meta, again) && again.range == got->range && again.partial == opened.partial;
    if (other || could_be_bound || !answers) {
      co_return Fail(Code::kPreconditionFailed, "the object changed between two answers of the origin");
    }
    opened.range = got->range;
    answer = std::move(*got);
  }
  const std::uint64_t skip = opened.range.begin - answer->range.begin;
  co_return co_await BeginPassThrough(std::move(answer->body), skip, std::move(context), opened);
}

// S3 leaves the checksums of the whole object out of answers of a range, which the first GET of an object is: a HEAD,
// beside the transfer, tells them. That it fails, or tells of another version by now, is no reason to fail.
Task<void> ObjectReader::AddChecksums(const ReadRequest& request, RequestContext context, Opened& opened) {
  // Two answers without a version may be about two of them.
  const origin::ObjectMeta& meta = opened.meta->meta;
  if (!meta.of_part || !meta.version.cacheable() || request.version.kind == Kind::kLabel) co_return;
  Resolver::Request question = Question(request, true);
  question.first_range = std::nullopt;
  context.deadline = std::min(context.deadline, env_.clock.Now() + kChecksumsTimeout);
  const Result<Resolver::Resolved> told = co_await env_.resolver.Resolve(std::move(question), std::move(context));
  if (told && told->meta->meta.version == opened.meta->meta.version) opened.meta = told->meta;
}

Task<Result<Opened>> ObjectReader::OpenOnce(const ReadRequest& request, RequestContext context, bool force,
                                            bool& changed) {
  RequestContext copy = context;
  Result<Resolver::Resolved> resolved = co_await ResolveVersion(request, std::move(copy), force);
  if (!resolved) co_return Fail(std::move(resolved).error());
  Opened opened;
  opened.meta = resolved->meta;
  opened.stale_for = resolved->stale_for;
  const bool other = request.version.kind == Kind::kETag && opened.meta->meta.etag.value != request.version.value;
  const bool has_body = !other && Decide(request, *opened.meta, opened);
  const bool is_error = other || (!has_body && opened.outcome != Outcome::kNotModified);
  // Memory never makes an error of its own: the origin is asked first. A named version never changes.
  if (is_error && !resolved->confirmed && (other || WantsCurrent(request))) {
    if (resolved->stale_for && resolved->origin_asked)
      co_return Fail(Code::kUnavailable, "the origin cannot be asked just now");
    if (!force) co_return co_await OpenOnce(request, std::move(context), true, changed);
  }
  if (other) {
    co_return Fail(Code::kPreconditionFailed,
                   "the object has ETag " + opened.meta->meta.etag.value + ", not " + request.version.value);
  }
  if (!has_body || request.head || opened.range.empty()) {
    opened.cache = resolved->origin_asked ? CacheStatus::kMiss : CacheStatus::kHit;
    co_return opened;
  }
  const origin::ObjectMeta& meta = opened.meta->meta;
  const bool past = !meta.version.cacheable() || meta.uncacheable;
  Status status;
  RequestContext for_body = context;
  if (past) {
    status = co_await OpenPast(request, std::move(for_body), std::move(*resolved), opened);
  } else {
    status = co_await OpenBlocks(request, std::move(for_body), std::move(*resolved), opened);
  }
  if (status) {
    if (request.wants_checksums && !opened.partial) co_await AddChecksums(request, std::move(context), opened);
    co_return opened;
  }
  // A transfer that others began may have failed by what was true before this read: asking anew tells.
  const Code code = status.error().code();
  changed = code == Code::kPreconditionFailed || code == Code::kNotFound;
  co_return Fail(std::move(status).error());
}

// A part of a multipart upload: the origin alone knows its bounds.
Task<Result<Opened>> ObjectReader::OpenPart(const ReadRequest& request, RequestContext context, bool& changed) {
  origin::GetRequest get{.bucket = request.key.object.bucket,
                         .key = request.key.object.key,
                         .range = std::nullopt,
                         .if_match = std::nullopt,
                         .version_id = Question(request, false).version_id,
                         .part_number = request.part_number};
  std::optional<Version> bound_to;
  if (request.version.kind == Kind::kLabel) {
    RequestContext copy = context;
    const Result<Resolver::Resolved> bound = co_await ResolveLabel(request, std::move(copy));
    if (!bound) co_return Fail(bound.error());
    if (bound->meta->meta.version.cacheable()) bound_to = bound->meta->meta.version;
    get.if_match = bound_to;
  }
  RequestContext copy = context;
  Result<origin::GetAnswer> answer = co_await request.origin->origin->Get(std::move(get), std::move(copy));
  if (!answer) co_return Fail(std::move(answer).error());
  const bool unbound = request.version.kind == Kind::kLabel && !bound_to;
  changed = unbound && answer->meta.version.cacheable();
  if (changed) {
    co_return Fail(Code::kPreconditionFailed, "the object shows its version only now");
  }
  Opened opened;
  opened.cache = CacheStatus::kBypass;
  opened.meta = std::make_shared<const MetaEntry>(request.key, answer->meta, env_.clock.Wall(), env_.clock.Now());
  if (request.version.kind == Kind::kETag && answer->meta.etag.value != request.version.value) {
    co_return Fail(Code::kPreconditionFailed,
                   "the object has ETag " + answer->meta.etag.value + ", not " + request.version.value);
  }
  if (!Decide(request, *opened.meta, opened)) co_return opened;
  opened.range = answer->range;
  opened.partial = !opened.range.empty();
  if (request.head || opened.range.empty()) co_return opened;
  HEARTH_CO_TRY(co_await BeginPassThrough(std::move(answer->body), 0, std::move(context), opened));
  co_return opened;
}

Task<Result<Opened>> ObjectReader::Open(ReadRequest request, RequestContext context) {
  for (int restart = 0;; ++restart) {
    RequestContext copy = context;
    bool changed = false;
    Result<Opened> opened = request.part_number ? co_await OpenPart(request, std::move(copy), changed)
                                                : co_await OpenOnce(request, std::move(copy), restart > 0, changed);
    if (opened) co_return opened;
    const Code code = opened.error().code();
    if (code != Code::kPreconditionFailed && code != Code::kNotFound) co_return opened;
    if (NamesOneVersion(request)) {
      co_return Fail(co_await VersionGone(request, std::move(opened).error(), std::move(context)));
    }
    if (!changed) co_return opened;
    if (restart >= kRestartsMax) {
      co_return Fail(Code::kUnavailable, "the object changed under every attempt to read it");
    }
  }
}

// --- what the operator asks ---

ObjectReader::Explanation ObjectReader::Explain(const ReadRequest& request) const {
  Explanation explanation;
  explanation.meta = env_.metadata.Find(request.key);
  if (!explanation.meta) return explanation;
  explanation.fresh = env_.resolver.FindFresh(request.key, RuleOf(request.key.object)) != nullptr;
  const std::uint64_t count = env_.cache.geometry().BlockCount(explanation.meta->meta.size);
  for (std::uint64_t i = 0; i < std::min(count, kExplainBlocksMax); ++i) {
    explanation.blocks.push_back({{i}, env_.cache.PresentShare(explanation.meta->hasher.Of({i}))});
  }
  return explanation;
}

Task<std::uint64_t> ObjectReader::EvictVersion(MetaPtr meta, CancelToken cancel) {
  std::uint64_t evicted = 0;
  const std::uint64_t count = env_.cache.geometry().BlockCount(meta->meta.size);
  for (std::uint64_t i = 0; i < count && !cancel.IsCancelled(); ++i) {
    if (i % kEvictTurn == kEvictTurn - 1) co_await Yield();
    if (co_await env_.cache.Evict(meta->hasher.Of({i}))) ++evicted;
  }
  co_return evicted;
}

Task<std::uint64_t> ObjectReader::Evict(const OriginEntry& origin, ObjectId object, RequestContext context) {
  std::vector<MetaPtr> known = env_.resolver.ForgetObject(object);
  co_await env_.metadata.Flush();  // a label that was forgotten does not come back with a crash
  const CancelToken cancel = context.cancel;
  if (known.empty()) {
    // Its metadata may have been forgotten while blocks are still here: the origin knows the current version.
    origin::HeadRequest head{.bucket = object.bucket, .key = object.key, .version_id = {}};
    Result<origin::ObjectMeta> meta = co_await origin.origin->Head(std::move(head), std::move(context));
    if (meta) {
      known.push_back(std::make_shared<const MetaEntry>(MetaKey{object, ""}, std::move(*meta), env_.clock.Wall(),
                                                        env_.clock.Now()));
    }
  }
  std::uint64_t evicted = 0;
  for (MetaPtr& meta : known) evicted += co_await EvictVersion(std::move(meta), cancel);
  co_return evicted;
}

}  // namespace hearth::read
