// Which S3 operation a request is, from its method, address and query. One table; pure.
//
// The operation's name is S3's own: it is the metric's label and what a 501 says. docs/s3.md is made from the table.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gate/gate.h"
#include "http/percent.h"

namespace hearth::front {

enum class Support : std::uint8_t {
  kGetObject,  // through the cache
  kHeadObject,
  kListBuckets,     // of all origins together
  kForward,         // passed on to the bucket's origin, never cached
  kNotImplemented,  // answered with 501
};

enum class Scope : std::uint8_t { kService, kBucket, kObject };  // what the address names

struct Operation {
  std::string_view name;
  Support support = Support::kNotImplemented;
  gate::Action action = gate::Action::kWrite;  // on the object, or on the bucket with an empty key
  bool lists_prefix = false;                   // it is about the keys below ?prefix=, and so is the right
};

// A row of the table.
struct OperationRow {
  std::string_view method;
  Scope scope = Scope::kService;
  std::string_view query;  // a parameter whose presence makes it this operation; empty: none of the others
  Operation operation;
};

std::span<const OperationRow> OperationTable();

Operation ClassifyOperation(std::string_view method, Scope scope, const http::QueryList& query);

// Why the query could mean one thing here and another to the origin: two parameters that each name an operation, or two
// prefixes. Empty: it cannot.
std::string FindConflict(std::string_view method, Scope scope, const http::QueryList& query);

}  // namespace hearth::front
