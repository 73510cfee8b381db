#include "server/config_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "server/config_schema.h"
#include "server/config_value.h"

namespace hearth::server {
namespace {

using origin::OriginType;

constexpr std::string_view kNameBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
constexpr std::uint64_t kMemoryMin = 16_MiB;
// A Unix address holds 107 bytes and the zero; the HTTP socket appends ".http".
constexpr std::size_t kSocketPathMax = 102;

bool Consists(std::string_view text, std::string_view of) {
  return !text.empty() && text.find_first_not_of(of) == std::string_view::npos;
}

bool IsHttpUrl(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    return !rest.empty() && rest.front() != '/' && rest.find_first_of(" @?#") == std::string_view::npos;
  }
  return false;
}

bool IsHostPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const Result<std::uint64_t> port = ParseInteger(text.substr(colon + 1));
  return port && *port > 0 && *port < 65536 && text.find_first_of(" /@") == std::string_view::npos;
}

// Path `inner` is `outer` or lies below it.
bool LiesWithin(std::string_view inner, std::string_view outer) {
  while (outer.size() > 1 && outer.ends_with('/')) outer.remove_suffix(1);
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/' || outer == "/");
}

class Checker {
 public:
  explicit Checker(const CheckInput& input) : input_(input), config_(input.config) {}

  CheckOutcome Check() && {
    CheckTop();
    CheckCacheDirs();
    CheckCacheSizes();
    CheckFreshness();
    CheckOrigins();
    CheckObjects();
    CheckLocal();
    CheckDiscovery();
    CheckCluster();
    CheckTls();
    CheckGrants();
    WarnOfLaterParts();
    WarnOfSectionsLater();
    SortByPlace(outcome_.problems);
    return std::move(outcome_);
  }

 private:
  bool IsSet(std::string_view path) const { return input_.places.contains(path); }

  // Where the first of `paths` was set, or the nearest thing around it.
  Place PlaceOf(std::initializer_list<std::string_view> paths) const {
    for (const std::string_view path : paths) {
      if (const auto found = input_.places.find(path); found != input_.places.end()) return found->second;
    }
    for (std::string_view path : paths) {
      while (!path.empty()) {
        if (const auto found = input_.places.find(path); found != input_.places.end()) return found->second;
        const std::size_t cut = path.find_last_of(".[");
        path = cut == std::string_view::npos ? std::string_view() : path.substr(0, cut);
      }
    }
    return input_.file;
  }

  void Problem(std::initializer_list<std::string_view> paths, std::string_view message) {
    outcome_.problems.push_back({PlaceOf(paths), fmt::format("{}: {}", *paths.begin(), message)});
  }
  void Warn(std::initializer_list<std::string_view> paths, std::string message) {
    outcome_.warnings.push_back({PlaceOf(paths), std::move(message)});
  }

  void CheckTop() {
    for (const std::string& host : config_.hosts) {
      if (!Consists(host, kNameBytes))
        Problem({"hosts"}, fmt::format("{} is not a host name (no scheme, no port)", Quote(host)));
    }
    if (const std::string& name = config_.congestion_control;
        !name.empty() && (!Consists(name, kNameBytes) || name.size() > 15)) {
      Problem({"congestion_control"}, fmt::format("{} is not a name; allowed: cubic, bbr, reno, ...", Quote(name)));
    }
    if (config_.loops && (*config_.loops < 1 || *config_.loops > 1024)) {
      Problem({"loops"}, fmt::format("is {}; allowed: 1 to 1024", *config_.loops));
    }
  }

  void CheckCacheDirs() {
    if (config_.cache.dirs.empty()) Problem({"cache.dirs"}, "is empty; at least one directory is needed");
    for (std::size_t i = 0; i < config_.cache.dirs.size(); ++i) {
      const std::string& path = config_.cache.dirs[i].path;
      const std::string at = fmt::format("cache.dirs[{}].path", i);
      if (!path.starts_with('/')) {
        Problem({at}, fmt::format("{} is not an absolute path", Quote(path)));
        continue;
      }
      for (std::size_t j = 0; j < i; ++j) {
        const std::string& other = config_.cache.dirs[j].path;
        if (LiesWithin(path, other) || LiesWithin(other, path)) {
          Problem({at},
                  fmt::format("{} and {} lie within each other; each directory needs its own place", path, other));
        }
      }
    }
    if (config_.cache.dirs.size() > 1) {
      Warn({"cache.dirs"},
           "cache.dirs: more than one directory comes with a later release; only the first one is used");
    }
  }

