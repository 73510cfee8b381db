#include "origin/file_forward.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/percent.h"
#include "origin/file_list.h"
#include "origin/file_lookup.h"
#include "origin/file_meta.h"
#include "origin/file_operations.h"
#include "origin/list_xml.h"

namespace hearth::origin {
namespace {

constexpr std::string_view kProlog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
constexpr std::string_view kNamespace = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
constexpr std::string_view kTokenMark = "after-";
constexpr std::size_t kBucketsMax = 100'000;

ForwardAnswer XmlAnswer(int status, std::string body) {
  return {.status = status, .headers = {{"Content-Type", "application/xml"}}, .body = std::move(body)};
}

// What the data or the caller is to blame for becomes an answer, the rest stays an error.
Result<ForwardAnswer> AnswerOf(Error error) {
  const RemoteError* remote = error.remote();
  if (remote == nullptr) return Fail(std::move(error));
  return XmlAnswer(remote->status, WriteError(remote->code, remote->message));
}

std::unexpected<Error> BadRequest(std::string_view code, std::string message) {
  RemoteError remote{400, std::string(code), message};
  return Fail(Error(Code::kInvalidArgument, std::move(message), std::move(remote)));
}

std::string IsoTime(std::int64_t ns) {
  return FormatIsoTime(WallTime(std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds(ns))));
}

// "<Name/>" becomes a document of S3's name space.
std::string Document(std::string_view text) {
  const std::size_t end = text.find_first_of("/>", 1);
  return fmt::format("{}{} {}{}", kProlog, text.substr(0, end), kNamespace, text.substr(end));
}

std::string VersionIdOf(const ForwardRequest& request) {
  const std::string* version_id = http::FindQuery(request.query, "versionId");
  return version_id == nullptr ? std::string() : *version_id;
}

// The object, or the bucket where no key is given, must exist for any other answer.
Result<io::FileInfo> LookAtSubject(io::FileSystem& root, const ForwardRequest& request) {
  if (request.key.empty()) return LookAtBucket(root, request.bucket);
  if (!IsCurrentVersion(VersionIdOf(request))) return Fail(NoSuchVersion());
  return LookAtObject(root, request.bucket, request.key);
}

Result<ForwardAnswer> ListBuckets(io::FileSystem& root) {
  BucketListing listing{.owner_id = "hearth", .owner_name = "hearth"};
  HEARTH_TRY(root.VisitDirectory("", [&](const io::DirectoryEntry& entry) {
    const bool is_directory = entry.kind == io::DirectoryEntry::Kind::kDirectory;
    if (is_directory) listing.buckets.push_back({std::string(entry.name), ""});
    return listing.buckets.size() <= kBucketsMax;
  }));
  if (listing.buckets.size() > kBucketsMax) {
    return Fail(Code::kUnavailable, fmt::format("more than {} sub-directories: too many buckets", kBucketsMax));
  }
  std::ranges::sort(listing.buckets, {}, &ListedBucket::name);
  for (ListedBucket& bucket : listing.buckets) {
    if (const auto info = root.Stat(bucket.name)) bucket.created = IsoTime(info->modified_ns);
  }
  return XmlAnswer(200, WriteBuckets(listing));
}

Result<ForwardAnswer> GetAttributes(io::FileSystem& root, const ForwardRequest& request, WallTime now) {
  const auto info = LookAtSubject(root, request);
  if (!info) return Fail(info.error());
  const ObjectMeta meta = FileMeta(*info, request.key, now);
  std::string body;
  bool any = false;
  for (const auto& [name, value] : request.headers) {
    std::string_view rest = name == "x-amz-object-attributes" ? std::string_view(value) : std::string_view();
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      std::string_view wanted = rest.substr(0, comma);
      rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
      while (wanted.starts_with(' ')) wanted.remove_prefix(1);
      any = true;
      if (wanted == "ETag") {
        body += fmt::format("<ETag>{}</ETag>", meta.etag.value.substr(1, meta.etag.value.size() - 2));
      } else if (wanted == "ObjectSize") {
        body += fmt::format("<ObjectSize>{}</ObjectSize>", meta.size);
      } else if (wanted == "StorageClass") {
        body += "<StorageClass>STANDARD</StorageClass>";
      } else if (wanted != "Checksum" && wanted != "ObjectParts") {
        return BadRequest("InvalidArgument", "Invalid attribute name specified.");
      }
    }
  }
  if (!any) return BadRequest("InvalidRequest", "The x-amz-object-attributes header is missing.");
  ForwardAnswer answer =
      XmlAnswer(200, Document("<GetObjectAttributesResponse>" + body + "</GetObjectAttributesResponse>"));
  answer.headers.emplace_back("Last-Modified", meta.last_modified);
  return answer;
}

