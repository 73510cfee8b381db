// AdminFront: Hearth's own HTTP interface under /_hearth/.
//
//   GET  live, ready          open, one word
//   GET  metrics              read on admin: (or open, telemetry.metrics)
//   GET  v1/status            read on admin:
//   GET  v1/members           any known principal
//   GET, HEAD  v1/object?url=[&version=]    read on the object
//   GET  v1/explain?url=      read on the object
//   GET  v1/list?url=         list on the prefix: the keys of NAME://bucket/prefix, or the buckets of NAME://: a page
//   of
//                             S3's XML (ListObjectsV2 with encoding-type=url, ListBuckets) by the parameters delimiter,
//                             max-keys, start-after, continuation-token, max-buckets
//   POST v1/evict             admin on admin:   {"urls": ["NAME://bucket/key", ...]}
//
// Owned by the composition root; borrows the rest. Any loop.
#pragma once

#include <string>
#include <string_view>

#include "front/admin/node_view.h"
#include "front/web/forward.h"
#include "front/web/object_answer.h"
#include "front/web/s3_error.h"
#include "gate/gate.h"
#include "read/origin_directory.h"

namespace hearth::front {

inline constexpr std::string_view kAdminPrefix = "/_hearth";

// Whether a request is Hearth's own: its path begins with /_hearth and its host carries no bucket.
bool IsAdminPath(std::string_view path);

class AdminFront final : public http::Handler {
 public:
  struct Environment {
    const gate::Gate& gate;
    const read::OriginDirectory& origins;
    read::ObjectReader& reader;
    ObjectAnswerer& answerer;
    Forwarder& forwarder;
    NodeView& node;
    telemetry::Registry& metrics;
    telemetry::Logger& log;
    bool metrics_open = false;  // telemetry.metrics: open
  };

  explicit AdminFront(Environment env) : env_(env), metrics_(env.metrics, "admin") {}

  void Handle(http::Exchange& exchange) override;

 private:
  struct Route;
  static const Route kRoutes[];

  bool Admit(http::Exchange& exchange, std::string_view operation, gate::Action action, std::string_view resource);
  void Deny(http::Exchange& exchange, std::string_view operation, const gate::Decision& decision);
  void Count(http::Exchange& exchange, std::string_view operation);
  void ReplyJson(http::Exchange& exchange, std::string_view operation, int status, std::string_view json);
  void Refuse(http::Exchange& exchange, std::string_view operation, const S3Error& error);

  void Live(http::Exchange& exchange);
  void Ready(http::Exchange& exchange);
  void Metrics(http::Exchange& exchange);
  void ShowStatus(http::Exchange& exchange);
  void Members(http::Exchange& exchange);
  void Object(http::Exchange& exchange);
  void Explain(http::Exchange& exchange);
  void List(http::Exchange& exchange);
  void Evict(http::Exchange& exchange);

  // The object that ?url= and &version= name, with the gate asked; nothing, and answered, if there is none.
  std::optional<read::ReadRequest> NamedObject(http::Exchange& exchange, std::string_view operation);
  void ListBuckets(http::Exchange& exchange, const read::OriginEntry& origin, http::QueryList query);
  static Task<void> EvictUrls(AdminFront& self, http::Exchange& exchange);

  const Environment env_;
  RequestMetrics metrics_;
};

}  // namespace hearth::front
