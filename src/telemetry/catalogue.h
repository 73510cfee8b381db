// The one table of everything that Hearth counts: names, types, units, labels and help.
//
// The names are a contract with users (docs/metrics.md is made from this table, export/metrics_doc.h).
// Every exporter writes every family, also one that has no series yet. To add a metric, add an
// enumerator and its row; a static_assert keeps the two in step.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hearth::telemetry {

enum class Family : std::uint8_t {
  kClientRequests,
  kClientResponseBytes,
  kClientRequestSeconds,
  kClientFirstByteSeconds,
  kStaleServed,
  kOriginRequests,
  kOriginResponseBytes,
  kOriginRetries,
  kOriginHedges,
  kOriginDown,
  kOriginConcurrency,
  kPeerRequests,
  kPeerResponseBytes,
  kCacheBytes,
  kCacheBudgetBytes,
  kCacheBlocks,
  kCacheEvictedBlocks,
  kCacheCorruptPages,
  kFills,
  kBypass,
  kMemoryInFlight,
  kObjects,
  kObjectBytes,
  kGateDenied,
  kMembers,
  kBuildInfo,
};

enum class Type : std::uint8_t { kCounter, kGauge, kHistogram };

// "counter", "gauge", "histogram": Prometheus' own words.
std::string_view TypeName(Type type);

// Label names of a family, in the order in which Registry wants the values.
struct LabelNames {
  static constexpr std::size_t kMax = 4;
  std::array<std::string_view, kMax> names;

  constexpr std::size_t size() const {
    std::size_t n = 0;
    while (n < kMax && !names[n].empty()) ++n;
    return n;
  }
  constexpr const std::string_view* begin() const { return names.data(); }
  constexpr const std::string_view* end() const { return names.data() + size(); }
};

struct FamilyInfo {
  Family family;
  std::string_view name;
  Type type;
  std::string_view unit;  // what one is: "requests", "bytes", "seconds"
  LabelNames labels;
  std::string_view help;  // one sentence, no newline
};

