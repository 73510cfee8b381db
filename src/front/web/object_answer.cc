#include "front/web/object_answer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "front/web/s3_error.h"
#include "http/date.h"

namespace hearth::front {
namespace {

// From the request to the first byte of the answer: what interface.md promises for a silent origin.
constexpr Duration kFirstByteTimeout = std::chrono::seconds(29);

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

std::optional<WallTime> DateHeader(const http::Request& http, std::string_view name) {
  const std::optional<std::string_view> value = http.Header(name);
  return value ? http::ParseHttpDate(*value) : std::nullopt;
}

// Several lines of one name are one list (RFC 9110 5.3).
std::optional<std::string> TextHeader(const http::Request& http, std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [each, value] : http.headers) {
    if (!SameName(each, name)) continue;
    if (joined) {
      joined->append(", ").append(value);
    } else {
      joined = value;
    }
  }
  return joined;
}

// More than one line is a malformed Range, which is ignored as AWS does.
std::optional<std::string_view> OnlyHeader(const http::Request& http, std::string_view name) {
  const bool several =
      std::ranges::count_if(http.headers, [&](const auto& each) { return SameName(each.first, name); }) > 1;
  return several ? std::nullopt : http.Header(name);
}

void AppendNumber(std::string& to, std::uint64_t number) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  to.append(digits, end);
}

void AddOverridden(http::ResponseHead& head, const ObjectQuestion& question) {
  if (question.overrides.empty()) return;
  // Line by line: the rendered headers, but for those that are replaced.
  std::string_view lines = head.headers;
  std::string kept;
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n") + 2;
    const std::string_view name = lines.substr(0, lines.find(':'));
    const bool replaced =
        std::ranges::any_of(question.overrides, [&](const auto& each) { return SameName(each.first, name); });
    if (!replaced) kept.append(lines.substr(0, end));
    lines.remove_prefix(end);
  }
  head.headers = std::move(kept);
  for (const auto& [name, value] : question.overrides) head.Add(name, value);
}

void AddRangeAndCache(http::ResponseHead& head, const read::MetaEntry& meta, ByteRange range, bool partial,
                      read::CacheStatus cache) {
  if (partial) {
    head.headers.append("Content-Range: bytes ");
    AppendNumber(head.headers, range.begin);
    head.headers.push_back('-');
    AppendNumber(head.headers, range.end - 1);
    head.headers.push_back('/');
    AppendNumber(head.headers, meta.meta.size);
    head.headers.append("\r\n");
  }
  head.headers.append("X-Cache: ").append(CacheStatusName(cache)).append("\r\n");
}

http::ResponseHead HeadOf(const read::Opened& opened, const ObjectQuestion& question) {
  http::ResponseHead head{.status = opened.partial ? 206 : 200,
                          .headers = opened.partial ? opened.meta->range_headers : opened.meta->whole_headers};
  AddOverridden(head, question);
  AddRangeAndCache(head, *opened.meta, opened.range, opened.partial, opened.cache);
  if (opened.stale_for) {
    head.headers.append("X-Cache-Stale: ");
    AppendNumber(head.headers, static_cast<std::uint64_t>(opened.stale_for->count()));
    head.headers.append("\r\n");
  }
  return head;
}

void Count(http::Exchange& exchange, const ObjectQuestion& question, std::size_t cache) {
  const RequestMetrics::Series& series = question.metrics->Of(question.operation, cache);
  exchange.OnDone([&series](const http::Exchange::Outcome& outcome) { series.Observe(outcome); });
}

}  // namespace

void TakeConditions(const http::Request& http, read::ReadRequest& request) {
  if (const auto range = OnlyHeader(http, "Range")) request.range = http::ParseRange(*range);
  request.conditions.if_match = TextHeader(http, "If-Match");
  request.conditions.if_none_match = TextHeader(http, "If-None-Match");
  request.conditions.if_modified_since = DateHeader(http, "If-Modified-Since");
  request.conditions.if_unmodified_since = DateHeader(http, "If-Unmodified-Since");
  request.conditions.if_range = TextHeader(http, "If-Range");
  request.wants_checksums = http.Header("x-amz-checksum-mode") == "ENABLED";
}

void ObjectAnswerer::Answer(http::Exchange& exchange, ObjectQuestion question) {
  if (AnswerHit(exchange, question)) return;
  exchange.Start(AnswerSlowly(*this, exchange, std::move(question)));
}

