#include "support/fake_objects.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "support/fake_origin.h"

namespace hearth::sim {
namespace {

std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

struct ListArguments {
  std::string prefix;
  std::string delimiter;
  std::string after;  // keys up to this one are left out
  std::size_t keys_max = 1000;
};

ListArguments Parse(const origin::ForwardRequest& request) {
  ListArguments arguments;
  for (const auto& [name, value] : request.query) {
    if (name == "prefix") arguments.prefix = value;
    if (name == "delimiter") arguments.delimiter = value;
    if (name == "start-after" || name == "continuation-token" || name == "marker")
      arguments.after = std::max(arguments.after, value);
    if (name == "max-keys") std::from_chars(value.data(), value.data() + value.size(), arguments.keys_max);
  }
  return arguments;
}

}  // namespace

Error RemoteFailure(Code code, int status, std::string s3_code, std::string message) {
  std::string text = fmt::format("origin answered {} {}", status, s3_code);
  return {code, std::move(text), RemoteError{status, std::move(s3_code), std::move(message)}};
}

std::string HttpDate(WallTime time) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(seconds));
}

std::uint64_t FakeObjects::Put(std::string_view bucket, std::string_view key, FakeVersion version) {
  FakeObject& object = objects_[{std::string(bucket), std::string(key)}];
  version.number = object.versions.size() + 1;
  object.versions.push_back(std::move(version));
  object.deleted = false;
  return object.versions.back().number;
}

void FakeObjects::Delete(std::string_view bucket, std::string_view key) {
  const auto object = objects_.find({std::string(bucket), std::string(key)});
  if (object != objects_.end()) object->second.deleted = true;
}

const FakeObject* FakeObjects::Find(std::string_view bucket, std::string_view key) const {
  const auto object = objects_.find({std::string(bucket), std::string(key)});
  return object == objects_.end() ? nullptr : &object->second;
}

bool FakeObjects::HasBucket(std::string_view bucket) const {
  const auto first = objects_.lower_bound({std::string(bucket), {}});
  return first != objects_.end() && first->first.first == bucket;
}

Result<FakeVersion> FakeObjects::Resolve(std::string_view bucket, std::string_view key,
                                         std::string_view version_id) const {
  if (!HasBucket(bucket)) {
    return Fail(RemoteFailure(Code::kNotFound, 404, "NoSuchBucket", "The specified bucket does not exist"));
  }
  const FakeObject* object = Find(bucket, key);
  if (version_id.empty()) {
    const FakeVersion* current = object == nullptr ? nullptr : object->current();
    if (current != nullptr) return *current;
    return Fail(RemoteFailure(Code::kNotFound, 404, "NoSuchKey", "The specified key does not exist."));
  }
  for (const FakeVersion& version : object == nullptr ? std::vector<FakeVersion>() : object->versions) {
    if (version_id == fmt::format("v{}", version.number)) return version;
  }
  return Fail(RemoteFailure(Code::kNotFound, 404, "NoSuchVersion", "The specified version does not exist."));
}

origin::ForwardAnswer FakeObjects::Forward(const origin::ForwardRequest& request) const {
  const auto refuse = [](int status, std::string_view code) {
    return origin::ForwardAnswer{
        .status = status,
        .headers = {{"Content-Type", "application/xml"}},
        .body = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{}</Code></Error>", code)};
  };
  if (request.operation == "ListBuckets") return ListBuckets();
  const bool lists = request.operation == "ListObjectsV2" || request.operation == "ListObjects";
  if (!lists && request.operation != "HeadBucket") return refuse(501, "NotImplemented");
  if (!HasBucket(request.bucket.value)) return refuse(404, "NoSuchBucket");
  return lists ? List(request) : origin::ForwardAnswer{};
}

origin::ForwardAnswer FakeObjects::ListBuckets() const {
  std::string buckets;
  std::string_view last;
  for (const auto& [name, object] : objects_) {
    if (name.first == last) continue;
    last = name.first;
    buckets += fmt::format("<Bucket><Name>{}</Name><CreationDate>2026-01-02T03:04:05.000Z</CreationDate></Bucket>",
                           Escape(name.first));
  }
  return {.headers = {{"Content-Type", "application/xml"}},
          .body = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListAllMyBucketsResult><Owner><ID>fake</ID>"
                              "</Owner><Buckets>{}</Buckets></ListAllMyBucketsResult>",
                              buckets)};
}

origin::ForwardAnswer FakeObjects::List(const origin::ForwardRequest& request) const {
  const ListArguments arguments = Parse(request);
  std::string entries;
  std::string last;
  std::string group;  // the common prefix that was written last
  std::size_t count = 0;
  bool truncated = false;
  for (const auto& [name, object] : objects_) {
    const std::string& key = name.second;
    const FakeVersion* version = object.current();
    if (name.first != request.bucket.value || version == nullptr) continue;
    if (!key.starts_with(arguments.prefix) || key <= arguments.after) continue;
    if (!group.empty() && key.starts_with(group)) continue;
    if (!arguments.delimiter.empty() && !arguments.after.empty() && arguments.after.ends_with(arguments.delimiter) &&
        key.starts_with(arguments.after)) {
      continue;  // the page before ended with this common prefix
    }
    truncated = count == arguments.keys_max;
    if (truncated) break;
    ++count;
    const std::size_t end =
        arguments.delimiter.empty() ? std::string::npos : key.find(arguments.delimiter, arguments.prefix.size());
    if (end == std::string::npos) {
      entries += fmt::format("<Contents><Key>{}</Key><ETag>{}</ETag><Size>{}</Size></Contents>", Escape(key),
                             Escape(FakeOrigin::MakeETag(name.first, key, version->number).value), version->size);
      last = key;
    } else {
      group = key.substr(0, end + arguments.delimiter.size());
      entries += fmt::format("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", Escape(group));
      last = group;
    }
  }
  origin::ForwardAnswer answer;
  answer.headers = {{"Content-Type", "application/xml"}};
  answer.body = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Name>{}</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount><MaxKeys>{}</MaxKeys><IsTruncated>{}</IsTruncated>{}{}"
      "</ListBucketResult>",
      Escape(request.bucket.value), Escape(arguments.prefix), count, arguments.keys_max, truncated,
      truncated ? fmt::format("<NextContinuationToken>{}</NextContinuationToken>", Escape(last)) : "", entries);
  return answer;
}

}  // namespace hearth::sim
