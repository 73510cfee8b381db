// Where an S3 request goes: endpoint, addressing style and region to URL, Host and the path that is signed.
//
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/names.h"
#include "base/result.h"

namespace hearth::origin {

enum class S3Style : std::uint8_t {
  kPath,     // http://host/bucket/key
  kVirtual,  // http://bucket.host/key, where the bucket's name can be a host name; else as kPath
};

struct S3Target {
  std::string url;   // without the query
  std::string host;  // as the Host header has it: the default port of the scheme is left out
  std::string path;  // percent-encoded once, not normalized: sent and signed alike
};

class S3Endpoint {
 public:
  // `url`: http(s)://host[:port][/base], or empty for AWS's own (https://s3.REGION.amazonaws.com).
  // kInvalidArgument: anything else; the message says what.
  static Result<S3Endpoint> Create(std::string_view url, S3Style style);

  // An empty key means the bucket itself. kInvalidArgument: the bucket's name is none that S3 could have
  // (remote status 400 InvalidBucketName): it could reach another bucket, or another host.
  Result<S3Target> Locate(const BucketName& bucket, const ObjectKey& key, std::string_view region) const;
  // The service itself, whose buckets can be listed.
  Result<S3Target> LocateService(std::string_view region) const;

 private:
  S3Endpoint() = default;
  std::string Host(std::string_view region) const;

  std::string scheme_;
  std::string authority_;  // empty: AWS
  std::string base_;       // "/base" or empty
  S3Style style_ = S3Style::kPath;
};

// Letters, digits and '-', at most 32: fit to stand in a host name of AWS.
bool IsRegionName(std::string_view region);

}  // namespace hearth::origin
