#include "server/config_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>

#include "base/check.h"
#include "server/config_problem.h"
#include "server/config_value.h"

namespace hearth::server {
namespace {

template <typename Value>
Target MakeTarget(Value& value) {
  if constexpr (std::is_enum_v<Value>) {
    return ChoiceTarget{&value,
                        [](void* to, std::size_t choice) { *static_cast<Value*>(to) = static_cast<Value>(choice); }};
  } else {
    return &value;
  }
}

template <typename Record>
Target MakeTarget(std::vector<Record>& list) {
  if constexpr (std::is_same_v<Record, std::string>) {
    return &list;
  } else {
    return RecordsTarget{&list,
                         [](void* to) -> void* { return &static_cast<std::vector<Record>*>(to)->emplace_back(); },
                         [](void* to) { static_cast<std::vector<Record>*>(to)->clear(); }};
  }
}

template <typename Record, typename Value>
Record RecordOf(Value Record::*);

// The function that finds, in a record, the member that is reached through `First` and then the others.
template <auto First, auto... Others>
Target At(void* record) {
  using Record = decltype(RecordOf(First));
  return MakeTarget(((static_cast<Record*>(record)->*First).*....*Others));
}

constexpr std::string_view kSizes = "KiB, MiB, GiB, TiB or plain bytes";
constexpr std::string_view kDurations = "a number with ms, s, m or h";
constexpr std::string_view kListen = "ADDR:PORT; port 0 picks a free one";
constexpr std::string_view kFile = "a path";

// The orders are those of the enums in config.h.
constexpr std::array<std::string_view, 3> kEvictions{"w-tinylfu", "lru", "s3-fifo"};
constexpr std::array<std::string_view, 3> kModes{"immutable", "ttl", "always"};
constexpr std::array<std::string_view, 4> kOriginTypes{"s3", "gs", "http", "file"};
constexpr std::array<std::string_view, 2> kStyles{"path", "virtual"};
constexpr std::array<std::string_view, 2> kKeyLayouts{"app-session", "session"};
constexpr std::array<std::string_view, 5> kDiscoveries{"none", "static", "dns", "kubernetes", "etcd"};
constexpr std::array<std::string_view, 4> kRights{"read", "write", "list", "admin"};
constexpr std::array<std::string_view, 2> kLogFormats{"text", "json"};
constexpr std::array<std::string_view, 4> kLogLevels{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kMetricsAccess{"gated", "open"};

using Dir = CacheDirConfig;
constexpr std::array kDirFields{
    Field{"path", Kind::kText, "", "an absolute path", "The directory; made with mode 0700 if it is missing.",
          At<&Dir::path>},
    Field{"size", Kind::kSpace, "90%", "KiB, MiB, GiB, TiB, plain bytes, or a share of the file system",
          "How much it may use, counted in allocated bytes; a share is shared by the directories on one device.",
          At<&Dir::size>},
};

using Fresh = FreshnessRule;
constexpr std::array kFreshnessFields{
    Field{"match", Kind::kText, "", "a pattern; `*` covers any text, `/` too",
          "The canonical URLs (`NAME://bucket/key`) that the rule is for.", At<&Fresh::match>},
    Field{
        .name = "mode",
        .kind = Kind::kChoice,
        .default_text = "ttl",
        .allowed = "",
        .help =
            "`immutable`: the origin is never asked again. `ttl`: metadata older than `ttl` is revalidated. `always`: "
            "every read revalidates.",
        .bind = At<&Fresh::mode>,
        .choices = kModes},
    Field{"ttl", Kind::kDuration, "60s", kDurations, "How long metadata counts as fresh, with `mode: ttl`.",
          At<&Fresh::ttl>},
    Field{"stale_if_error", Kind::kDuration, "1h", kDurations,
          "With `mode: ttl`: how long past its ttl an object is served while the origin cannot be asked; 0s: never.",
          At<&Fresh::stale_if_error>},
};

using Origin = origin::OriginSpec;
constexpr std::array kOriginFields{
    Field{"name", Kind::kText, "null", "letters, digits, `-`, `_` and `.`, a letter or digit first, at most 63",
          "What stands before `://` in canonical URLs; unset: the type's name. Unique.", At<&Origin::name>},
    Field{.name = "type",
          .kind = Kind::kChoice,
          .default_text = "",
          .allowed = "",
          .help = "What it is.",
          .bind = At<&Origin::type>,
          .choices = kOriginTypes},
    Field{"region", Kind::kText, "null", "a region's name",
          "For s3, what requests are signed for; unset: AWS_REGION, AWS_DEFAULT_REGION, else us-east-1.",
          At<&Origin::region>},
    Field{"endpoint", Kind::kText, "null",
          "http://HOST[:PORT] or https://HOST[:PORT]; for http a base URL, for file a directory",
          "Where it is; unset: for s3 AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, else Amazon's, for gs "
          "STORAGE_EMULATOR_HOST, "
          "else Google's. http and file need it.",
          At<&Origin::endpoint>},
    Field{"credentials", Kind::kCredentials, "default", "default, none or profile:NAME",
          "Where keys come from: `default` asks the environment, the shared credentials file and so on, and goes "
          "unsigned "
          "with one warning if none has any; `none` never signs.",
          At<&Origin::credentials>},
    Field{"buckets", Kind::kTextList, "[\"*\"]", "patterns; `*` covers any text",
          "The buckets that belong to it; a bucket goes to the first origin that matches.", At<&Origin::buckets>},
    Field{.name = "style",
          .kind = Kind::kChoice,
          .default_text = "path",
          .allowed = "",
          .help = "Whether the bucket goes into the path or into the host's name.",
          .bind = At<&Origin::style>,
          .choices = kStyles},
    Field{"ca_file", Kind::kText, "null", kFile,
          "PEM file of the authorities that its certificate is checked against; unset: "
          "the system's.",
          At<&Origin::ca_file>},
};

using Grant = GrantConfig;
constexpr std::array kGrantFields{
    Field{"who", Kind::kText, "", "anonymous, key:ID, token:NAME or cert:NAME", "Whom the grant is for.",
          At<&Grant::who>},
    Field{"from", Kind::kTextList, "[]", "address ranges (10.0.0.0/8)", "Where they must come from; empty: anywhere.",
          At<&Grant::from>},
    Field{.name = "allow",
          .kind = Kind::kTextList,
          .default_text = "",
          .allowed = "",
          .help = "What they may do.",
          .bind = At<&Grant::allow>,
          .choices = kRights},
    Field{"scope", Kind::kTextList, "", "NAME://bucket/prefix*, objects:app/session/*, admin:", "On what.",
          At<&Grant::scope>},
};

using Cache = CacheConfig;
constexpr std::array kTopFields{
    Field{"listen", Kind::kAddress, "0.0.0.0:8080", kListen,
          "Address of the S3 door and of everything under `/_hearth/`.", At<&Config::listen>},
    Field{"hosts", Kind::kTextList, "[]", "host names",
          "Names of this service: `B.NAME` is bucket B (`B.localhost` always is); any other Host means path style.",
          At<&Config::hosts>},
    Field{"congestion_control", Kind::kText, "null", "a name from net.ipv4.tcp_available_congestion_control",
          "TCP congestion control of listeners and origin connections; unset: the kernel's.",
          At<&Config::congestion_control>},
    Field{"loops", Kind::kInteger, "null", "1 to 1024",
          "Event loops that serve clients; unset: the number of CPUs that the process may use.", At<&Config::loops>},
    Field{.name = "freshness",
          .kind = Kind::kRecords,
          .default_text = "[{match: \"*\", mode: ttl, ttl: 60s, stale_if_error: 1h}]",
          .allowed = "a list of rules",
          .help = "How long objects count as fresh: the first rule that matches decides, and what none matches has the "
                  "default.",
          .bind = At<&Config::freshness>,
          .record = kFreshnessFields},
    Field{.name = "origins",
          .kind = Kind::kRecords,
          .default_text = "[{type: s3}, {type: gs}]",
          .allowed = "a list of origins",
          .help = "Where objects live.",
          .bind = At<&Config::origins>,
          .record = kOriginFields},
};
constexpr std::array kCacheFields{
    Field{.name = "dirs",
          .kind = Kind::kRecords,
          .default_text = "[{path: /var/lib/hearth/cache, size: 90%}]",
          .allowed = "a list of absolute paths or of {path, size}",
          .help =
              "Directories for cached blocks. Not root: `$XDG_CACHE_HOME/hearth` (`~/.cache/hearth`); under the name "
              "`frontcache`: /tmp/frontcache.",
          .bind = At<&Config::cache, &Cache::dirs>,
          .record = kDirFields,
          .record_short_form = "path"},
    Field{"block_size", Kind::kSize, "16MiB", "a power of two from 1MiB to 64MiB",
          "The unit of ownership and of eviction, in bytes; equal on all nodes of a cluster.",
          At<&Config::cache, &Cache::block_size>},
    Field{"sub_block_size", Kind::kSize, "256KiB", "a power of two from 64KiB to block_size",
          "The unit of presence inside a block, in bytes.", At<&Config::cache, &Cache::sub_block_size>},
    Field{.name = "eviction",
          .kind = Kind::kChoice,
          .default_text = "w-tinylfu",
          .allowed = "",
          .help = "Which blocks go first when space is short.",
          .bind = At<&Config::cache, &Cache::eviction>,
          .choices = kEvictions},
    Field{"high_watermark", Kind::kShare, "95%", "more than 0% and at most 100%",
          "Share of a directory's budget above which the purger evicts.", At<&Config::cache, &Cache::high_watermark>},
    Field{"low_watermark", Kind::kShare, "90%", "more than 0% and at most high_watermark",
          "Share down to which it evicts.", At<&Config::cache, &Cache::low_watermark>},
    Field{"purge_interval", Kind::kDuration, "10s", kDurations, "Time between two looks of the purger; more than 0.",
          At<&Config::cache, &Cache::purge_interval>},
    Field{"memory", Kind::kSize, "null", kSizes,
          "Bytes in flight that the process may hold; unset: the smaller of 2GiB and a quarter of the memory limit (of "
          "the "
          "cgroup, else the machine's memory). At least 32MiB.",
          At<&Config::cache, &Cache::memory>},
    Field{"verify_interval", Kind::kDuration, "10m", kDurations,
          "How long cached bytes may be sent without their checksums being looked at again.",
          At<&Config::cache, &Cache::verify_interval>},
};
using Objects = ObjectsConfig;
constexpr std::array kObjectsFields{
    Field{"listen", Kind::kAddress, "0.0.0.0:9090", kListen, "Address of the object door (Arrow Flight).",
          At<&Config::objects, &Objects::listen>},
    Field{"network_interface", Kind::kText, "null", "an interface's name",
          "Whose address goes into ObjectRef; unset: the listener's, for 0.0.0.0 the source of the default route.",
          At<&Config::objects, &Objects::network_interface>},
    Field{"advertise", Kind::kText, "null", "a URI (grpc://HOST:PORT)", "The whole URI that goes into ObjectRef.",
          At<&Config::objects, &Objects::advertise>},
    Field{"storage", Kind::kText, "/var/lib/hearth/objects", "a directory or file:///DIR",
          "Where objects are kept. Not root: `$XDG_DATA_HOME/hearth/objects` (`~/.local/share/hearth/objects`).",
          At<&Config::objects, &Objects::storage>},
    Field{.name = "keys",
          .kind = Kind::kChoice,
          .default_text = "app-session",
          .allowed = "",
          .help = "The parts before an object's name: `app/session`, or `session` as the early two-part keys had it.",
          .bind = At<&Config::objects, &Objects::keys>,
          .choices = kKeyLayouts},
    Field{"max_bytes", Kind::kSize, "null", kSizes,
          "Bytes of all objects above which least recently used sessions are evicted unless pinned; unset: no limit.",
          At<&Config::objects, &Objects::max_bytes>},
};
constexpr std::array kLocalFields{
    Field{"socket", Kind::kText, "/run/hearth/local.sock", "an absolute path of at most 102 bytes",
          "Unix socket for programs on this host; HTTP, and administration for root and the daemon's own user, is at "
          "the same "
          "path with `.http` appended. Not root: `$XDG_RUNTIME_DIR/hearth/local.sock`, else "
          "`~/.local/share/hearth/local.sock`.",
          At<&Config::local, &LocalConfig::socket>},
};
using Cluster = ClusterConfig;
constexpr std::array kClusterFields{
    Field{.name = "discovery",
          .kind = Kind::kChoice,
          .default_text = "none",
          .allowed = "",
          .help = "How nodes find each other; with anything but `none`, gate.keys_file and secret_file must be given.",
          .bind = At<&Config::cluster, &Cluster::discovery>,
          .choices = kDiscoveries},
    Field{"members", Kind::kTextList, "[]", "HOST:PORT of S3 doors", "static: the members.",
          At<&Config::cluster, &Cluster::members>},
    Field{"members_file", Kind::kText, "null", kFile, "static: a file with one HOST:PORT a line, watched.",
          At<&Config::cluster, &Cluster::members_file>},
    Field{"name", Kind::kText, "null", "a host name", "dns: the name whose addresses are the members.",
          At<&Config::cluster, &Cluster::name>},
    Field{"endpoints", Kind::kTextList, "[http://127.0.0.1:2379]", "http:// or https:// URLs", "etcd: where it is.",
          At<&Config::cluster, &Cluster::endpoints>},
    Field{"prefix", Kind::kText, "/hearth/", "a key prefix", "etcd: below it each member has a key.",
          At<&Config::cluster, &Cluster::prefix>},
    Field{"ttl", Kind::kDuration, "10s", kDurations,
          "etcd: how long a member that has fallen silent is kept; at least 1s.", At<&Config::cluster, &Cluster::ttl>},
    Field{"username", Kind::kText, "null", "a name", "etcd: whom to log in as.",
          At<&Config::cluster, &Cluster::username>},
    Field{"password_file", Kind::kText, "null", kFile, "etcd: a file that holds the password.",
          At<&Config::cluster, &Cluster::password_file>},
    Field{"ca_file", Kind::kText, "null", kFile, "etcd: PEM file of its authorities; unset: the system's.",
          At<&Config::cluster, &Cluster::ca_file>},
    Field{"namespace", Kind::kText, "null", "a name", "kubernetes: where the pods are; unset: this pod's own.",
          At<&Config::cluster, &Cluster::kubernetes_namespace>},
    Field{"label", Kind::kText, "app=hearth", "a label selector (NAME=VALUE,...)",
          "kubernetes: which pods are members. Under the name `frontcache`: app=frontcache.",
          At<&Config::cluster, &Cluster::label>},
    Field{"advertise", Kind::kText, "null", "HOST:PORT", "This node's own address as the others see it; unset: listen.",
          At<&Config::cluster, &Cluster::advertise>},
    Field{"weight", Kind::kNumber, "1", "more than 0, at most 1000",
          "Share of the blocks that it owns, beside the others'.", At<&Config::cluster, &Cluster::weight>},
    Field{"zone", Kind::kText, "null", "a name", "Where it stands; owners of one block are put into different zones.",
          At<&Config::cluster, &Cluster::zone>},
    Field{"secret_file", Kind::kText, "null", kFile, "A file that holds the secret by which members know each other.",
          At<&Config::cluster, &Cluster::secret_file>},
};
using Gate = GateConfig;
constexpr std::string_view kGateLater = "the gate's keys and grants";
constexpr std::array kGateFields{
    Field{.name = "trust_loopback",
          .kind = Kind::kBool,
          .default_text = "true",
          .allowed = "true or false",
          .help = "Whether programs on this host may read and write without a key.",
          .bind = At<&Config::gate, &Gate::trust_loopback>,
          .later = kGateLater},
    Field{.name = "keys_file",
          .kind = Kind::kText,
          .default_text = "/var/lib/hearth/keys.yaml",
          .allowed = kFile,
          .help = "The access keys that are known. Not root: `$XDG_CONFIG_HOME/hearth/keys.yaml` "
                  "(`~/.config/hearth/keys.yaml`).",
          .bind = At<&Config::gate, &Gate::keys_file>,
          .later = kGateLater},
    Field{.name = "grants",
          .kind = Kind::kRecords,
          .default_text = "[]",
          .allowed = "a list of grants",
          .help = "Who may do what; what no grant allows is refused.",
          .bind = At<&Config::gate, &Gate::grants>,
          .record = kGrantFields,
          .later = kGateLater},
    Field{"insecure_anonymous", Kind::kBool, "false", "true or false",
          "Serve everybody who can reach the listeners, without keys.", At<&Config::gate, &Gate::insecure_anonymous>},
};
constexpr std::array kTlsFields{
    Field{"cert", Kind::kText, "null", kFile, "PEM file of the certificate and its chain.",
          At<&Config::gate, &Gate::tls, &TlsConfig::cert>},
    Field{"key", Kind::kText, "null", kFile, "PEM file of its private key.",
          At<&Config::gate, &Gate::tls, &TlsConfig::key>},
    Field{"client_ca", Kind::kText, "null", kFile, "PEM file of the authorities for client certificates.",
          At<&Config::gate, &Gate::tls, &TlsConfig::client_ca>},
};
using Telemetry = TelemetryConfig;
constexpr std::array kTelemetryFields{
    Field{.name = "log_format",
          .kind = Kind::kChoice,
          .default_text = "text",
          .allowed = "",
          .help = "Form of a log line.",
          .bind = At<&Config::telemetry, &Telemetry::log_format>,
          .choices = kLogFormats},
    Field{.name = "log_level",
          .kind = Kind::kChoice,
          .default_text = "info",
          .allowed = "",
          .help = "What is not worth less than this is logged.",
          .bind = At<&Config::telemetry, &Telemetry::log_level>,
          .choices = kLogLevels},
    Field{.name = "metrics",
          .kind = Kind::kChoice,
          .default_text = "gated",
          .allowed = "",
          .help = "Who may read `/_hearth/metrics`: who may read `admin:`, or everybody.",
          .bind = At<&Config::telemetry, &Telemetry::metrics>,
          .choices = kMetricsAccess},
};

constexpr std::array kSections{
    Section{"", "What stands at the top of the file.", kTopFields},
    Section{"cache", "The block cache.", kCacheFields},
    Section{"objects", "The object door.", kObjectsFields, "the object door"},
    Section{"local", "The local door.", kLocalFields},
    Section{"cluster", "How nodes find and know each other.", kClusterFields, "the cluster"},
    Section{"gate", "Who may do what.", kGateFields},
    Section{"gate.tls", "TLS on the listeners.", kTlsFields, kGateLater},
    Section{"telemetry", "What Hearth says about itself.", kTelemetryFields},
};

Result<std::size_t> FindChoice(const Field& field, std::string_view text) {
  const auto found = std::ranges::find(field.choices, text);
  if (found != field.choices.end()) return static_cast<std::size_t>(found - field.choices.begin());
  const std::vector<std::string_view> names(field.choices.begin(), field.choices.end());
  const std::string_view nearest = NearestName(text, names);
  return Fail(Code::kInvalidArgument,
              fmt::format("{} is not known here{}; allowed: {}", Quote(text),
                          nearest.empty() ? "" : fmt::format(", did you mean {}?", nearest), JoinNames(names)));
}

template <typename Value>
Status Store(const Target& target, Result<Value> parsed) {
  if (!parsed) return Fail(std::move(parsed).error());
  *std::get<Value*>(target) = *std::move(parsed);
  return {};
}

// Numbers may be of the kind that can be left unset.
Status StoreOptional(const Target& target, Result<std::uint64_t> parsed) {
  if (!std::holds_alternative<std::optional<std::uint64_t>*>(target))
    return Store<std::uint64_t>(target, std::move(parsed));
  if (!parsed) return Fail(std::move(parsed).error());
  *std::get<std::optional<std::uint64_t>*>(target) = *parsed;
  return {};
}

}  // namespace

std::span<const Section> ConfigSchema() { return kSections; }

std::string PathOf(const Section& section, const Field& field) {
  return section.name.empty() ? std::string(field.name) : fmt::format("{}.{}", section.name, field.name);
}

const Field* FindField(std::string_view path) {
  for (const Section& section : kSections) {
    for (const Field& field : section.fields) {
      if (PathOf(section, field) == path) return &field;
    }
  }
  return nullptr;
}

std::string AllowedText(const Field& field) {
  if (field.choices.empty()) return std::string(field.allowed);
  return JoinNames({field.choices.begin(), field.choices.end()});
}

Status AssignScalar(const Field& field, void* record, std::string_view text) {
  const Target target = field.bind(record);
  switch (field.kind) {
    case Kind::kText:
      if (text.find('\0') != std::string_view::npos) return Fail(Code::kInvalidArgument, "a zero byte is not allowed");
      *std::get<std::string*>(target) = text;
      return {};
    case Kind::kBool: return Store<bool>(target, ParseBool(text));
    case Kind::kInteger: return StoreOptional(target, ParseInteger(text));
    case Kind::kNumber: return Store<double>(target, ParseNumber(text));
    case Kind::kSize: return StoreOptional(target, ParseSize(text));
    case Kind::kDuration: return Store<Duration>(target, ParseDuration(text));
    case Kind::kShare: return Store<Share>(target, ParseShare(text));
    case Kind::kSpace: return Store<SpaceLimit>(target, ParseSpaceLimit(text));
    case Kind::kCredentials: return Store<origin::CredentialsChoice>(target, origin::ParseCredentialsChoice(text));
    case Kind::kAddress: return Store<std::string>(target, ParseListenAddress(text));
    case Kind::kChoice: {
      const Result<std::size_t> choice = FindChoice(field, text);
      if (!choice) return Fail(choice.error());
      const auto& to = std::get<ChoiceTarget>(target);
      to.set(to.value, *choice);
      return {};
    }
    case Kind::kTextList:
    case Kind::kRecords: break;
  }
  HEARTH_CHECK(false && "a list is not a scalar");
}

Status AppendText(const Field& field, void* record, std::string_view text) {
  if (!field.choices.empty()) {
    if (const Result<std::size_t> choice = FindChoice(field, text); !choice) return Fail(choice.error());
  }
  if (text.empty()) return Fail(Code::kInvalidArgument, fmt::format("an empty text; allowed: {}", field.allowed));
  std::get<std::vector<std::string>*>(field.bind(record))->emplace_back(text);
  return {};
}

void AssignNull(const Field& field, void* record) {
  const Target target = field.bind(record);
  if (auto* const* text = std::get_if<std::string*>(&target)) (*text)->clear();
  if (auto* const* number = std::get_if<std::optional<std::uint64_t>*>(&target)) (*number)->reset();
}

}  // namespace hearth::server
