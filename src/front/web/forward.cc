#include "front/web/forward.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <span>

#include "base/buffer.h"
#include "base/bytes.h"
#include "origin/s3_error.h"

namespace hearth::front {
namespace {

// From the request to the answer: what interface.md promises for a silent origin.
constexpr Duration kForwardTimeout = std::chrono::seconds(29);
// What an answer may have, and is granted before it is asked for: a page of a thousand keys at their longest, all
// escaped, takes a few MiB; no other answer comes near one.
constexpr std::uint64_t kListBytesMax = 16_MiB;
constexpr std::uint64_t kAnswerBytesMax = 1_MiB;
constexpr std::size_t kBucketsMax = 100'000;  // of one origin
constexpr std::size_t kBucketsAPageMax = 10'000;

constexpr std::array<std::string_view, 6> kHeaders = {"x-amz-object-attributes",  "x-amz-max-parts",
                                                      "x-amz-part-number-marker", "x-amz-optional-object-attributes",
                                                      "x-amz-request-payer",      "x-amz-expected-bucket-owner"};

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  return lower;
}

RequestContext ForwardContext(http::Exchange& exchange) {
  RequestContext context = exchange.context();
  context.deadline = exchange.executor().clock().Now() + kForwardTimeout;
  return context;
}

void Count(http::Exchange& exchange, const RequestMetrics::Series& series) {
  exchange.OnDone([&series](const http::Exchange::Outcome& outcome) { series.Observe(outcome); });
}

// The body is granted until the client has taken it.
Task<void> SendGranted(http::Exchange& exchange, http::ResponseHead head, std::string body, MemoryBudget::Grant grant) {
  const std::uint64_t size = body.size();
  if (size == 0 || exchange.request().method == "HEAD") {
    exchange.Reply(head, body);
    co_return;
  }
  auto buffer = std::make_shared<Buffer>(size, std::move(grant));
  std::ranges::copy(std::as_bytes(std::span(body)), buffer->Unwritten().begin());
  buffer->Commit(size);
  body = {};
  if (!co_await exchange.SendHead(std::move(head), size)) co_return;
  co_await exchange.SendBytes({buffer, {buffer->data(), buffer->size()}});
}

// All buckets of one origin.
Task<Result<origin::BucketListing>> BucketsOf(const read::OriginEntry& entry, RequestContext context) {
  origin::BucketListing all;
  while (all.buckets.size() <= kBucketsMax) {
    origin::ForwardRequest request{.operation = "ListBuckets"};
    if (!all.next.empty()) request.query.emplace_back("continuation-token", all.next);
    auto answer = co_await entry.origin->Forward(std::move(request), context);
    if (!answer) co_return Fail(std::move(answer).error());
    if (answer->status != 200) {
      origin::S3ErrorDocument document = origin::ParseS3Error(answer->body);
      const Code code = answer->status >= 500 ? Code::kUnavailable : Code::kPermissionDenied;
      co_return Fail(Error(code, "ListBuckets of origin " + entry.name.value + " was refused",
                           {answer->status, std::move(document.code), std::move(document.message)}));
    }
    auto read = origin::ParseBuckets(answer->body);
    if (!read) co_return Fail(std::move(read).error().With("origin " + entry.name.value));
    const bool stands_still = read->buckets.empty() || read->next == all.next;
    std::ranges::move(read->buckets, std::back_inserter(all.buckets));
    all.next = read->next;
    all.owner_id = std::move(read->owner_id);
    all.owner_name = std::move(read->owner_name);
    if (all.next.empty()) co_return all;
    if (stands_still) break;
  }
  co_return Fail(Code::kUnavailable, "origin " + entry.name.value + ": its list of buckets does not end");
}

// The origin's own word that it does not let anybody, or us, list.
bool IsRefusal(const Error& error) {
  const int status = error.remote() == nullptr ? 0 : error.remote()->status;
  return status == 403 || status == 404 || status == 405 || status == 501;
}

std::unexpected<Error> BadArgument(const std::string& message) {
  return Fail(Error(Code::kInvalidArgument, message, {400, "InvalidArgument", message}));
}

// The page that `query` asks for; the token is the last name of the page before.
Status CutPage(const http::QueryList& query, origin::BucketListing& listing) {
  std::size_t most = kBucketsAPageMax;
  if (const std::string* text = http::FindQuery(query, "max-buckets")) {
    const auto [end, problem] = std::from_chars(text->data(), text->data() + text->size(), most);
    if (problem != std::errc() || end != text->data() + text->size() || most < 1 || most > kBucketsAPageMax) {
      return BadArgument("max-buckets must be a number from 1 to 10000");
    }
  }
  const std::string* after = http::FindQuery(query, "continuation-token");
  const std::string* region = http::FindQuery(query, "bucket-region");
  if (const std::string* prefix = http::FindQuery(query, "prefix")) listing.prefix = *prefix;
  std::erase_if(listing.buckets, [&](const origin::ListedBucket& bucket) {
    if (after != nullptr && bucket.name <= *after) return true;
    if (region != nullptr && !bucket.region.empty() && bucket.region != *region) return true;
    return !bucket.name.starts_with(listing.prefix);
  });
  if (listing.buckets.size() > most) {
    listing.buckets.resize(most);
    listing.next = listing.buckets.back().name;
  }
  return {};
}

}  // namespace

