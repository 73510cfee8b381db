#include "front/s3/s3_front.h"

#include <charconv>

#include "front/web/caller.h"
#include "http/percent.h"

namespace hearth::front {
namespace {

constexpr std::uint32_t kPartsMax = 10'000;
constexpr Duration kListTimeout = std::chrono::seconds(29);

// S3's response-* parameters and the headers that they replace.
constexpr std::pair<std::string_view, std::string_view> kOverrides[] = {
    {"response-cache-control", "Cache-Control"},       {"response-content-disposition", "Content-Disposition"},
    {"response-content-encoding", "Content-Encoding"}, {"response-content-language", "Content-Language"},
    {"response-content-type", "Content-Type"},         {"response-expires", "Expires"}};

gate::Action ActionOf(const Operation& operation, std::string_view method) {
  if (operation.support == Support::kListObjectsV2) return gate::Action::kList;
  return method == "GET" || method == "HEAD" ? gate::Action::kRead : gate::Action::kWrite;
}

// What the gate is asked about: the object's canonical URL, for lists the prefix's. Reuses `to`.
void WriteResource(const Address& address, const read::OriginEntry* origin, const http::QueryList& query,
                   std::string& to) {
  to.assign(origin != nullptr ? origin->name.value : std::string());
  to.append("://").append(address.bucket.value).append("/").append(address.key.value);
  if (address.scope != Scope::kBucket) return;
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
  WriteResource(address, origin, query, resource);
  const gate::Decision decision =
      env_.gate.Check(CallerOf(exchange), ActionOf(operation, exchange.request().method), resource);
  if (decision.allowed) return true;
  env_.metrics.GetCounter(telemetry::Family::kGateDenied, {decision.reason}).Add();
  Refuse(exchange, operation.name, {403, "AccessDenied", decision.message});
  return false;
}

void S3Front::Handle(http::Exchange& exchange) {
  const http::Request& http = exchange.request();
  Result<Address> address = ParseAddress(http.host, http.path, env_.hosts);
  const std::optional<http::QueryList> query = http::ParseQuery(http.query);
  if (!address || !query) {
    const std::string why = address ? "the query has a '%' without two hex digits" : address.error().message();
    return Refuse(exchange, "Unknown", {400, "InvalidURI", why});
  }
  const Operation operation = ClassifyOperation(http.method, address->scope, *query);
  const read::OriginEntry* origin =
      address->scope == Scope::kService ? nullptr : env_.origins.ForBucket(address->bucket);
  if (!Admit(exchange, *address, operation, origin, *query)) return;
  switch (operation.support) {
    case Support::kNotImplemented:
      return Refuse(exchange, operation.name,
                    {501, "NotImplemented", std::string(operation.name) + " is not implemented by this cache"});
    case Support::kGetObject:
    case Support::kHeadObject:
    case Support::kListObjectsV2: break;
  }
  if (origin == nullptr) {
    return Refuse(exchange, operation.name, {404, "NoSuchBucket", "no configured origin serves this bucket"});
  }
  if (operation.support != Support::kListObjectsV2) {
    return AnswerObject(exchange, std::move(*address), operation, *origin, *query);
  }
  exchange.Start(AnswerList(*this, exchange, *origin, {.bucket = address->bucket, .query = *query}));
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

Task<void> S3Front::AnswerList(S3Front& self, http::Exchange& exchange, const read::OriginEntry& origin,
                               origin::ListRequest request) {
  RequestContext context = exchange.context();
  context.deadline = exchange.executor().clock().Now() + kListTimeout;
  Result<origin::ListAnswer> answer = co_await origin.origin->List(std::move(request), std::move(context));
  if (!answer) {
    self.Refuse(exchange, "ListObjectsV2", ToS3Error(answer.error()));
    co_return;
  }
  const RequestMetrics::Series& series = self.metrics_.Of("ListObjectsV2", kCacheNone);
  exchange.OnDone([&series](const http::Exchange::Outcome& outcome) { series.Observe(outcome); });
  http::ResponseHead head{.status = answer->status, .headers = {}};
  for (const auto& [name, value] : answer->headers) head.Add(name, value);
  exchange.Reply(head, answer->body);
}

}  // namespace hearth::front
