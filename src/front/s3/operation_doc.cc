#include "front/s3/operation_doc.h"

#include <fmt/format.h>

#include <iterator>

#include "front/s3/operation.h"
#include "origin/file_operations.h"

namespace hearth::front {
namespace {

constexpr std::string_view kHead = R"(# The S3 door

Generated from `src/front/s3/operation.cc` and `src/origin/file_operations.cc`; do not edit.

Requests are addressed as `/BUCKET/KEY`, or `BUCKET.HOST/KEY` for the names in `hosts`. A bucket belongs to the first
origin whose `buckets` match. Only objects' bytes and metadata are cached; everything else that reads goes to the
bucket's origin at each request, one for one, under Hearth's own signature:

- The query goes on as it came, but for the parameters of a presigned URL. Two parameters that each name an operation
  (`?list-type=2&acl`), or two prefixes, are 400.
- Of the request's headers these go on: `x-amz-object-attributes`, `x-amz-max-parts`, `x-amz-part-number-marker`,
  `x-amz-optional-object-attributes`, `x-amz-request-payer`, `x-amz-expected-bucket-owner`.
- Status, body (at most 16 MiB), `Content-Type`, `Last-Modified` and `x-amz-*` come back as the origin gave them. An origin
  that gives no answer within 29 s is 503.
- ListBuckets asks every origin and gives one list, sorted by name: the buckets that belong to the origin that has them and
  that the caller may list. Origins that refuse to list (403, 404, 405, 501) are left out unless all do; an origin that
  cannot be asked is an error, never a shorter list. HeadBucket of a bucket that no origin serves is 404.
- `file` origins list files below a bucket's directory in the order of the keys' bytes. Links, devices and pipes are not
  listed, nor are directories without a file. A page may end early (`IsTruncated`, with a token). A common prefix at or
  before the marker is left out, also where the marker lies inside of it. Names that XML cannot hold come whole with
  `encoding-type=url` only. The owner is `hearth`, the version `null`.
- What writes is 501.

The right is that on the object (`NAME://bucket/key`), for lists on the prefix (`NAME://bucket/prefix`), for buckets on
`NAME://bucket/`.

| operation | request | right | `s3` origin | `file` origin |
|---|---|---|---|---|
)";

std::string RequestCell(const OperationRow& row) {
  static constexpr std::string_view kPaths[] = {"/", "/BUCKET", "/BUCKET/KEY"};
  return fmt::format("`{} {}{}{}`", row.method, kPaths[static_cast<std::size_t>(row.scope)],
                     row.query.empty() ? "" : "?", row.query);
}

std::string_view OriginCell(Support support) {
  switch (support) {
    case Support::kGetObject:
    case Support::kHeadObject: return "cached";
    case Support::kListBuckets: return "merged";
    case Support::kForward: return "passed on";
    case Support::kNotImplemented: break;
  }
  return "501";
}

std::string FileCell(const Operation& operation) {
  if (operation.support != Support::kForward) return std::string(OriginCell(operation.support));
  const origin::FileOperation* file = origin::FindFileOperation(operation.name);
  if (file == nullptr) return "501";
  if (file->kind != origin::FileOperation::Kind::kFixed) return "answered";
  if (file->status != 200) return fmt::format("{} {}", file->status, file->code);
  return file->text.empty() ? "answered" : "answered: has none";
}

}  // namespace

std::string OperationsMarkdown() {
  std::string page(kHead);
  for (const OperationRow& row : OperationTable()) {
    fmt::format_to(std::back_inserter(page), "| {} | {} | {} | {} | {} |\n", row.operation.name, RequestCell(row),
                   gate::ActionName(row.operation.action), OriginCell(row.operation.support), FileCell(row.operation));
  }
  page += "\nAny other request is 501.\n";
  return page;
}

}  // namespace hearth::front
