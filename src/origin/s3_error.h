// The error document of S3: <Error><Code>..</Code><Message>..</Message>...</Error>.
//
// Pure; any thread. Tolerant: what comes from a proxy in between (HTML, nothing, garbage) gives empty fields,
// never an error, since the status alone says enough.
#pragma once

#include <string>
#include <string_view>

namespace hearth::origin {

// Fields are cut to a sane length; control bytes become spaces, so that they may go into a log or a header.
struct S3ErrorDocument {
  std::string code;     // "NoSuchKey"
  std::string message;  // the origin's own words
  std::string region;   // where the bucket is, in AuthorizationHeaderMalformed and the redirects
};

S3ErrorDocument ParseS3Error(std::string_view xml);

}  // namespace hearth::origin
