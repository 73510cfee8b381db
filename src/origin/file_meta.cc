#include "origin/file_meta.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "http/date.h"

namespace hearth::origin {
namespace {

struct ContentType {
  std::string_view extension;
  std::string_view type;
};

constexpr std::string_view kDefaultContentType = "binary/octet-stream";  // S3's own default
constexpr std::array<ContentType, 20> kContentTypes{{
    {"bin", "application/octet-stream"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"md", "text/markdown"},
    {"parquet", "application/vnd.apache.parquet"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"svg", "image/svg+xml"},
    {"txt", "text/plain"},
    {"wasm", "application/wasm"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
}};

std::string_view ContentTypeOf(std::string_view key) {
  const std::string_view file = key.substr(key.rfind('/') + 1);
  const auto dot = file.rfind('.');
  if (dot == file.npos) return kDefaultContentType;
  std::string extension(file.substr(dot + 1));
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  const auto* found = std::ranges::find(kContentTypes, extension, &ContentType::extension);
  return found == kContentTypes.end() ? kDefaultContentType : found->type;
}

bool IsComponent(std::string_view component) {
  return !component.empty() && component != "." && component != ".." && !component.contains('\0');
}

WallTime FromNanoseconds(std::int64_t ns) {
  return WallTime(std::chrono::floor<std::chrono::microseconds>(std::chrono::nanoseconds(ns)));
}

}  // namespace

bool IsFileBucket(const BucketName& bucket) { return IsComponent(bucket.value) && !bucket.value.contains('/'); }

std::optional<std::string> FilePath(const BucketName& bucket, const ObjectKey& key) {
  if (!IsFileBucket(bucket)) return std::nullopt;
  std::string_view rest = key.value;
  while (true) {
    const auto slash = rest.find('/');
    if (!IsComponent(rest.substr(0, slash))) return std::nullopt;
    if (slash == rest.npos) break;
    rest.remove_prefix(slash + 1);
  }
  return bucket.value + "/" + key.value;
}

Version FileVersion(const io::FileInfo& info) {
  return {VersionKind::kStat,
          fmt::format("{}-{}-{}-{}-{}", info.device, info.inode, info.size, info.modified_ns, info.changed_ns)};
}

ObjectMeta FileMeta(const io::FileInfo& info, const ObjectKey& key, WallTime now) {
  ObjectMeta meta;
  meta.version = FileVersion(info);
  meta.size = info.size;
  meta.etag = ETag("\"" + HashParts128({"file", meta.version.value}).ToHex() + "\"");
  meta.last_modified = http::FormatHttpDate(FromNanoseconds(info.modified_ns));
  meta.headers.emplace_back("Content-Type", ContentTypeOf(key.value));
  const WallTime changed = FromNanoseconds(std::max(info.modified_ns, info.changed_ns));
  meta.uncacheable = now - changed < std::chrono::seconds(1);
  return meta;
}

}  // namespace hearth::origin
