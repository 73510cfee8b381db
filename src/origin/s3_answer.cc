#include "origin/s3_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "http/date.h"

namespace hearth::origin {
namespace {

// Shown to clients of an object. A name that ends in '-' or '*' stands for all that begin so.
constexpr std::array<std::string_view, 19> kShown{
    "content-type",
    "content-encoding",
    "content-language",
    "content-disposition",
    "cache-control",
    "expires",
    "x-amz-meta-*",
    "x-amz-checksum-*",
    "x-amz-server-side-encryption*",
    "x-amz-storage-class",
    "x-amz-tagging-count",
    "x-amz-website-redirect-location",
    "x-amz-object-lock-*",
    "x-amz-replication-status",
    "x-amz-mp-parts-count",
    "x-amz-expiration",
    "x-amz-restore",
    "x-amz-missing-meta",
    "x-amz-archive-status",
};
constexpr std::string_view kChecksum = "x-amz-checksum-";

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return lower;
}

bool IsShown(std::string_view lower_name) {
  return std::ranges::any_of(kShown, [&](std::string_view shown) {
    return shown.ends_with('*') ? lower_name.starts_with(shown.substr(0, shown.size() - 1)) : lower_name == shown;
  });
}

std::string HeaderOrEmpty(const http::HeaderList& headers, std::string_view name) {
  const std::string* value = http::FindHeader(headers, name);
  return value == nullptr ? std::string() : *value;
}

// Checksums are of the object; beside a part they would be taken for the part's.
ObjectMeta ReadMeta(const http::HeaderList& headers, std::uint64_t size, bool whole) {
  ObjectMeta meta;
  meta.size = size;
  meta.etag = ETag(HeaderOrEmpty(headers, "etag"));
  if (IsStrong(meta.etag)) {
    meta.version = {VersionKind::kETag, meta.etag.value};
  } else {
    meta.uncacheable = true;
  }
  meta.last_modified = HeaderOrEmpty(headers, "last-modified");
  if (!http::ParseHttpDate(meta.last_modified)) meta.last_modified.clear();
  meta.version_id = HeaderOrEmpty(headers, "x-amz-version-id");
  for (const auto& [name, value] : headers) {
    const std::string lower = LowerCase(name);
    if (!IsShown(lower) || (!whole && lower.starts_with(kChecksum))) continue;
    meta.headers.emplace_back(name, value);
  }
  return meta;
}

std::unexpected<Error> Lied(const std::string& what) {
  // It has answered, so it is there (origin_health.h).
  return Fail(Error(Code::kUnavailable, "the answer does not fit the request: " + what, {200, "", ""}));
}

struct ContentRange {
  ByteRange range;
  std::uint64_t size = 0;
};

// "bytes 0-99/1000"; nullopt for anything else, also an unknown size.
std::optional<ContentRange> ParseContentRange(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  std::array<std::uint64_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), numbers[i]);
    if (problem != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    constexpr std::string_view kSeparators = "-/";
    if (i == kSeparators.size()) break;
    if (text.empty() || text.front() != kSeparators[i]) return std::nullopt;
    text.remove_prefix(1);
  }
  const auto [first, last, size] = numbers;
  if (!text.empty() || first > last || last >= size) return std::nullopt;
  return ContentRange{{first, last + 1}, size};
}

Result<S3Get> ReadPart(const GetRequest& request, const http::ClientAnswer& answer) {
  if (!request.range && !request.part_number) return Lied("206 without a range");
  const auto part = ParseContentRange(HeaderOrEmpty(answer.headers, "content-range"));
  if (!part) return Lied("206 without a usable Content-Range");
  // Where a part of an upload lies is for the server to say.
  const ByteRange wanted =
      request.range ? ByteRange{request.range->begin, std::min(request.range->end, part->size)} : part->range;
  if (part->range != wanted) {
    return Lied(fmt::format("asked for {}-{}, got {}-{} of {}", wanted.begin, wanted.end - 1, part->range.begin,
                            part->range.end - 1, part->size));
  }
  if (answer.content_length && *answer.content_length != wanted.length()) {
    return Lied("Content-Length and Content-Range differ");
  }
  return S3Get{ReadMeta(answer.headers, part->size, false), wanted, 0};
}