  void CheckCacheSizes() {
    const CacheConfig& cache = config_.cache;
    if (!std::has_single_bit(cache.block_size) || cache.block_size < 1_MiB || cache.block_size > 64_MiB) {
      Problem({"cache.block_size"},
              fmt::format("is {}; allowed: a power of two from 1MiB to 64MiB", FormatSize(cache.block_size)));
    }
    if (!std::has_single_bit(cache.sub_block_size) || cache.sub_block_size < 64_KiB ||
        cache.sub_block_size > cache.block_size) {
      Problem({"cache.sub_block_size"},
              fmt::format("is {}; allowed: a power of two from 64KiB to block_size, which is {}",
                          FormatSize(cache.sub_block_size), FormatSize(cache.block_size)));
    }
    if (cache.low_watermark.fraction > cache.high_watermark.fraction) {
      const std::string_view first = IsSet("cache.low_watermark") ? "cache.low_watermark" : "cache.high_watermark";
      Problem({first}, fmt::format("low_watermark ({}) must not be above high_watermark ({})",
                                   FormatShare(cache.low_watermark), FormatShare(cache.high_watermark)));
    }
    if (cache.purge_interval < std::chrono::milliseconds(10))
      Problem({"cache.purge_interval"}, "is too short; allowed: 10ms or more");
    // The default follows a limit that may be tiny: slower, not refused.
    if (IsSet("cache.memory") && cache.memory && *cache.memory < kMemoryMin) {
      Problem({"cache.memory"},
              fmt::format("is {}; allowed: {} or more", FormatSize(*cache.memory), FormatSize(kMemoryMin)));
    }
    if (cache.memory && *cache.memory < cache.sub_block_size) {
      Problem({"cache.memory"}, fmt::format("is {}; one sub-block must fit, and sub_block_size is {}",
                                            FormatSize(*cache.memory), FormatSize(cache.sub_block_size)));
    }
  }

  void CheckFreshness() {
    for (std::size_t i = 0; i < config_.freshness.size(); ++i) {
      if (config_.freshness[i].mode == FreshnessMode::kTtl) continue;
      for (const std::string_view field : {"ttl", "stale_if_error"}) {
        const std::string at = fmt::format("freshness[{}].{}", i, field);
        if (IsSet(at)) Warn({at}, fmt::format("{}: has no effect without `mode: ttl`", at));
      }
    }
  }

