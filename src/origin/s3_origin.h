// The `s3` origin: any server that speaks S3, over the HTTP client, signed by SigV4.
//
// Borrows the client and the clock, which outlive it and its bodies; deadlines, connections and the
// certificate authority are the client's. Any thread may call, from a job of an executor.
// Sends `Accept-Encoding: identity`: S3 keeps an object in one encoding, and a proxy in between that
// compresses on the fly would take the strong ETag away. One retry happens here: a bucket in another region
// is learned from the answer (x-amz-bucket-region, <Region>) and signed again. Everything else is the
// caller's to retry.
#pragma once

#include <memory>
#include <string>

#include "http/client.h"
#include "origin/credentials.h"
#include "origin/origin.h"
#include "origin/s3_target.h"

namespace hearth::origin {

struct S3Options {
  OriginName name{"s3"};
  std::string endpoint = {};         // http(s)://host[:port]; empty: AWS's endpoint of the bucket's region
  std::string region = "us-east-1";  // signed with, until a bucket's own is learned
  S3Style style = S3Style::kPath;
  std::shared_ptr<CredentialsProvider> credentials = {};  // null: unsigned
};

// kInvalidArgument: endpoint or region are no such thing.
Result<std::unique_ptr<Origin>> MakeS3Origin(S3Options options, http::Client& client, const Clock& clock);

}  // namespace hearth::origin