origin::Headers ForwardedRequestHeaders(const http::Request& http) {
  origin::Headers headers;
  for (const auto& [name, value] : http.headers) {
    std::string lower = LowerCase(name);
    if (std::ranges::find(kHeaders, lower) != kHeaders.end()) headers.emplace_back(std::move(lower), value);
  }
  return headers;
}

http::QueryList WithoutSignature(http::QueryList query) {
  std::erase_if(query, [](const auto& parameter) {
    const std::string& name = parameter.first;
    return LowerCase(name).starts_with("x-amz-") || name == "AWSAccessKeyId" || name == "Signature" ||
           name == "Expires";
  });
  return query;
}

void Forwarder::Answer(http::Exchange& exchange, const read::OriginEntry& origin, origin::ForwardRequest request,
                       const RequestMetrics::Series& series) {
  exchange.Start(Forward(*this, exchange, origin, std::move(request), series));
}

void Forwarder::AnswerBuckets(http::Exchange& exchange, BucketsQuestion question,
                              const RequestMetrics::Series& series) {
  exchange.Start(MergeBuckets(*this, exchange, std::move(question), series));
}

void Forwarder::Refuse(http::Exchange& exchange, std::string_view operation, const RequestMetrics::Series& series,
                       const Error& error) {
  Count(exchange, series);
  const S3Error answer = ToS3Error(error);
  if (answer.status >= 500) {
    log_.Warn("request to the origin failed", {{"request_id", exchange.context().request_id},
                                               {"operation", operation},
                                               {"status", answer.status},
                                               {"error", error.ToString()}});
  }
  ReplyError(exchange, answer);
}

Task<void> Forwarder::Forward(Forwarder& self, http::Exchange& exchange, const read::OriginEntry& origin,
                              origin::ForwardRequest request, const RequestMetrics::Series& series) {
  RequestContext context = ForwardContext(exchange);
  const std::string operation = request.operation;
  const std::uint64_t bytes_max = operation.starts_with("List") ? kListBytesMax : kAnswerBytesMax;
  request.bytes_max = std::min(bytes_max, self.memory_.capacity());
  auto grant = co_await self.memory_.Acquire(request.bytes_max, context.deadline, context.cancel);
  if (!grant) {
    self.Refuse(exchange, operation, series, grant.error());
    co_return;
  }
  auto answer = co_await origin.origin->Forward(std::move(request), std::move(context));
  if (!answer) {
    self.Refuse(exchange, operation, series, answer.error());
    co_return;
  }
  Count(exchange, series);
  http::ResponseHead head{.status = answer->status, .headers = {}};
  for (const auto& [name, value] : answer->headers) head.Add(name, value);
  if (answer->status == 503 || answer->status == 429) head.Add("Retry-After", "1");
  grant->ShrinkTo(answer->body.size());
  co_await SendGranted(exchange, std::move(head), std::move(answer->body), std::move(*grant));
}

Task<Result<origin::BucketListing>> Forwarder::Collect(const BucketsQuestion& question, RequestContext context) {
  origin::BucketListing all;
  std::optional<Error> refused;
  bool listed = false;
  for (const read::OriginEntry* entry : question.origins) {
    auto of_one = co_await BucketsOf(*entry, context);
    if (!of_one) {
      if (!IsRefusal(of_one.error())) co_return Fail(std::move(of_one).error());
      log_.Info("an origin does not list its buckets: left out",
                {{"origin", entry->name.value}, {"error", of_one.error().ToString()}});
      if (!refused) refused = std::move(of_one).error();
      continue;
    }
    if (!listed) {
      all.owner_id = std::move(of_one->owner_id);
      all.owner_name = std::move(of_one->owner_name);
    }
    listed = true;
    std::erase_if(of_one->buckets,
                  [&](const auto& bucket) { return !question.shows(*entry, BucketName(bucket.name)); });
    std::ranges::move(of_one->buckets, std::back_inserter(all.buckets));
  }
  if (!listed && refused) co_return Fail(*std::move(refused));
  std::ranges::sort(all.buckets, {}, &origin::ListedBucket::name);
  const auto doubles = std::ranges::unique(all.buckets, {}, &origin::ListedBucket::name);
  all.buckets.erase(doubles.begin(), doubles.end());
  if (Status cut = CutPage(question.query, all); !cut) co_return Fail(std::move(cut).error());
  co_return all;
}

Task<void> Forwarder::MergeBuckets(Forwarder& self, http::Exchange& exchange, BucketsQuestion question,
                                   const RequestMetrics::Series& series) {
  RequestContext context = ForwardContext(exchange);
  const std::uint64_t bytes = std::min(kListBytesMax, self.memory_.capacity());
  auto grant = co_await self.memory_.Acquire(bytes, context.deadline, context.cancel);
  if (!grant) {
    self.Refuse(exchange, "ListBuckets", series, grant.error());
    co_return;
  }
  const auto listing = co_await self.Collect(question, std::move(context));
  if (!listing) {
    self.Refuse(exchange, "ListBuckets", series, listing.error());
    co_return;
  }
  Count(exchange, series);
  http::ResponseHead head;
  head.Add("Content-Type", "application/xml");
  std::string body = origin::WriteBuckets(*listing);
  grant->ShrinkTo(body.size());
  co_await SendGranted(exchange, std::move(head), std::move(body), std::move(*grant));
}

}  // namespace hearth::front
