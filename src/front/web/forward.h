// Forwarder: answers a request with what its origin says, where only the origin can answer: lists, sub-resources, facts
// about buckets. Nothing of it is cached.
//
// The gate has been asked. Owned by the composition root; borrows memory and log. Any loop.
#pragma once

#include <functional>
#include <vector>

#include "base/memory_budget.h"
#include "front/web/request_metrics.h"
#include "front/web/s3_error.h"
#include "http/percent.h"
#include "http/server.h"
#include "origin/list_xml.h"
#include "read/origin_directory.h"
#include "telemetry/log.h"

namespace hearth::front {

// Headers of the request that belong to such an operation and go on to the origin; no others do.
origin::Headers ForwardedRequestHeaders(const http::Request& http);

// The query without what carries a presigned URL's signature: the origin gets Hearth's own.
http::QueryList WithoutSignature(http::QueryList query);

class Forwarder {
 public:
  Forwarder(MemoryBudget& memory, telemetry::Logger& log) : memory_(memory), log_(log) {}

  // Status, headers and body as the origin gave them; where it gave no answer, an S3 error. `series` counts it.
  void Answer(http::Exchange& exchange, const read::OriginEntry& origin, origin::ForwardRequest request,
              const RequestMetrics::Series& series);

  // The buckets of several origins as one list, sorted by name, of which `shows` says what the caller sees. Its pages
  // are cut here (max-buckets, continuation-token, prefix of `query`). Origins that do not let their buckets be listed
  // (403, 404, 405, 501) are left out as long as another does; any other failure is the answer's: never a part of the
  // list as if it were all.
  struct BucketsQuestion {
    std::vector<const read::OriginEntry*> origins;
    std::function<bool(const read::OriginEntry& origin, const BucketName& bucket)> shows;
    http::QueryList query;
  };
  void AnswerBuckets(http::Exchange& exchange, BucketsQuestion question, const RequestMetrics::Series& series);

 private:
  static Task<void> Forward(Forwarder& self, http::Exchange& exchange, const read::OriginEntry& origin,
                            origin::ForwardRequest request, const RequestMetrics::Series& series);
  static Task<void> MergeBuckets(Forwarder& self, http::Exchange& exchange, BucketsQuestion question,
                                 const RequestMetrics::Series& series);
  Task<Result<origin::BucketListing>> Collect(const BucketsQuestion& question, RequestContext context);
  void Refuse(http::Exchange& exchange, std::string_view operation, const RequestMetrics::Series& series,
              const Error& error);

  MemoryBudget& memory_;
  telemetry::Logger& log_;
};

}  // namespace hearth::front
