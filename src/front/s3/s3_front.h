// S3Front: the S3 door. Takes every request that is not Hearth's own (/_hearth/).
//
// Owned by the composition root; borrows gate, origins, answerer, forwarder. Any loop. The order for every request:
// what does it address, may the caller (gate), what operation is it, answer.
#pragma once

#include <string>
#include <vector>

#include "front/s3/address.h"
#include "front/web/forward.h"
#include "front/web/object_answer.h"
#include "front/web/s3_error.h"
#include "gate/gate.h"
#include "read/origin_directory.h"

namespace hearth::front {

class S3Front final : public http::Handler {
 public:
  struct Environment {
    const gate::Gate& gate;
    const read::OriginDirectory& origins;
    ObjectAnswerer& answerer;
    Forwarder& forwarder;
    telemetry::Registry& metrics;
    telemetry::Logger& log;
    std::vector<std::string> hosts;  // names of ours, for bucket.host addressing
  };

  explicit S3Front(Environment env);

  void Handle(http::Exchange& exchange) override;

 private:
  bool Admit(http::Exchange& exchange, const Address& address, const Operation& operation,
             const read::OriginEntry* origin, const http::QueryList& query);
  void AnswerObject(http::Exchange& exchange, Address address, const Operation& operation,
                    const read::OriginEntry& origin, const http::QueryList& query);
  void AnswerForwarded(http::Exchange& exchange, Address address, const Operation& operation,
                       const read::OriginEntry& origin, http::QueryList query);
  void AnswerBuckets(http::Exchange& exchange, const Operation& operation, http::QueryList query);
  void Refuse(http::Exchange& exchange, std::string_view operation, const S3Error& error);

  const Environment env_;
  RequestMetrics metrics_;
};

}  // namespace hearth::front
