// ObjectAnswerer: answers a GET or HEAD of an object over HTTP, whichever front it came through.
//
// The gate has been asked. The hit path is straight code on the loop; the rest is a coroutine of the exchange.
// Owned by the composition root; borrows reader, metrics and log. Any loop.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "front/web/request_metrics.h"
#include "http/server.h"
#include "read/object_reader.h"
#include "telemetry/log.h"

namespace hearth::front {

struct ObjectQuestion {
  read::ReadRequest request;
  std::string_view operation = "GetObject";  // label; a constant
  // Headers that replace the object's own (S3's response-*), name and value.
  std::vector<std::pair<std::string, std::string>> overrides;
  // The version was asked for as a condition (`version` of interface.md, not S3's versionId): one that is gone is 412.
  bool version_is_condition = false;
  RequestMetrics* metrics = nullptr;  // of the door that it came through
};

// Fills conditions and range from the request's headers.
void TakeConditions(const http::Request& http, read::ReadRequest& request);

class ObjectAnswerer {
 public:
  ObjectAnswerer(read::ObjectReader& reader, telemetry::Registry& metrics, telemetry::Logger& log)
      : reader_(reader), metrics_(metrics), log_(log) {}

  void Answer(http::Exchange& exchange, ObjectQuestion question);

 private:
  bool AnswerHit(http::Exchange& exchange, const ObjectQuestion& question);
  static Task<void> AnswerSlowly(ObjectAnswerer& self, http::Exchange& exchange, ObjectQuestion question);
  static Task<void> SendBody(ObjectAnswerer& self, http::Exchange& exchange, read::Opened opened);
  void AnswerError(http::Exchange& exchange, const ObjectQuestion& question, const Error& error);
  void AnswerOutcome(http::Exchange& exchange, const ObjectQuestion& question, const read::Opened& opened);

  read::ObjectReader& reader_;
  telemetry::Registry& metrics_;
  telemetry::Logger& log_;
};

}  // namespace hearth::front
