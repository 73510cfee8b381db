#include "model/node.h"

namespace hearth::model {

Node::Node(World& world, NodeOptions options)
    : world_(world),
      options_(std::move(options)),
      memory_(options_.memory_bytes),
      entry_{.name = OriginName("s3"),
             .buckets = {"*"},
             .origin = std::make_unique<WatchedOrigin>(world.origin, world.history, world.sim.clock())},
      files_(world.disk.Mount()),
      freshness_(options_.rules),
      fill_policy_({.background = options_.background_fill}) {
  const Clock& clock = world_.sim.clock();
  store_ = std::make_unique<cache::DiskStore>(
      cache::DiskStore::Options{.directory = "/cache",
                                .budget_bytes = options_.budget_bytes,
                                .geometry = kGeometry,
                                .eviction = options_.eviction,
                                .open_files_max = options_.open_files},
      cache::DiskStore::Environment{*files_, world_.pool, world_.pool, clock, metrics_, world_.log});
  cache_ = std::make_unique<cache::BlockCache>(
      kGeometry, cache::BlockCache::Environment{store_.get(), memory_, {&world_.fetch}, metrics_});
  metadata_ = std::make_unique<read::MetadataStore>(
      read::MetadataStore::Options{.memory_bytes_max = options_.metadata_bytes},
      read::MetadataStore::Environment{files_.get(), world_.pool, clock, world_.log, store_->shared_ledger()});
  resolver_ = std::make_unique<read::Resolver>(*metadata_, clock);
  reader_ = std::make_unique<read::ObjectReader>(
      read::ObjectReader::Environment{*cache_, *metadata_, *resolver_, freshness_, fill_policy_, memory_, clock});
}

Status Node::Start() {
  const Status opened = world_.sim.Run(RunOn(world_.pool, [this] {
    Status status = store_->Open();
    return status ? metadata_->Open() : status;
  }));
  if (!opened) return opened;
  store_->StartBackground(world_.fetch);
  started_ = true;
  return {};
}

void Node::Stop() {
  if (!started_) return;
  started_ = false;
  world_.sim.Run(cache_->Stop());
  world_.sim.Run(store_->Stop());
  world_.sim.Run(metadata_->Stop());
}

std::uint64_t Node::Evicted(std::string_view reason) {
  return metrics_.GetCounter(telemetry::Family::kCacheEvictedBlocks, {"/cache", reason}).Value();
}

std::uint64_t Node::Refused() {
  return metrics_.GetCounter(telemetry::Family::kBypass, {"/cache", "rejected"}).Value();
}

std::uint64_t Node::corrupt_pages() {
  return metrics_.GetCounter(telemetry::Family::kCacheCorruptPages, {"/cache"}).Value();
}

}  // namespace hearth::model
