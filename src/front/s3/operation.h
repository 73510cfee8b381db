// Which S3 operation a request is, from its method, address and query. One table; pure.
//
// The operation's name is S3's own: it is the metric's label and what a 501 says.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/percent.h"

namespace hearth::front {

enum class Support : std::uint8_t {
  kGetObject,
  kHeadObject,
  kListObjectsV2,
  kNotImplemented,  // answered with 501
};

struct Operation {
  std::string_view name;
  Support support = Support::kNotImplemented;
};

enum class Scope : std::uint8_t { kService, kBucket, kObject };  // what the address names

Operation ClassifyOperation(std::string_view method, Scope scope, const http::QueryList& query);

}  // namespace hearth::front