Result<ForwardAnswer> AnswerFixed(io::FileSystem& root, const FileOperation& operation, const ForwardRequest& request) {
  const auto info = LookAtSubject(root, request);
  if (!info) return Fail(info.error());
  if (operation.status != 200) return XmlAnswer(operation.status, WriteError(operation.code, operation.text));
  return XmlAnswer(200, operation.text.empty() ? std::string() : Document(operation.text));
}

ListForm FormOf(std::string_view operation) {
  if (operation == "ListObjects") return ListForm::kV1;
  return operation == "ListObjectVersions" ? ListForm::kVersions : ListForm::kV2;
}

Result<FileListRequest> PlanList(const BucketName& bucket, const ListQuery& query) {
  FileListRequest request{.bucket = bucket,
                          .prefix = query.prefix,
                          .delimiter = query.delimiter,
                          .after = query.after,
                          .keys_max = query.keys_max};
  if (query.token) {
    std::optional<std::string> after;
    if (query.token->starts_with(kTokenMark)) after = http::PercentDecode(query.token->substr(kTokenMark.size()));
    if (!after) return BadRequest("InvalidArgument", "The continuation token provided is incorrect");
    request.after = *std::move(after);
  }
  return request;
}

ObjectListing ListingOf(FileListing page, ListForm form, WallTime now) {
  ObjectListing listing{.prefixes = std::move(page.prefixes), .truncated = page.truncated};
  for (FileListing::File& file : page.files) {
    ObjectMeta meta = FileMeta(file.info, ObjectKey(file.key), now);
    listing.objects.push_back({.key = std::move(file.key),
                               .size = meta.size,
                               .etag = std::move(meta.etag.value),
                               .last_modified = IsoTime(file.info.modified_ns)});
  }
  if (form == ListForm::kV2) {
    listing.next = std::string(kTokenMark) + http::PercentEncode(page.last, http::Slash::kEncode);
  } else {
    listing.next = std::move(page.last);
  }
  return listing;
}

Task<Result<ForwardAnswer>> ListObjects(FileForwardEnvironment env, ForwardRequest request, RequestContext context) {
  const Clock& now = Executor::Current()->clock();
  const auto query = ParseListQuery(FormOf(request.operation), request.query);
  if (!query) co_return Fail(query.error());
  auto plan = PlanList(request.bucket, *query);
  if (!plan) co_return Fail(std::move(plan).error());
  FileLister lister(env.root, *std::move(plan));
  while (true) {
    if (context.cancel.IsCancelled()) co_return Fail(Code::kCancelled, "the request was cancelled");
    if (now.Now() >= context.deadline) co_return Fail(Code::kDeadlineExceeded, "the directory takes too long to list");
    auto step = [&lister] { return lister.Step(); };
    const Result<bool> done = co_await RunOn(env.disk_pool, std::move(step));
    if (!done) co_return Fail(done.error());
    if (*done) break;
  }
  const ObjectListing listing = ListingOf(lister.TakePage(), query->form, env.clock.Wall());
  co_return XmlAnswer(200, WriteListing(request.bucket, *query, listing));
}

Result<ForwardAnswer> AnswerNow(const FileForwardEnvironment& env, const FileOperation& operation,
                                const ForwardRequest& request) {
  switch (operation.kind) {
    case FileOperation::Kind::kListBuckets: return ListBuckets(env.root);
    case FileOperation::Kind::kAttributes: return GetAttributes(env.root, request, env.clock.Wall());
    case FileOperation::Kind::kListObjects:
    case FileOperation::Kind::kFixed: break;
  }
  return AnswerFixed(env.root, operation, request);
}

}  // namespace

Task<Result<ForwardAnswer>> ForwardToFiles(FileForwardEnvironment env, ForwardRequest request, RequestContext context) {
  const FileOperation* operation = FindFileOperation(request.operation);
  if (operation == nullptr) {
    co_return XmlAnswer(501, WriteError("NotImplemented", request.operation + " is not implemented by file origins"));
  }
  if (context.cancel.IsCancelled()) co_return Fail(Code::kCancelled, "the request was cancelled");
  Result<ForwardAnswer> answer = Fail(Code::kInternal, "not answered");
  if (operation->kind == FileOperation::Kind::kListObjects) {
    answer = co_await ListObjects(env, std::move(request), std::move(context));
  } else {
    auto now = [&] { return AnswerNow(env, *operation, request); };
    answer = co_await RunOn(env.disk_pool, std::move(now));
  }
  if (!answer) co_return AnswerOf(std::move(answer).error());
  co_return answer;
}

}  // namespace hearth::origin
