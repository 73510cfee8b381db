// Which bucket and key an HTTP request addresses: path style, or virtual-host style for hosts of ours. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/names.h"
#include "base/result.h"
#include "front/s3/operation.h"

namespace hearth::front {

struct Address {
  Scope scope = Scope::kService;
  BucketName bucket;
  ObjectKey key;
};

// The bucket in front of one of `hosts` or of localhost ("b.cache.example.com" -> "b"); empty: path style.
std::string_view BucketOfHost(std::string_view host, std::span<const std::string> hosts);

// kInvalidArgument: the path is not percent-encoded rightly, or names a bucket that begins with an underscore.
Result<Address> ParseAddress(std::string_view host, std::string_view path, std::span<const std::string> hosts);

}  // namespace hearth::front