Result<S3Get> ReadWhole(const GetRequest& request, const http::ClientAnswer& answer) {
  if (!answer.content_length) return Lied("200 without a Content-Length");
  const std::uint64_t size = *answer.content_length;
  S3Get get{ReadMeta(answer.headers, size, true), {0, size}, 0};
  if (request.part_number.value_or(1) != 1) return Lied("200 and the whole object for one of its parts");
  if (!request.range) return get;
  if (request.range->begin >= size) {
    return Fail(Error(Code::kInvalidArgument, "the range begins past the end",
                      {416, "InvalidRange", "The requested range is not satisfiable"}));
  }
  if (request.range->begin > kSkipBytesMax) return Lied("200 and the whole object for a range far inside");
  get.range = request.range->Intersect({0, size});
  get.skip = get.range.begin;
  return get;
}

// `version_id`: that was asked for; empty: none.
Status CheckMeta(ObjectMeta& meta, const std::string& version_id) {
  if (meta.size > kObjectBytesMax) return Lied(fmt::format("an object of {} bytes", meta.size));
  if (version_id.empty() || meta.version_id == version_id) return {};
  if (!meta.version_id.empty()) return Lied("version " + meta.version_id + " for version " + version_id);
  meta.uncacheable = true;  // a server that does not say which version this is may not have looked at the id
  return {};
}

Code CodeOf(int status, std::string_view s3_code) {
  if (s3_code == "SlowDown" || status == 429) return Code::kThrottled;
  if (s3_code == "ExpiredToken" || s3_code == "InvalidToken") return Code::kUnauthenticated;
  switch (status) {
    case 401: return Code::kUnauthenticated;
    case 403: return Code::kPermissionDenied;
    case 404: return Code::kNotFound;
    case 408: return Code::kUnavailable;
    case 412: return Code::kPreconditionFailed;
    default: return status >= 400 && status < 500 ? Code::kInvalidArgument : Code::kUnavailable;
  }
}

}  // namespace

Result<S3Get> ReadGetAnswer(const GetRequest& request, const http::ClientAnswer& answer) {
  auto get = answer.status == 206 ? ReadPart(request, answer) : ReadWhole(request, answer);
  if (!get) return get;
  HEARTH_TRY(CheckMeta(get->meta, request.version_id));
  if (request.if_match && get->meta.version != *request.if_match) {
    return Fail(
        Error(Code::kPreconditionFailed,
              fmt::format("the origin has {}, not {}", get->meta.version.ToString(), request.if_match->ToString()),
              {412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"}));
  }
  return get;
}

Result<ObjectMeta> ReadHeadAnswer(const HeadRequest& request, const http::ClientAnswer& answer) {
  if (!answer.content_length) return Lied("HEAD without a Content-Length");
  ObjectMeta meta = ReadMeta(answer.headers, *answer.content_length, true);
  HEARTH_TRY(CheckMeta(meta, request.version_id));
  return meta;
}

Error ReadErrorAnswer(int status, const S3ErrorDocument& document) {
  std::string text = fmt::format("{}", status);
  if (!document.code.empty()) text += " " + document.code;
  if (!document.message.empty()) text += ": " + document.message;
  if (status < 400) text += " (redirects are not followed)";
  return {CodeOf(status, document.code), std::move(text), {status, document.code, document.message}};
}

std::string RangeHeader(ByteRange range) {
  // Servers parse into signed numbers.
  constexpr std::uint64_t kPastAnything = std::numeric_limits<std::int64_t>::max();
  if (range.end > kPastAnything) return fmt::format("bytes={}-", range.begin);
  return fmt::format("bytes={}-{}", range.begin, range.end - 1);
}

Headers ForwardedHeaders(const http::HeaderList& headers) {
  Headers shown;
  for (const auto& [name, value] : headers) {
    const std::string lower = LowerCase(name);
    const bool of_amazon = lower.starts_with("x-amz-") && lower != "x-amz-request-id" && lower != "x-amz-id-2";
    if (of_amazon || lower == "content-type" || lower == "last-modified") shown.emplace_back(name, value);
  }
  return shown;
}

}  // namespace hearth::origin
