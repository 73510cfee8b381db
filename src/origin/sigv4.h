// AWS Signature Version 4 in the Authorization header, with S3's rules: the path is signed as it is sent
// (encoded once, not normalized), the payload's hash is a header of its own.
//
// Pure: values in, values out; the time is given. Any thread.
// Specification: "Signature Version 4 signing process" and "Authenticating Requests: Using the Authorization
// Header" of the Amazon S3 API reference.
#pragma once

#include <string>
#include <string_view>

#include "base/executor.h"
#include "http/client.h"
#include "http/percent.h"
#include "origin/credentials.h"

namespace hearth::origin {

// SHA-256 of no bytes, in hex: the payload hash of every GET and HEAD.
inline constexpr std::string_view kEmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct SigningInput {
  std::string method = "GET";
  std::string path = "/";         // percent-encoded, as it stands in the request line
  http::QueryList query = {};     // decoded
  http::HeaderList headers = {};  // all that are to be signed; Host must be among them
  std::string payload_hash{kEmptyPayload};
};

struct SigningScope {
  std::string region;
  std::string service = "s3";
  WallTime time;
};

// The query as it is sent and signed: percent-encoded, sorted by encoded name, then value; a name without a
// value keeps its '='.
std::string CanonicalQuery(const http::QueryList& query);

// The headers to add to the request: x-amz-date, x-amz-content-sha256, x-amz-security-token if there is a
// session, Authorization.
http::HeaderList SignV4(const SigningInput& input, const Credentials& credentials, const SigningScope& scope);

}  // namespace hearth::origin
