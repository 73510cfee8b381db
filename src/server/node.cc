#include "server/node.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "base/block_on.h"
#include "cache/block_cache.h"
#include "front/admin/admin_front.h"
#include "front/s3/s3_front.h"
#include "io/loop.h"
#include "io/process.h"
#include "io/thread_pool.h"
#include "read/object_reader.h"
#include "server/origins.h"
#include "server/version.h"

namespace hearth::server {
namespace {

constexpr int kDiskThreads = 4;
constexpr int kDiskNice = 3;
constexpr int kWriteThreads = 2;
constexpr int kWriteNice = 3;  // much more, and what is to be written piles up in memory on a busy machine
constexpr std::size_t kOpenFilesMax = 65536;
constexpr std::size_t kDescriptorsReservedMin = 48;
constexpr std::size_t kConnectionsMin = 16;
constexpr Duration kDrainPoll = std::chrono::milliseconds(20);

// Hearth's own paths go to the admin front, unless the host carries a bucket; the rest is S3.
class Router final : public http::Handler {
 public:
  Router(http::Handler& s3, http::Handler& admin, std::vector<std::string> hosts)
      : s3_(s3), admin_(admin), hosts_(std::move(hosts)) {}

  void Handle(http::Exchange& exchange) override {
    const http::Request& request = exchange.request();
    const bool ours = front::IsAdminPath(request.path) && front::BucketOfHost(request.host, hosts_).empty();
    (ours ? admin_ : s3_).Handle(exchange);
  }

 private:
  http::Handler& s3_;
  http::Handler& admin_;
  const std::vector<std::string> hosts_;
};

std::vector<read::FreshnessRule> RulesOf(const Config& config) {
  std::vector<read::FreshnessRule> rules;
  for (const FreshnessRule& rule : config.freshness) {
    const read::FreshnessMode mode = rule.mode == FreshnessMode::kImmutable ? read::FreshnessMode::kImmutable
                                     : rule.mode == FreshnessMode::kAlways  ? read::FreshnessMode::kAlways
                                                                            : read::FreshnessMode::kTtl;
    rules.push_back({rule.match, mode, rule.ttl, rule.stale_if_error});
  }
  return rules;
}

std::size_t OpenFilesMax(std::size_t descriptors) { return std::min(descriptors / 2, kOpenFilesMax); }

// Clients may have what block files, origins and logs leave: a client too many is turned away, and is no reason that a
// miss cannot be fetched.
std::size_t ConnectionsMax(std::size_t descriptors) {
  const std::size_t reserved = std::max(kDescriptorsReservedMin, descriptors / 8);
  const std::size_t left = descriptors - std::min(descriptors, OpenFilesMax(descriptors) + reserved);
  return std::clamp<std::size_t>(left, kConnectionsMin, http::ServerOptions{}.connections_max);
}

cache::EvictionKind KindOf(Eviction eviction) {
  switch (eviction) {
    case Eviction::kLru: return cache::EvictionKind::kLru;
    case Eviction::kS3Fifo: return cache::EvictionKind::kS3Fifo;
    case Eviction::kWTinyLfu: break;
  }
  return cache::EvictionKind::kWTinyLfu;
}

class RealNode final : public Node, public front::NodeView {
 public:
  RealNode(const Config& config, telemetry::Logger& log)
      : config_(config),
        log_(log),
        started_(SystemClock().Now()),
        memory_(config.cache.memory.value_or(1_GiB)),
        freshness_(RulesOf(config)),
        fill_policy_({}) {}

  Status Build() {
    HEARTH_TRY(MakeThreads());
    HEARTH_TRY(OpenCache());
    HEARTH_TRY(MakeOrigins());
    MakeReadPlane();
    return MakeDoors();
  }

  ~RealNode() override { Stop(); }

  Status Start() override;
  void Drain(Duration deadline) override;
  void Stop() override;
  std::string s3_url() const override { return "http://" + dialable_; }
  std::string local_socket() const override { return local_socket_; }

  // front::NodeView
  bool ready() const override { return ready_.load(std::memory_order_acquire); }
  const std::string& name() const override { return name_; }
  const std::string& address() const override { return dialable_; }
  std::uint64_t block_size() const override { return config_.cache.block_size; }
  front::NodeStatus Describe() const override;

 private:
  Result<std::unique_ptr<io::Loop>> MakeLoop(std::string loop_name) const {
    return io::Loop::Create({.name = std::move(loop_name)});
  }
  Status MakeThreads();
  Status OpenCache();
  Status MakeOrigins();
  void MakeReadPlane();
  Status MakeDoors();
  void ListenLocally();
  void CollectGauges();