bool ObjectAnswerer::AnswerHit(http::Exchange& exchange, const ObjectQuestion& question) {
  if (!question.overrides.empty()) return false;
  read::Hit hit;
  if (!reader_.TryHit(question.request, hit)) return false;
  // One head a loop, so that a hit allocates nothing for it.
  static thread_local http::ResponseHead head;
  head.status = hit.partial ? 206 : 200;
  head.headers.assign(hit.partial ? hit.meta->range_headers : hit.meta->whole_headers);
  AddRangeAndCache(head, *hit.meta, hit.range, hit.partial, read::CacheStatus::kHit);
  Count(exchange, question, static_cast<std::size_t>(read::CacheStatus::kHit));
  // False: a page was dropped meanwhile. The slow way has a disk thread read it, and counts anew.
  return exchange.ReplySlices(head, std::span(hit.slices.slices.data(), hit.slices.count));
}

void ObjectAnswerer::AnswerError(http::Exchange& exchange, const ObjectQuestion& question, const Error& error) {
  Count(exchange, question, kCacheNone);
  const bool is_gone = question.version_is_condition && error.code() == Code::kPreconditionFailed;
  const S3Error answer = is_gone ? S3Error{412, "PreconditionFailed", error.message()} : ToS3Error(error);
  if (answer.status >= 500) {
    log_.Warn("read failed", {{"request_id", exchange.context().request_id},
                              {"object", question.request.key.object.Url()},
                              {"status", answer.status},
                              {"error", error.ToString()}});
  }
  if (answer.status != 304) {
    ReplyError(exchange, answer);
  } else {
    exchange.ReplyHead({.status = 304, .headers = {}}, std::nullopt);
  }
}

void ObjectAnswerer::AnswerOutcome(http::Exchange& exchange, const ObjectQuestion& question,
                                   const read::Opened& opened) {
  if (opened.outcome == read::Outcome::kNotModified) {
    Count(exchange, question, static_cast<std::size_t>(opened.cache));
    http::ResponseHead head{.status = 304, .headers = opened.meta->whole_headers};
    head.headers.append("X-Cache: ").append(CacheStatusName(opened.cache)).append("\r\n");
    exchange.ReplyHead(head, std::nullopt);
    return;
  }
  Count(exchange, question, kCacheNone);
  if (opened.outcome == read::Outcome::kPreconditionFailed) {
    ReplyError(exchange, {412, "PreconditionFailed", "At least one of the preconditions did not hold"});
    return;
  }
  http::ResponseHead lines;
  lines.Add("Content-Range", http::UnsatisfiedContentRange(opened.meta->meta.size));
  ReplyError(exchange, {416, "InvalidRange", "The requested range is not satisfiable"}, lines.headers);
}

Task<void> ObjectAnswerer::SendBody(ObjectAnswerer& self, http::Exchange& exchange, read::Opened opened) {
  std::optional<read::Piece> piece = std::move(opened.first);
  while (piece) {
    Status sent;
    if (auto* slice = std::get_if<io::FileSlice>(&*piece)) {
      sent = co_await exchange.SendSlice(std::move(*slice));
    } else {
      sent = co_await exchange.SendBytes(std::move(std::get<BufferSlice>(*piece)));
    }
    if (!sent) co_return;  // the client has left
    Result<std::optional<read::Piece>> next = co_await opened.stream->Next();
    if (!next) {
      // Bytes are out already: the cut connection is the error.
      self.log_.Warn("read cut", {{"request_id", exchange.context().request_id},
                                  {"object", opened.meta->key.object.Url()},
                                  {"error", next.error().ToString()}});
      exchange.Abort();
      co_return;
    }
    piece = std::move(*next);
  }
}

Task<void> ObjectAnswerer::AnswerSlowly(ObjectAnswerer& self, http::Exchange& exchange, ObjectQuestion question) {
  RequestContext context = exchange.context();
  context.deadline = exchange.executor().clock().Now() + kFirstByteTimeout;
  read::ReadRequest request = question.request;
  Result<read::Opened> opened = co_await self.reader_.Open(std::move(request), std::move(context));
  if (!opened) {
    self.AnswerError(exchange, question, opened.error());
    co_return;
  }
  if (opened->outcome != read::Outcome::kOk) {
    self.AnswerOutcome(exchange, question, *opened);
    co_return;
  }
  if (opened->stale_for) {
    self.metrics_.GetCounter(telemetry::Family::kStaleServed, {question.metrics->door()}).Add();
  }
  Count(exchange, question, static_cast<std::size_t>(opened->cache));
  http::ResponseHead head = HeadOf(*opened, question);
  if (question.request.head || opened->range.empty()) {
    exchange.ReplyHead(head, opened->range.length());
    co_return;
  }
  const std::uint64_t length = opened->range.length();
  const Status sent = co_await exchange.SendHead(std::move(head), length);
  if (!sent) co_return;
  co_await SendBody(self, exchange, std::move(*opened));
}

}  // namespace hearth::front
