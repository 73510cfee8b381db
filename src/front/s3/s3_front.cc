#include "front/s3/s3_front.h"

#include <charconv>

#include "front/web/caller.h"
#include "http/percent.h"

namespace hearth::front {
namespace {

constexpr std::uint32_t kPartsMax = 10'000;

// S3's response-* parameters and the headers that they replace.
constexpr std::pair<std::string_view, std::string_view> kOverrides[] = {
    {"response-cache-control", "Cache-Control"},       {"response-content-disposition", "Content-Disposition"},
    {"response-content-encoding", "Content-Encoding"}, {"response-content-language", "Content-Language"},
    {"response-content-type", "Content-Type"},         {"response-expires", "Expires"}};

// What the gate is asked about: the object's canonical URL, for lists the prefix's. Reuses `to`.
void WriteResource(const Address& address, const Operation& operation, const read::OriginEntry* origin,
                   const http::QueryList& query, std::string& to) {
  to.assign(origin != nullptr ? origin->name.value : std::string());
  to.append("://").append(address.bucket.value).append("/").append(address.key.value);
  if (!operation.lists_prefix) return;
  if (const std::string* prefix = http::FindQuery(query, "prefix")) to.append(*prefix);
}

std::optional<std::uint32_t> ParsePart(std::string_view text) {
  std::uint32_t part = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), part);
  if (error != std::errc() || end != text.data() + text.size() || part < 1 || part > kPartsMax) return std::nullopt;
  return part;
}

}  // namespace

S3Front::S3Front(Environment env) : env_(std::move(env)), metrics_(env_.metrics, "s3") {}

void S3Front::Refuse(http::Exchange& exchange, std::string_view operation, const S3Error& error) {
  const RequestMetrics::Series& series = metrics_.Of(operation, kCacheNone);
  exchange.OnDone([&series](const http::Exchange::Outcome& outcome) { series.Observe(outcome); });
  ReplyError(exchange, error);
}

bool S3Front::Admit(http::Exchange& exchange, const Address& address, const Operation& operation,
                    const read::OriginEntry* origin, const http::QueryList& query) {
  static thread_local std::string resource;  // one a loop: no allocation a request
  WriteResource(address, operation, origin, query, resource);
  const gate::Decision decision = operation.support == Support::kListBuckets
                                      ? env_.gate.CheckAnywhere(CallerOf(exchange), operation.action)
                                      : env_.gate.Check(CallerOf(exchange), operation.action, resource);
  if (decision.allowed) return true;
  env_.metrics.GetCounter(telemetry::Family::kGateDenied, {decision.reason}).Add();
  Refuse(exchange, operation.name, {403, "AccessDenied", decision.message});
  return false;
}

void S3Front::Handle(http::Exchange& exchange) {
  const http::Request& http = exchange.request();
  Result<Address> address = ParseAddress(http.host, http.path, env_.hosts);
  std::optional<http::QueryList> query = http::ParseQuery(http.query);
  if (!address || !query) {
    const std::string why = address ? "the query has a '%' without two hex digits" : address.error().message();
    return Refuse(exchange, "Unknown", {400, "InvalidURI", why});
  }
  const Operation operation = ClassifyOperation(http.method, address->scope, *query);
  const read::OriginEntry* origin =
      address->scope == Scope::kService ? nullptr : env_.origins.ForBucket(address->bucket);
  if (!Admit(exchange, *address, operation, origin, *query)) return;
  if (operation.support == Support::kNotImplemented) {
    return Refuse(exchange, operation.name,
                  {501, "NotImplemented", std::string(operation.name) + " is not implemented by this cache"});
  }
  if (operation.support == Support::kListBuckets) return AnswerBuckets(exchange, operation, *std::move(query));
  if (origin == nullptr) {
    return Refuse(exchange, operation.name, {404, "NoSuchBucket", "no configured origin serves this bucket"});
  }
  if (operation.support != Support::kForward) {
    return AnswerObject(exchange, *std::move(address), operation, *origin, *query);
  }
  AnswerForwarded(exchange, *std::move(address), operation, *origin, *std::move(query));
}

void S3Front::AnswerObject(http::Exchange& exchange, Address address, const Operation& operation,
                           const read::OriginEntry& origin, const http::QueryList& query) {
  ObjectQuestion question{.operation = operation.name, .metrics = &metrics_};
  question.request.origin = &origin;
  question.request.key.object = {origin.name, std::move(address.bucket), std::move(address.key)};
  question.request.head = operation.support == Support::kHeadObject;
  TakeConditions(exchange.request(), question.request);
  if (const std::string* version = http::FindQuery(query, "versionId"); version != nullptr && !version->empty()) {
    question.request.version = {read::VersionSelector::Kind::kVersionId, *version};
    question.request.key.selector = question.request.version.MetadataKey();
  }
  if (const std::string* part = http::FindQuery(query, "partNumber")) {
    question.request.part_number = ParsePart(*part);
    if (!question.request.part_number) {
      return Refuse(exchange, operation.name, {400, "InvalidArgument", "partNumber is a number from 1 to 10000"});
    }
    if (exchange.request().Header("Range")) {
      return Refuse(exchange, operation.name, {400, "InvalidRequest", "partNumber and Range exclude each other"});
    }
  }
  for (const auto& [parameter, header] : kOverrides) {
    if (const std::string* value = http::FindQuery(query, parameter)) question.overrides.emplace_back(header, *value);
  }
  env_.answerer.Answer(exchange, std::move(question));
}

void S3Front::AnswerForwarded(http::Exchange& exchange, Address address, const Operation& operation,
                              const read::OriginEntry& origin, http::QueryList query) {
  const std::string conflict = FindConflict(exchange.request().method, address.scope, query);
  if (!conflict.empty()) return Refuse(exchange, operation.name, {400, "InvalidArgument", conflict});
  env_.forwarder.Answer(exchange, origin,
                        {.operation = std::string(operation.name),
                         .method = std::string(exchange.request().method),
                         .bucket = std::move(address.bucket),
                         .key = std::move(address.key),
                         .query = WithoutSignature(std::move(query)),
                         .headers = ForwardedRequestHeaders(exchange.request())},
                        metrics_.Of(operation.name, kCacheNone));
}

void S3Front::AnswerBuckets(http::Exchange& exchange, const Operation& operation, http::QueryList query) {
  Forwarder::BucketsQuestion question{.origins = {}, .shows = {}, .query = std::move(query)};
  for (const read::OriginEntry& entry : env_.origins.entries()) question.origins.push_back(&entry);
  question.shows = [this, &exchange](const read::OriginEntry& entry, const BucketName& bucket) {
    if (bucket.value.starts_with('_') || env_.origins.ForBucket(bucket) != &entry) return false;  // not served
    const std::string resource = entry.name.value + "://" + bucket.value + "/";
    return env_.gate.Check(CallerOf(exchange), gate::Action::kList, resource).allowed;
  };
  env_.forwarder.AnswerBuckets(exchange, std::move(question), metrics_.Of(operation.name, kCacheNone));
}

}  // namespace hearth::front