  // In the order of construction; destroyed in reverse.
  const Config config_;
  telemetry::Logger& log_;
  const TimePoint started_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> draining_ = false;
  telemetry::Registry metrics_;
  MemoryBudget memory_;
  std::unique_ptr<io::ThreadPool> disk_pool_;
  std::unique_ptr<io::ThreadPool> write_pool_;
  std::unique_ptr<io::ThreadPool> origin_pool_;  // of `file` origins: one that hangs (NFS) holds up no hit
  std::vector<std::unique_ptr<io::Loop>> loops_;
  std::vector<std::unique_ptr<io::Loop>> fetch_loops_;
  std::unique_ptr<io::FileSystem> cache_files_;
  std::unique_ptr<cache::DiskStore> store_;
  BuiltOrigins built_;
  std::unique_ptr<read::OriginDirectory> origins_;
  std::unique_ptr<cache::BlockCache> cache_;
  std::unique_ptr<read::MetadataStore> metadata_;
  const read::FreshnessPolicy freshness_;
  read::FillPolicy fill_policy_;
  std::unique_ptr<read::Resolver> resolver_;
  std::unique_ptr<read::ObjectReader> reader_;
  std::unique_ptr<gate::Gate> gate_;
  std::unique_ptr<front::ObjectAnswerer> answerer_;
  std::unique_ptr<front::Forwarder> forwarder_;
  std::unique_ptr<front::S3Front> s3_;
  std::unique_ptr<front::AdminFront> admin_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<http::Server> server_;
  std::string bound_;         // of the S3 door
  std::string dialable_;      // the same, as a client on this host can dial it
  std::string local_socket_;  // empty: there is none
  std::string name_;
  bool running_ = false;  // the loops run
};

Status RealNode::MakeThreads() {
  // Disks give way to what answers clients.
  disk_pool_ = io::ThreadPool::Create({.name = "disk", .threads = kDiskThreads, .nice = kDiskNice});
  write_pool_ = io::ThreadPool::Create({.name = "disk-write", .threads = kWriteThreads, .nice = kWriteNice});
  origin_pool_ = io::ThreadPool::Create({.name = "file-origin", .threads = kDiskThreads});
  const std::uint64_t count = std::max<std::uint64_t>(1, config_.loops.value_or(std::thread::hardware_concurrency()));
  for (std::uint64_t i = 0; i < count; ++i) {
    Result<std::unique_ptr<io::Loop>> loop = MakeLoop("loop-" + std::to_string(i));
    if (!loop) return Fail(std::move(loop).error());
    loops_.push_back(std::move(*loop));
  }
  for (std::uint64_t i = 0; i < std::max<std::uint64_t>(1, count / 2); ++i) {
    Result<std::unique_ptr<io::Loop>> loop = MakeLoop("fetch-" + std::to_string(i));
    if (!loop) return Fail(std::move(loop).error());
    fetch_loops_.push_back(std::move(*loop));
  }
  return {};
}

Status RealNode::OpenCache() {
  const CacheDirConfig& dir = config_.cache.dirs.front();
  if (config_.cache.dirs.size() > 1) {
    log_.Warn("one cache directory is used until a later release", {{"dir", dir.path}});
  }
  Result<std::unique_ptr<io::FileSystem>> files = io::OpenPosixFileSystem(dir.path, {});
  if (!files) {
    return Fail(Error(Code::kInvalidArgument, "cache directory " + dir.path + ": " + files.error().message()));
  }
  cache_files_ = std::move(*files);
  const Result<io::FileSystem::Space> space = cache_files_->GetSpace();
  if (!space) return Fail(Error(space.error()).With("cache directory " + dir.path));
  const std::uint64_t budget =
      dir.size.bytes != 0 ? dir.size.bytes
                          : static_cast<std::uint64_t>(static_cast<double>(space->total) * dir.size.share.fraction);
  const std::size_t open_files = OpenFilesMax(io::RaiseDescriptorLimit());
  store_ = std::make_unique<cache::DiskStore>(
      cache::DiskStore::Options{
          .directory = dir.path,
          .budget_bytes = budget,
          .geometry = {config_.cache.block_size, static_cast<std::uint32_t>(config_.cache.sub_block_size)},
          .eviction = KindOf(config_.cache.eviction),
          .high_watermark = config_.cache.high_watermark.fraction,
          .low_watermark = config_.cache.low_watermark.fraction,
          .purge_interval = config_.cache.purge_interval,
          .verify_interval = config_.cache.verify_interval,
          .open_files_max = open_files},
      cache::DiskStore::Environment{*cache_files_, *disk_pool_, *write_pool_, SystemClock(), metrics_, log_});
  return {};
}

Status RealNode::MakeOrigins() {
  std::vector<io::Loop*> fetch(fetch_loops_.size());
  std::ranges::transform(fetch_loops_, fetch.begin(), &std::unique_ptr<io::Loop>::get);
  Result<BuiltOrigins> built =
      BuildOrigins(config_, {fetch, *origin_pool_, SystemClock(), metrics_, log_, ProcessEnvironment()});
  if (!built) return Fail(std::move(built).error());
  built_ = std::move(*built);
  origins_ = std::make_unique<read::OriginDirectory>(std::move(built_.entries));
  return {};
}

void RealNode::MakeReadPlane() {
  std::vector<Executor*> fetch(fetch_loops_.size());
  std::ranges::transform(fetch_loops_, fetch.begin(), &std::unique_ptr<io::Loop>::get);
  cache_ = std::make_unique<cache::BlockCache>(store_->options().geometry,
                                               cache::BlockCache::Environment{store_.get(), memory_, fetch, metrics_});
  metadata_ = std::make_unique<read::MetadataStore>(
      read::MetadataStore::Options{},
      read::MetadataStore::Environment{cache_files_.get(), *disk_pool_, SystemClock(), log_, store_->shared_ledger()});
  resolver_ = std::make_unique<read::Resolver>(*metadata_, SystemClock());
  reader_ = std::make_unique<read::ObjectReader>(read::ObjectReader::Environment{
      *cache_, *metadata_, *resolver_, freshness_, fill_policy_, memory_, SystemClock()});
}

Status RealNode::MakeDoors() {
  gate_ = gate::MakeLocalGate({.trust_loopback = config_.gate.trust_loopback,
                               .insecure_anonymous = config_.gate.insecure_anonymous,
                               // Host and Origin rules come with the gate's own release; until then a local
                               // client may call this host whatever it likes.
                               .check_host = false,
                               .hosts = config_.hosts,
                               .own_uid = geteuid()});
  answerer_ = std::make_unique<front::ObjectAnswerer>(*reader_, metrics_, log_);
  forwarder_ = std::make_unique<front::Forwarder>(memory_, log_);
  s3_ = std::make_unique<front::S3Front>(
      front::S3Front::Environment{*gate_, *origins_, *answerer_, *forwarder_, metrics_, log_, config_.hosts});
  admin_ = std::make_unique<front::AdminFront>(
      front::AdminFront::Environment{*gate_, *origins_, *reader_, *answerer_, *forwarder_, *this, metrics_, log_,
                                     config_.telemetry.metrics == MetricsAccess::kOpen});
  router_ = std::make_unique<Router>(*s3_, *admin_, config_.hosts);
  std::vector<io::Loop*> loops(loops_.size());
  std::ranges::transform(loops_, loops.begin(), &std::unique_ptr<io::Loop>::get);
  server_ = http::MakeServer(loops, *router_,
                             {.connections_max = ConnectionsMax(io::RaiseDescriptorLimit()),
                              .congestion_control = config_.congestion_control});
  return {};
}

void RealNode::CollectGauges() {
  metrics_.GetGauge(telemetry::Family::kMembers).Set(1);
  metrics_.GetGauge(telemetry::Family::kMemoryInFlight).Set(static_cast<std::int64_t>(memory_.used()));
  metrics_.GetGauge(telemetry::Family::kBuildInfo, {kVersion}).Set(1);
}

// "0.0.0.0:80" and "[::]:80" are dialled as loopback.
std::string Dialable(std::string_view bound) {
  const std::size_t colon = bound.rfind(':');
  const std::string_view host = bound.substr(0, colon);
  const std::string port(bound.substr(colon));
  if (host == "0.0.0.0") return "127.0.0.1" + port;
  if (host == "[::]") return "[::1]" + port;
  return std::string(bound);
}

// Another node on this host may have the socket: then this one is reached over TCP only.
void RealNode::ListenLocally() {
  const std::string socket = LocalHttpSocket(config_.local);
  if (socket.empty()) return;
  const std::string directory = socket.substr(0, socket.rfind('/'));
  const Result<std::unique_ptr<io::FileSystem>> made =
      io::OpenPosixFileSystem(directory.empty() ? "/" : directory, {.create = true, .must_be_private = false});
  const Status listening = made ? server_->ListenUnix(socket) : Fail(Error(made.error()));
  if (listening) {
    local_socket_ = config_.local.socket;
  } else {
    log_.Warn("no local socket: administration needs one",
              {{"socket", socket}, {"error", listening.error().message()}});
  }
}

Status RealNode::Start() {
  for (const auto& loop : loops_) loop->Start();
  for (const auto& loop : fetch_loops_) loop->Start();
  running_ = true;
  io::Loop& home = *fetch_loops_.front();
  const Status opened = BlockOn(home, RunOn(*disk_pool_, [this] {
                                  Status status = store_->Open();
                                  return status ? metadata_->Open() : status;
                                }));
  if (!opened) return Fail(Error(opened.error()).With("cache directory " + store_->options().directory));
  store_->StartBackground(home);
  metrics_.AddCollector([this] { CollectGauges(); });

  Result<std::string> bound = server_->ListenTcp(config_.listen);
  if (!bound) return Fail(std::move(bound).error().With("listen on " + config_.listen));
  bound_ = std::move(*bound);
  dialable_ = Dialable(bound_);
  name_ = config_.cluster.advertise.empty() ? dialable_ : config_.cluster.advertise;
  ListenLocally();
  server_->Start();
  ready_.store(true, std::memory_order_release);
  log_.Info("ready", {{"s3", s3_url()}, {"listen", bound_}, {"version", kVersion}});
  if (config_.gate.insecure_anonymous) {
    log_.Warn("insecure_anonymous: everybody who reaches this node may read what its origins hold");
  }
  return {};
}

void RealNode::Drain(Duration deadline) {
  ready_.store(false, std::memory_order_release);
  draining_.store(true, std::memory_order_release);
  server_->Drain();
  const TimePoint until = SystemClock().Now() + deadline;
  while (server_->active_requests() > 0 && SystemClock().Now() < until) std::this_thread::sleep_for(kDrainPoll);
  if (server_->active_requests() > 0)
    log_.Warn("cutting what did not end in time", {{"requests", server_->active_requests()}});
}

void RealNode::Stop() {
  if (!std::exchange(running_, false)) return;
  // First what requests wait for, so that those that are cut come to their end.
  resolver_->Cancel();
  cache_->Cancel();
  server_->Stop();
  io::Loop& home = *fetch_loops_.front();
  BlockOn(home, cache_->Stop());
  BlockOn(home, store_->Stop());
  BlockOn(home, metadata_->Stop());
  for (origin::SteadyOrigin* origin : built_.steady) BlockOn(home, origin->Stop());
  for (const auto& loop : fetch_loops_) loop->Stop();
  for (const auto& loop : loops_) loop->Stop();
  origin_pool_->Stop();
  write_pool_->Stop();
  disk_pool_->Stop();
}

front::NodeStatus RealNode::Describe() const {
  front::NodeStatus status{.version = std::string(kVersion),
                           .name = name_,
                           .uptime_seconds = std::chrono::duration<double>(SystemClock().Now() - started_).count(),
                           .ready = ready(),
                           .draining = draining_.load(std::memory_order_acquire),
                           .insecure_anonymous = config_.gate.insecure_anonymous,
                           .connections = server_->connections(),
                           .active_requests = server_->active_requests(),
                           .memory_in_flight_bytes = memory_.used(),
                           .memory_budget_bytes = memory_.capacity(),
                           .metadata_entries = metadata_->count(),
                           .index_memory_bytes = store_->index_memory_bytes()};
  status.directories.push_back({.path = store_->options().directory,
                                .state = store_->scan_done() ? "ok" : "scanning",
                                .blocks = store_->blocks(),
                                .bytes = store_->ledger().used(),
                                .budget_bytes = store_->ledger().budget()});
  for (const read::OriginEntry& entry : origins_->entries()) {
    status.origins.push_back({entry.name.value, std::string(origin::OriginTypeName(entry.type)), entry.buckets});
  }
  return status;
}

}  // namespace

Result<std::unique_ptr<Node>> Node::Create(const Config& config, telemetry::Logger& log) {
  auto node = std::make_unique<RealNode>(config, log);
  if (Status built = node->Build(); !built) return Fail(std::move(built).error());
  return node;
}

}  // namespace hearth::server
