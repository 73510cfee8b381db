#include "origin/s3_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/percent.h"

namespace hearth::origin {
namespace {

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// What old buckets may be called, and other servers allow.
bool IsBucketName(std::string_view name) {
  if (name.empty() || name.size() > 255 || name == "." || name == "..") return false;
  return std::ranges::all_of(
      name, [](char c) { return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.'; });
}

// Fit for virtual style. A dot breaks the wildcard certificates of TLS.
bool IsHostLabel(std::string_view name, bool with_dots) {
  if (name.size() < 3 || name.size() > 63 || !IsLowerOrDigit(name.front()) || !IsLowerOrDigit(name.back()))
    return false;
  return name.find("..") == name.npos &&
         std::ranges::all_of(name, [&](char c) { return IsLowerOrDigit(c) || c == '-' || (with_dots && c == '.'); });
}

std::string_view WithoutDefaultPort(std::string_view scheme, std::string_view authority) {
  const std::string_view port = scheme == "https" ? ":443" : ":80";
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

bool IsAuthority(std::string_view authority) {
  return !authority.empty() && std::ranges::all_of(authority, [](char c) {
    return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || std::string_view("-._:[]").contains(c);
  });
}

}  // namespace

bool IsRegionName(std::string_view region) {
  return !region.empty() && region.size() <= 32 &&
         std::ranges::all_of(region, [](char c) { return IsLowerOrDigit(c) || (c >= 'A' && c <= 'Z') || c == '-'; });
}

Result<S3Endpoint> S3Endpoint::Create(std::string_view url, S3Style style) {
  S3Endpoint endpoint;
  endpoint.style_ = style;
  if (url.empty()) {
    endpoint.scheme_ = "https";
    return endpoint;
  }
  // Not repeated in the message: it may hold a password.
  if (url.contains('@')) return Fail(Code::kInvalidArgument, "endpoint: must hold no user or password");
  const auto scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme_end == url.npos || (scheme != "http" && scheme != "https")) {
    return Fail(Code::kInvalidArgument, fmt::format("endpoint \"{}\": must begin with http:// or https://", url));
  }
  std::string_view rest = url.substr(scheme_end + 3);
  const auto path = rest.find('/');
  std::string_view base = path == rest.npos ? std::string_view() : rest.substr(path);
  while (base.ends_with('/')) base.remove_suffix(1);
  const std::string_view authority = rest.substr(0, path);
  if (!IsAuthority(authority)) {
    return Fail(Code::kInvalidArgument, fmt::format("endpoint \"{}\": must be http(s)://host[:port]", url));
  }
  if (base.find_first_of("?#") != base.npos) {
    return Fail(Code::kInvalidArgument, fmt::format("endpoint \"{}\": must have no query", url));
  }
  endpoint.scheme_ = scheme;
  endpoint.authority_ = WithoutDefaultPort(scheme, authority);
  endpoint.base_ = base;
  return endpoint;
}

std::string S3Endpoint::Host(std::string_view region) const {
  return authority_.empty() ? fmt::format("s3.{}.amazonaws.com", region) : authority_;
}

Result<S3Target> S3Endpoint::LocateService(std::string_view region) const {
  S3Target target{.url = {}, .host = Host(region), .path = base_ + "/"};
  target.url = scheme_ + "://" + target.host + target.path;
  return target;
}

Result<S3Target> S3Endpoint::Locate(const BucketName& bucket, const ObjectKey& key, std::string_view region) const {
  if (!IsBucketName(bucket.value)) {
    return Fail(Error(Code::kInvalidArgument, "not a bucket name",
                      {400, "InvalidBucketName", "The specified bucket is not valid."}));
  }
  S3Target target;
  target.host = Host(region);
  target.path = base_ + "/";
  if (style_ == S3Style::kVirtual && IsHostLabel(bucket.value, scheme_ == "http")) {
    target.host = bucket.value + "." + target.host;
  } else {
    target.path += bucket.value;
    if (!key.empty()) target.path += '/';
  }
  http::AppendPercentEncoded(target.path, key.value, http::Slash::kKeep);
  target.url = scheme_ + "://" + target.host + target.path;
  return target;
}

}  // namespace hearth::origin