// clang-format off: two lines a family
inline constexpr std::array kFamilies = {
    FamilyInfo{Family::kClientRequests, "hearth_client_requests_total", Type::kCounter, "requests",
               {{"door", "operation", "code", "cache"}}, "Requests answered, by the status of the answer."},
    FamilyInfo{Family::kClientResponseBytes, "hearth_client_response_bytes_total", Type::kCounter, "bytes",
               {{"door", "cache"}}, "Body bytes sent to clients."},
    FamilyInfo{Family::kClientRequestSeconds, "hearth_client_request_seconds", Type::kHistogram, "seconds",
               {{"door", "operation", "cache"}}, "From the request's last header byte to the answer's last byte."},
    FamilyInfo{Family::kClientFirstByteSeconds, "hearth_client_first_byte_seconds", Type::kHistogram, "seconds",
               {{"door", "cache"}}, "From the request's last header byte to the answer's first byte."},
    FamilyInfo{Family::kStaleServed, "hearth_stale_served_total", Type::kCounter, "requests",
               {{"door"}}, "Answers given past their ttl because the origin could not be asked."},
    FamilyInfo{Family::kOriginRequests, "hearth_origin_requests_total", Type::kCounter, "requests",
               {{"origin", "operation", "code"}}, "Requests sent to origins, by the status of the answer."},
    FamilyInfo{Family::kOriginResponseBytes, "hearth_origin_response_bytes_total", Type::kCounter, "bytes",
               {{"origin"}}, "Body bytes received from origins."},
    FamilyInfo{Family::kOriginRetries, "hearth_origin_retries_total", Type::kCounter, "requests",
               {{"origin", "outcome"}}, "Requests that failed and were to be made again, by whether the retry budget had room."},
    FamilyInfo{Family::kOriginHedges, "hearth_origin_hedges_total", Type::kCounter, "requests",
               {{"origin", "outcome"}}, "Second requests for a late answer, by whether they won."},
    FamilyInfo{Family::kOriginDown, "hearth_origin_down", Type::kGauge, "origins",
               {{"origin"}}, "1 while an origin does not answer and requests to it fail at once."},
    FamilyInfo{Family::kOriginConcurrency, "hearth_origin_concurrency_limit", Type::kGauge, "requests",
               {{"origin"}}, "Requests that may wait for an origin's answer at once."},
    FamilyInfo{Family::kPeerRequests, "hearth_peer_requests_total", Type::kCounter, "requests",
               {{"direction", "code"}}, "Requests between members of the cluster."},
    FamilyInfo{Family::kPeerResponseBytes, "hearth_peer_response_bytes_total", Type::kCounter, "bytes",
               {{"direction"}}, "Body bytes between members of the cluster."},
    FamilyInfo{Family::kCacheBytes, "hearth_cache_bytes", Type::kGauge, "bytes",
               {{"dir"}}, "Allocated bytes of everything below a cache directory."},
    FamilyInfo{Family::kCacheBudgetBytes, "hearth_cache_budget_bytes", Type::kGauge, "bytes",
               {{"dir"}}, "Bytes that a cache directory may allocate."},
    FamilyInfo{Family::kCacheBlocks, "hearth_cache_blocks", Type::kGauge, "blocks",
               {{"dir"}}, "Blocks in a cache directory, whole or partial."},
    FamilyInfo{Family::kCacheEvictedBlocks, "hearth_cache_evicted_blocks_total", Type::kCounter, "blocks",
               {{"dir", "reason"}}, "Blocks removed from a cache directory."},
    FamilyInfo{Family::kCacheCorruptPages, "hearth_cache_corrupt_pages_total", Type::kCounter, "pages",
               {{"dir"}}, "Pages of 64 KiB whose checksum was wrong when loaded: dropped and fetched again."},
    FamilyInfo{Family::kFills, "hearth_cache_fills_total", Type::kCounter, "fills",
               {{"dir", "outcome"}}, "Transfers into blocks, by how they ended."},
    FamilyInfo{Family::kBypass, "hearth_cache_bypass_total", Type::kCounter, "reads",
               {{"dir", "reason"}}, "Reads streamed from the origin without being cached (reason rejected: not worth the room)."},
    FamilyInfo{Family::kMemoryInFlight, "hearth_memory_in_flight_bytes", Type::kGauge, "bytes",
               {}, "Bytes in flight that count against cache.memory."},
    FamilyInfo{Family::kObjects, "hearth_objects", Type::kGauge, "objects",
               {}, "Objects in the object store."},
    FamilyInfo{Family::kObjectBytes, "hearth_object_bytes", Type::kGauge, "bytes",
               {}, "Bytes of the objects in the object store."},
    FamilyInfo{Family::kGateDenied, "hearth_gate_denied_total", Type::kCounter, "requests",
               {{"reason"}}, "Requests that the gate refused."},
    FamilyInfo{Family::kMembers, "hearth_members", Type::kGauge, "members",
               {}, "Members of the cluster view, this node included."},
    FamilyInfo{Family::kBuildInfo, "hearth_build_info", Type::kGauge, "1",
               {{"version"}}, "Always 1; the label tells which build runs."},
};
// clang-format on

// What the values of a label can be: for the documentation.
struct LabelInfo {
  std::string_view name;
  std::string_view values;
};

inline constexpr std::array kLabels = {
    LabelInfo{"door", "`s3`, `flight`, `local`, `admin` (requests to `/_hearth`), `peer`"},
    LabelInfo{"operation", "the S3 or Flight method's name: `GetObject`, `HeadObject`, `ListObjectsV2`, `DoGet`, ..."},
    LabelInfo{"code",
              "the HTTP or gRPC status of the answer; for an origin or a peer that gave none, the error's name "
              "(`unavailable`)"},
    LabelInfo{
        "cache",
        "`hit`, `miss`, `partial`, `bypass`, `none`: as in `X-Cache`, `none` where an answer carries no such header"},
    LabelInfo{"origin", "the origin's name in the configuration"},
    LabelInfo{"direction", "`in`: asked by a peer; `out`: asked of a peer"},
    LabelInfo{"dir", "the cache directory's path"},
    LabelInfo{"reason", "why, in one word"},
    LabelInfo{"outcome",
              "`done`, or the name of the error that ended the transfer; of retries `asked` or `refused`, of hedges "
              "`won` or `lost`"},
    LabelInfo{"version", "as `hearth --version` prints it"},
};

constexpr const FamilyInfo& InfoOf(Family family) { return kFamilies[static_cast<std::size_t>(family)]; }

}  // namespace hearth::telemetry
