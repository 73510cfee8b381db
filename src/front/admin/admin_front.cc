#include "front/admin/admin_front.h"

#include "export/prometheus.h"
#include "front/admin/admin_json.h"
#include "front/web/caller.h"
#include "http/percent.h"
#include "origin/bucket_pattern.h"

namespace hearth::front {
namespace {

// For what the origin is asked about one object.
constexpr Duration kEvictTimeout = std::chrono::seconds(10);
constexpr std::size_t kBodyBytesMax = 1 << 20;
constexpr std::string_view kListParameters[] = {"delimiter", "max-keys", "start-after", "continuation-token"};

}  // namespace

struct AdminFront::Route {
  std::string_view path;
  std::string_view methods;  // "GET", or "GET HEAD"
  std::string_view operation;
  void (AdminFront::*handle)(http::Exchange&);
};

const AdminFront::Route AdminFront::kRoutes[] = {
    {"/_hearth/live", "GET HEAD", "Live", &AdminFront::Live},
    {"/_hearth/ready", "GET HEAD", "Ready", &AdminFront::Ready},
    {"/_hearth/metrics", "GET HEAD", "Metrics", &AdminFront::Metrics},
    {"/_hearth/v1/status", "GET HEAD", "Status", &AdminFront::ShowStatus},
    {"/_hearth/v1/members", "GET HEAD", "Members", &AdminFront::Members},
    {"/_hearth/v1/object", "GET HEAD", "GetObject", &AdminFront::Object},
    {"/_hearth/v1/explain", "GET HEAD", "Explain", &AdminFront::Explain},
    {"/_hearth/v1/list", "GET", "List", &AdminFront::List},
    {"/_hearth/v1/evict", "POST", "Evict", &AdminFront::Evict},
};

bool IsAdminPath(std::string_view path) {
  if (!path.starts_with(kAdminPrefix)) return false;
  return path.size() == kAdminPrefix.size() || path[kAdminPrefix.size()] == '/';
}

void AdminFront::Handle(http::Exchange& exchange) {
  const http::Request& http = exchange.request();
  for (const Route& route : kRoutes) {
    if (route.path != http.path) continue;
    if (route.methods.find(http.method) == route.methods.npos) {
      return Refuse(exchange, route.operation, {405, "MethodNotAllowed", "use " + std::string(route.methods)});
    }
    return (this->*route.handle)(exchange);
  }
  Refuse(exchange, "Unknown", {404, "NoSuchKey", "nothing of Hearth's is here"});
}

void AdminFront::Count(http::Exchange& exchange, std::string_view operation) {
  const RequestMetrics::Series& series = metrics_.Of(operation, kCacheNone);
  exchange.OnDone([&series](const http::Exchange::Outcome& outcome) { series.Observe(outcome); });
}

void AdminFront::ReplyJson(http::Exchange& exchange, std::string_view operation, int status, std::string_view json) {
  Count(exchange, operation);
  http::ResponseHead head{.status = status, .headers = {}};
  head.Add("Content-Type", "application/json");
  head.Add("Cache-Control", "no-store");
  exchange.Reply(head, json);
}

void AdminFront::Refuse(http::Exchange& exchange, std::string_view operation, const S3Error& error) {
  Count(exchange, operation);
  ReplyError(exchange, error);
}

bool AdminFront::Admit(http::Exchange& exchange, std::string_view operation, gate::Action action,
                       std::string_view resource) {
  const gate::Decision decision = env_.gate.Check(CallerOf(exchange), action, resource);
  if (!decision.allowed) Deny(exchange, operation, decision);
  return decision.allowed;
}

void AdminFront::Deny(http::Exchange& exchange, std::string_view operation, const gate::Decision& decision) {
  env_.metrics.GetCounter(telemetry::Family::kGateDenied, {decision.reason}).Add();
  Refuse(exchange, operation, {403, "AccessDenied", decision.message});
}

void AdminFront::Live(http::Exchange& exchange) {
  Count(exchange, "Live");
  http::ResponseHead head;
  head.Add("Content-Type", "text/plain");
  exchange.Reply(head, "live\n");
}

void AdminFront::Ready(http::Exchange& exchange) {
  Count(exchange, "Ready");
  const bool ready = env_.node.ready();
  http::ResponseHead head{.status = ready ? 200 : 503, .headers = {}};
  head.Add("Content-Type", "text/plain");
  exchange.Reply(head, ready ? "ready\n" : "not ready\n");
}

void AdminFront::Metrics(http::Exchange& exchange) {
  if (!env_.metrics_open && !Admit(exchange, "Metrics", gate::Action::kRead, gate::kAdminResource)) return;
  Count(exchange, "Metrics");
  http::ResponseHead head;
  head.Add("Content-Type", kPrometheusContentType);
  exchange.Reply(head, WritePrometheusText(env_.metrics));
}

void AdminFront::ShowStatus(http::Exchange& exchange) {
  if (!Admit(exchange, "Status", gate::Action::kRead, gate::kAdminResource)) return;
  ReplyJson(exchange, "Status", 200, StatusJson(env_.node.Describe()));
}

void AdminFront::Members(http::Exchange& exchange) {
  // Any known principal: until there are keys that is whoever may read the node's status.
  if (!Admit(exchange, "Members", gate::Action::kRead, gate::kAdminResource)) return;
  ReplyJson(exchange, "Members", 200, MembersJson(env_.node));
}

std::optional<read::ReadRequest> AdminFront::NamedObject(http::Exchange& exchange, std::string_view operation) {
  const std::optional<http::QueryList> query = http::ParseQuery(exchange.request().query);
  const std::string* url = query ? http::FindQuery(*query, "url") : nullptr;
  if (url == nullptr || url->empty()) {
    Refuse(exchange, operation, {400, "InvalidArgument", "?url=NAME://bucket/key is needed, percent-encoded"});
    return std::nullopt;
  }
  Result<read::OriginDirectory::Located> located = env_.origins.Locate(*url);
  // The gate comes before any word about what is here; a URL that names nothing is asked about as it came.
  if (!Admit(exchange, operation, gate::Action::kRead, located ? located->object.Url() : *url)) return std::nullopt;
  if (!located) {
    Refuse(exchange, operation, ToS3Error(located.error()));
    return std::nullopt;
  }
  read::ReadRequest request{.origin = located->entry, .key = {std::move(located->object), {}}};
  const std::string* text = http::FindQuery(*query, "version");
  const bool generations = located->entry->type == read::OriginType::kGs;
  Result<read::VersionSelector> version =
      read::ParseVersionSelector(text != nullptr ? std::string_view(*text) : std::string_view(), generations);
  if (!version) {
    Refuse(exchange, operation, ToS3Error(version.error()));
    return std::nullopt;
  }
  request.version = std::move(*version);
  request.key.selector = request.version.MetadataKey();
  return request;
}

void AdminFront::Object(http::Exchange& exchange) {
  const bool head = exchange.request().method == "HEAD";
  const std::string_view operation = head ? "HeadObject" : "GetObject";
  std::optional<read::ReadRequest> request = NamedObject(exchange, operation);
  if (!request) return;
  request->head = head;
  TakeConditions(exchange.request(), *request);
  env_.answerer.Answer(
      exchange,
      {.request = std::move(*request), .operation = operation, .version_is_condition = true, .metrics = &metrics_});
}

void AdminFront::Explain(http::Exchange& exchange) {
  const std::optional<read::ReadRequest> request = NamedObject(exchange, "Explain");
  if (!request) return;
  ReplyJson(exchange, "Explain", 200, ExplainJson(*request, env_.reader.Explain(*request), env_.node));
}

void AdminFront::List(http::Exchange& exchange) {
  std::optional<http::QueryList> query = http::ParseQuery(exchange.request().query);
  const std::string* url = query ? http::FindQuery(*query, "url") : nullptr;
  if (url == nullptr || url->empty()) {
    return Refuse(exchange, "List", {400, "InvalidArgument", "?url=NAME://bucket/prefix is needed, percent-encoded"});
  }
  Result<read::OriginDirectory::Located> located = env_.origins.LocatePrefix(*url);
  if (located && located->object.bucket.empty()) return ListBuckets(exchange, *located->entry, *std::move(query));
  if (!Admit(exchange, "List", gate::Action::kList, located ? located->object.Url() : *url)) return;
  if (!located) return Refuse(exchange, "List", ToS3Error(located.error()));
  origin::ForwardRequest request{.operation = "ListObjectsV2", .bucket = std::move(located->object.bucket)};
  request.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", std::move(located->object.key.value)}};
  for (const std::string_view name : kListParameters) {
    if (const std::string* value = http::FindQuery(*query, name)) request.query.emplace_back(name, *value);
  }
  env_.forwarder.Answer(exchange, *located->entry, std::move(request), metrics_.Of("List", kCacheNone));
}

void AdminFront::ListBuckets(http::Exchange& exchange, const read::OriginEntry& origin, http::QueryList query) {
  const gate::Decision decision = env_.gate.CheckAnywhere(CallerOf(exchange), gate::Action::kList);
  if (!decision.allowed) return Deny(exchange, "List", decision);
  Forwarder::BucketsQuestion question{.origins = {&origin}, .shows = {}, .query = std::move(query)};
  question.shows = [this, &exchange](const read::OriginEntry& entry, const BucketName& bucket) {
    if (bucket.value.starts_with('_') || !origin::MatchesBucket(entry.buckets, bucket)) return false;  // not served
    const std::string resource = entry.name.value + "://" + bucket.value + "/";
    return env_.gate.Check(CallerOf(exchange), gate::Action::kList, resource).allowed;
  };
  env_.forwarder.AnswerBuckets(exchange, std::move(question), metrics_.Of("List", kCacheNone));
}

void AdminFront::Evict(http::Exchange& exchange) {
  if (!Admit(exchange, "Evict", gate::Action::kAdmin, gate::kAdminResource)) return;
  exchange.Start(EvictUrls(*this, exchange));
}

Task<void> AdminFront::EvictUrls(AdminFront& self, http::Exchange& exchange) {
  Result<std::string> body = co_await exchange.ReadBody(kBodyBytesMax);
  if (!body) {
    self.Refuse(exchange, "Evict", ToS3Error(body.error()));
    co_return;
  }
  const Result<std::vector<std::string>> urls = ParseUrls(*body);
  if (!urls) {
    self.Refuse(exchange, "Evict", ToS3Error(urls.error()));
    co_return;
  }
  std::vector<Evicted> evicted;
  bool all_done = true;
  for (const std::string& url : *urls) {
    if (exchange.context().cancel.IsCancelled()) co_return;
    Evicted one{.url = url};
    Result<read::OriginDirectory::Located> located = self.env_.origins.Locate(url);
    if (url.ends_with('*')) {
      one.error = "patterns are not understood yet: name each object";
      all_done = false;
    } else if (located) {
      RequestContext context = exchange.context();
      context.deadline = exchange.executor().clock().Now() + kEvictTimeout;
      one.blocks = co_await self.env_.reader.Evict(*located->entry, std::move(located->object), std::move(context));
    } else {
      one.error = located.error().message();
      all_done = false;
    }
    evicted.push_back(std::move(one));
  }
  self.ReplyJson(exchange, "Evict", all_done ? 200 : 400, EvictedJson(evicted));
}

}  // namespace hearth::front
