// Config: everything that a user can set, as plain values.
//
// Made once at start by LoadConfig (config_load.h) from the defaults, the file, the environment and the
// flags, checked as a whole, and then only read: no part of Hearth asks the environment or a global later.
// The defaults written here are root's; config_defaults.h moves directories for other users. Every field
// has one row in the table of config_schema.cc, from which docs/configuration.md is made; a test keeps the
// row's default and the one written here equal.
//
// An empty string, an empty list and nullopt stand for `null` in the file: not set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/executor.h"
#include "origin/origin_url.h"
#include "telemetry/log_record.h"

namespace hearth::server {

// A part of a whole: 0.9 for `90%`.
struct Share {
  double fraction = 0;
  bool operator==(const Share&) const = default;
};

// How much of a file system a directory may use: bytes if not 0, else a share of its size.
struct SpaceLimit {
  std::uint64_t bytes = 0;
  Share share{0.9};
  bool operator==(const SpaceLimit&) const = default;
};

enum class Eviction : std::uint8_t { kWTinyLfu, kLru, kS3Fifo };

struct CacheDirConfig {
  std::string path;  // absolute
  SpaceLimit size;   // shared by directories on one device where it is a share
  bool operator==(const CacheDirConfig&) const = default;
};

struct CacheConfig {
  std::vector<CacheDirConfig> dirs{{.path = "/var/lib/hearth/cache", .size = {}}};
  std::uint64_t block_size = 16_MiB;       // bytes; a power of two, 1 MiB to 64 MiB
  std::uint64_t sub_block_size = 256_KiB;  // bytes; a power of two, 64 KiB to block_size
  Eviction eviction = Eviction::kWTinyLfu;
  Share high_watermark{0.95};  // of a directory's budget: above it the purger runs
  Share low_watermark{0.90};   // down to here
  Duration purge_interval = std::chrono::seconds(10);
  std::optional<std::uint64_t> memory;  // bytes in flight; LoadConfig always sets it
  Duration verify_interval = std::chrono::minutes(10);
  bool operator==(const CacheConfig&) const = default;
};

enum class FreshnessMode : std::uint8_t {
  kImmutable,  // never asked again
  kTtl,        // older metadata is revalidated
  kAlways,     // revalidated for every read
};

// What holds for objects whose canonical URL matches; of several rules the first.
struct FreshnessRule {
  std::string match;  // pattern; `*` covers any bytes, `/` too
  FreshnessMode mode = FreshnessMode::kTtl;
  Duration ttl = std::chrono::seconds(60);
  Duration stale_if_error = std::chrono::hours(1);  // past the ttl; 0: never
  bool operator==(const FreshnessRule&) const = default;
};

enum class KeyLayout : std::uint8_t { kAppSession, kSession };

struct ObjectsConfig {
  bool enabled = false;  // the section, or one of its flags, was given
  std::string listen = "0.0.0.0:9090";
  std::string network_interface;                    // whose address goes into ObjectRef
  std::string advertise;                            // or the whole URI
  std::string storage = "/var/lib/hearth/objects";  // directory or URL
  KeyLayout keys = KeyLayout::kAppSession;
  std::optional<std::uint64_t> max_bytes;
  bool operator==(const ObjectsConfig&) const = default;
};

struct LocalConfig {
  std::string socket = "/run/hearth/local.sock";  // HTTP at the same path + ".http"; empty: no local door
  bool operator==(const LocalConfig&) const = default;
};

enum class Discovery : std::uint8_t { kNone, kStatic, kDns, kKubernetes, kEtcd };

struct ClusterConfig {
  Discovery discovery = Discovery::kNone;
  std::vector<std::string> members;                             // static: host:port
  std::string members_file;                                     // static: one host:port a line, watched
  std::string name;                                             // dns
  std::vector<std::string> endpoints{"http://127.0.0.1:2379"};  // etcd
  std::string prefix = "/hearth/";
  Duration ttl = std::chrono::seconds(10);
  std::string username;
  std::string password_file;
  std::string ca_file;
  std::string kubernetes_namespace;  // `namespace` in the file
  std::string label = "app=hearth";
  std::string advertise;
  double weight = 1;
  std::string zone;
  std::string secret_file;
  bool operator==(const ClusterConfig&) const = default;
};

struct TlsConfig {
  std::string cert;  // PEM files
  std::string key;
  std::string client_ca;
  bool operator==(const TlsConfig&) const = default;
};

struct GrantConfig {
  std::string who;                 // anonymous, key:ID, token:NAME, cert:NAME
  std::vector<std::string> from;   // address ranges; empty: from anywhere
  std::vector<std::string> allow;  // read, write, list, admin
  std::vector<std::string> scope;  // NAME://bucket/prefix*, objects:app/session/*, admin:
  bool operator==(const GrantConfig&) const = default;
};

struct GateConfig {
  bool trust_loopback = true;
  std::string keys_file = "/var/lib/hearth/keys.yaml";
  TlsConfig tls;
  std::vector<GrantConfig> grants;
  bool insecure_anonymous = false;
  bool operator==(const GateConfig&) const = default;
};

enum class LogFormat : std::uint8_t { kText, kJson };
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
enum class MetricsAccess : std::uint8_t { kGated, kOpen };

struct TelemetryConfig {
  telemetry::LogFormat log_format = telemetry::LogFormat::kText;
  telemetry::Level log_level = telemetry::Level::kInfo;
  MetricsAccess metrics = MetricsAccess::kGated;
  bool operator==(const TelemetryConfig&) const = default;
};

struct Config {
  std::string listen = "0.0.0.0:8080";  // S3 door and /_hearth
  std::vector<std::string> hosts;       // names of ours, for bucket.host addressing
  std::string congestion_control;       // TCP, of listeners and origin connections; empty: the kernel's
  std::optional<std::uint64_t> loops;   // event loops; LoadConfig always sets it
  CacheConfig cache;
  // LoadConfig sees to it that the last rule matches everything.
  std::vector<FreshnessRule> freshness{{.match = "*"}};
  // LoadConfig puts s3 and gs where none is given; every one has a name, `file` ones a directory.
  std::vector<origin::OriginSpec> origins;
  ObjectsConfig objects;
  LocalConfig local;
  ClusterConfig cluster;
  GateConfig gate;
  TelemetryConfig telemetry;
  std::string ready_file;  // flag only: where the addresses are written once ready
  bool operator==(const Config&) const = default;
};

// The Unix socket of HTTP and administration that belongs to `local.socket`; empty if there is none.
inline std::string LocalHttpSocket(const LocalConfig& local) {
  return local.socket.empty() ? std::string() : local.socket + ".http";
}

}  // namespace hearth::server
