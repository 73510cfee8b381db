#include "front/s3/address.h"

#include <algorithm>

#include "http/percent.h"

namespace hearth::front {
namespace {

bool EndsWithNoCase(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         std::ranges::equal(text.substr(text.size() - end.size()), end, [](char a, char b) {
           const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
           return lower(a) == lower(b);
         });
}

// "b.example.com" under "example.com" -> "b".
std::string_view Below(std::string_view host, std::string_view ours) {
  if (host.size() <= ours.size() + 1 || !EndsWithNoCase(host, ours)) return {};
  if (host[host.size() - ours.size() - 1] != '.') return {};
  return host.substr(0, host.size() - ours.size() - 1);
}

}  // namespace

std::string_view BucketOfHost(std::string_view host, std::span<const std::string> hosts) {
  for (const std::string& ours : hosts) {
    if (const std::string_view bucket = Below(host, ours); !bucket.empty()) return bucket;
  }
  return Below(host, "localhost");
}

Result<Address> ParseAddress(std::string_view host, std::string_view path, std::span<const std::string> hosts) {
  Address address;
  std::string_view rest = path.starts_with('/') ? path.substr(1) : path;
  if (const std::string_view bucket = BucketOfHost(host, hosts); !bucket.empty()) {
    address.bucket = BucketName(std::string(bucket));
  } else {
    const std::size_t slash = rest.find('/');
    std::optional<std::string> decoded = http::PercentDecode(rest.substr(0, slash));
    if (!decoded) return Fail(Code::kInvalidArgument, "the path has a '%' without two hex digits");
    address.bucket = BucketName(std::move(*decoded));
    rest = slash == rest.npos ? std::string_view() : rest.substr(slash + 1);
  }
  if (address.bucket.value.starts_with('_')) {
    return Fail(Code::kInvalidArgument, "a bucket's name does not begin with an underscore");
  }
  std::optional<std::string> key = http::PercentDecode(rest);
  if (!key) return Fail(Code::kInvalidArgument, "the path has a '%' without two hex digits");
  address.key = ObjectKey(std::move(*key));
  address.scope = address.bucket.empty() ? Scope::kService : address.key.empty() ? Scope::kBucket : Scope::kObject;
  return address;
}

}  // namespace hearth::front