  void CheckOrigins() {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < config_.origins.size(); ++i) {
      const origin::OriginSpec& origin = config_.origins[i];
      const std::string at = fmt::format("origins[{}]", i);
      const std::string name_at = at + ".name";
      if (!origin::IsOriginName(origin.name)) {
        Problem(
            {name_at},
            fmt::format("{} is not a name; allowed: letters, digits, -, _ and ., a letter or digit first, at most 63",
                        Quote(origin.name)));
      } else if (!names.insert(origin.name).second) {
        Problem({name_at, at}, fmt::format("two origins are named {}; each needs a name of its own", origin.name));
      }
      CheckEndpoint(origin, at + ".endpoint");
      if (!origin.region.empty() && !origin::IsRegionName(origin.region)) {
        Problem({at + ".region"},
                fmt::format("{} is not a region; allowed: letters, digits and -", Quote(origin.region)));
      }
      if (origin.buckets.empty())
        Problem({at + ".buckets"}, "is empty: no bucket would belong to the origin; allowed: patterns like \"*\"");
      if (origin.style == origin::S3Style::kVirtual && origin.type != OriginType::kS3) {
        Problem({at + ".style"}, "virtual is for origins of type s3 only");
      }
    }
  }

  void CheckEndpoint(const origin::OriginSpec& origin, const std::string& at) {
    switch (origin.type) {
      case OriginType::kS3:
      case OriginType::kGs:
        if (!origin.endpoint.empty() &&
            (!IsHttpUrl(origin.endpoint) || !origin::S3Endpoint::Create(origin.endpoint, origin::S3Style::kPath))) {
          Problem({at}, fmt::format("{} is not an endpoint; allowed: http://HOST[:PORT] or https://HOST[:PORT]",
                                    Quote(origin.endpoint)));
        }
        return;
      case OriginType::kHttp:
        if (!IsHttpUrl(origin.endpoint))
          Problem({at}, "an origin of type http needs its base URL here (https://HOST/BASE)");
        return;
      case OriginType::kFile:
        if (!origin.directory.starts_with('/'))
          Problem({at}, "an origin of type file needs its directory here, as an absolute path");
        return;
    }
  }

  void CheckObjects() {
    const ObjectsConfig& objects = config_.objects;
    if (objects.storage.starts_with("s3://")) {
      Problem({"objects.storage"}, "storage in s3 comes with a later release; allowed: a directory or file:///DIR");
    } else if (!objects.storage.starts_with('/') && !objects.storage.starts_with("file:///")) {
      Problem({"objects.storage"}, fmt::format("{} is not an absolute path or file:///DIR", Quote(objects.storage)));
    }
    const std::string_view s3_port = std::string_view(config_.listen).substr(config_.listen.rfind(':') + 1);
    const std::string_view port = std::string_view(objects.listen).substr(objects.listen.rfind(':') + 1);
    if (IsSet("objects.listen") && port == s3_port && port != "0") {
      Problem({"objects.listen"}, fmt::format("both doors cannot listen on port {}", port));
    }
  }

  void CheckLocal() {
    const std::string& socket = config_.local.socket;
    if (!socket.starts_with('/') || socket.size() > kSocketPathMax) {
      Problem({"local.socket"},
              fmt::format("{} is not an absolute path of at most {} bytes", Quote(socket), kSocketPathMax));
    }
  }

  void CheckDiscovery() {
    const ClusterConfig& cluster = config_.cluster;
    const auto needs = [&](std::string_view path, std::string_view message) {
      Problem({path, "cluster.discovery"}, message);
    };
    switch (cluster.discovery) {
      case Discovery::kNone: return;
      case Discovery::kStatic:
        if (cluster.members.empty() && cluster.members_file.empty()) {
          needs("cluster.members", "discovery: static needs members or members_file");
        }
        if (!cluster.members.empty() && !cluster.members_file.empty()) {
          needs("cluster.members_file", "give members or members_file, not both");
        }
        break;
      case Discovery::kDns:
        if (cluster.name.empty())
          needs("cluster.name", "discovery: dns needs the name whose addresses are the members");
        break;
      case Discovery::kEtcd:
        if (cluster.endpoints.empty()) needs("cluster.endpoints", "discovery: etcd needs at least one endpoint");
        break;
      case Discovery::kKubernetes: break;
    }
    const bool keys_given = IsSet("gate.keys_file") || config_.gate.insecure_anonymous;
    if (!keys_given) {
      needs("gate.keys_file",
            "must be given when nodes discover each other, or --insecure-anonymous in its place: "
            "every node must know the same keys");
    }
    if (cluster.secret_file.empty()) {
      needs("cluster.secret_file", "must be given when nodes discover each other: it is how they know each other");
    }
  }

  void CheckCluster() {
    const ClusterConfig& cluster = config_.cluster;
    for (const std::string& member : cluster.members) {
      if (!IsHostPort(member)) Problem({"cluster.members"}, fmt::format("{} is not HOST:PORT", Quote(member)));
    }
    for (const std::string& endpoint : cluster.endpoints) {
      if (!IsHttpUrl(endpoint))
        Problem({"cluster.endpoints"}, fmt::format("{} is not an http:// or https:// URL", Quote(endpoint)));
    }
    if (!cluster.advertise.empty() && !IsHostPort(cluster.advertise)) {
      Problem({"cluster.advertise"}, fmt::format("{} is not HOST:PORT", Quote(cluster.advertise)));
    }
    if (cluster.weight <= 0 || cluster.weight > 1000) Problem({"cluster.weight"}, "allowed: more than 0, at most 1000");
    if (cluster.ttl < std::chrono::seconds(1)) Problem({"cluster.ttl"}, "is too short; allowed: 1s or more");
    if (cluster.username.empty() != cluster.password_file.empty()) {
      Problem({cluster.username.empty() ? "cluster.password_file" : "cluster.username"},
              "username and password_file need each other");
    }
  }

  void CheckTls() {
    const TlsConfig& tls = config_.gate.tls;
    if (tls.key.empty() && !tls.cert.empty())
      Problem({"gate.tls.cert"}, "a certificate needs its private key: set gate.tls.key");
    if (tls.cert.empty() && !tls.key.empty())
      Problem({"gate.tls.key"}, "a private key needs its certificate: set gate.tls.cert");
    if (tls.cert.empty() && !tls.client_ca.empty()) {
      Problem({"gate.tls.client_ca"}, "client certificates need TLS: set gate.tls.cert and gate.tls.key");
    }
  }

  void CheckGrants() {
    for (std::size_t i = 0; i < config_.gate.grants.size(); ++i) {
      const GrantConfig& grant = config_.gate.grants[i];
      const std::string at = fmt::format("gate.grants[{}]", i);
      const std::size_t colon = grant.who.find(':');
      const std::string_view kind = std::string_view(grant.who).substr(0, colon);
      const bool named = colon != std::string::npos && colon + 1 < grant.who.size() &&
                         (kind == "key" || kind == "token" || kind == "cert");
      if (!named && grant.who != "anonymous") {
        Problem({at + ".who"},
                fmt::format("{} is nobody; allowed: anonymous, key:ID, token:NAME, cert:NAME", Quote(grant.who)));
      }
      for (const std::string& scope : grant.scope) {
        if (scope != "admin:" && !scope.starts_with("objects:") && scope.find("://") == std::string::npos) {
          Problem({at + ".scope"},
                  fmt::format("{} is no scope; allowed: NAME://bucket/prefix*, objects:app/session/*, admin:",
                              Quote(scope)));
        }
      }
      for (const std::string& range : grant.from) {
        if (!Consists(range, "0123456789abcdefABCDEF.:/")) {
          Problem({at + ".from"},
                  fmt::format("{} is no address range; allowed: 10.0.0.0/8, fd00::/8, 192.0.2.1", Quote(range)));
        }
      }
    }
  }

  // One warning a section, whatever of it is set.
  void WarnOfSectionsLater() {
    for (const Section& section : ConfigSchema()) {
      if (section.later.empty() || section.name == "gate.tls") continue;
      const auto set = std::ranges::find_if(input_.places, [&](const auto& place) {
        return place.first == section.name ||
               std::string_view(place.first).starts_with(fmt::format("{}.", section.name));
      });
      if (set == input_.places.end()) continue;
      Warn({section.name, set->first},
           fmt::format("{}: {} comes with a later release; the section is checked and has no effect", section.name,
                       section.later));
    }
  }

  void WarnOfLaterParts() {
    std::vector<std::string_view> set;
    for (const std::string_view path : {"gate.grants", "gate.keys_file", "gate.tls", "gate.trust_loopback"}) {
      if (IsSet(path)) set.push_back(path);
    }
    if (!set.empty()) {
      Warn({set.front()},
           fmt::format("gate: {} come with a later release, are checked and have no effect: until then only "
                       "this host is served, or everybody with insecure_anonymous",
                       JoinNames(set)));
    }
    for (std::size_t i = 0; i < config_.origins.size(); ++i) {
      const OriginType type = config_.origins[i].type;
      const std::string at = fmt::format("origins[{}]", i);
      if (IsSet(at) && (type == OriginType::kGs || type == OriginType::kHttp)) {
        Warn({at}, fmt::format("{}: origins of type {} come with a later release; {} has no effect", at,
                               origin::OriginTypeName(type), config_.origins[i].name));
      }
    }
    if (!Variable(input_.surroundings.environment, "OTEL_EXPORTER_OTLP_ENDPOINT").empty()) {
      outcome_.warnings.push_back({{.source = "environment OTEL_EXPORTER_OTLP_ENDPOINT"},
                                   "export of telemetry comes with a later release; it has no effect"});
    }
  }

  const CheckInput& input_;
  const Config& config_;
  CheckOutcome outcome_;
};

}  // namespace

CheckOutcome CheckConfig(const CheckInput& input) { return Checker(input).Check(); }

}  // namespace hearth::server
