// OriginSpec: what an origin is, as the configuration file or `--origin URL` says it.
//
// Pure; any thread. The URL's forms: s3, gs, s3+http://host:port, s3+https://host, gs+http(s)://host,
// http(s)://host/base, file:///dir, each with query parameters name, region, buckets (comma-separated
// patterns), style (path, virtual) and credentials (default, none, profile:NAME), where the type has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "origin/credentials.h"
#include "origin/s3_target.h"

namespace hearth::origin {

enum class OriginType : std::uint8_t { kS3, kGs, kHttp, kFile };
std::string_view OriginTypeName(OriginType type);  // "s3", "gs", "http", "file"

struct OriginSpec {
  OriginType type = OriginType::kS3;
  std::string name = {};       // in canonical URLs, NAME://bucket/key
  std::string endpoint = {};   // s3, gs: http(s)://host[:port], empty: the cloud's own; http: http(s)://host/base
  std::string directory = {};  // file: absolute path
  std::string region = {};     // s3; empty: the environment's, else us-east-1
  std::vector<std::string> buckets = {"*"};
  S3Style style = S3Style::kPath;
  CredentialsChoice credentials = {};
  std::string ca_file = {};  // PEM; empty: the system's
  bool operator==(const OriginSpec&) const = default;
};

// kInvalidArgument: the message lists everything that is wrong with the URL, and what is allowed instead.
Result<OriginSpec> ParseOriginUrl(std::string_view url);

// Letters, digits, '-', '_' and '.', a letter or digit first, at most 63.
bool IsOriginName(std::string_view name);

}  // namespace hearth::origin
