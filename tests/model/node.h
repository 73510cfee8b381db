// Node: one process of the simulated world: the read plane as the composition root puts it together, over a SimDisk
// and one watched origin.
//
// Start, use, Stop, destroy; after a crash too (support/sim_executor.h): then what it does matters no more.
#pragma once

#include <memory>

#include "model/watched_origin.h"
#include "read/object_reader.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace hearth::model {

inline constexpr cache::Geometry kGeometry{.block_size = 1_MiB, .sub_block_size = 64_KiB};

struct NodeOptions {
  std::uint64_t budget_bytes = 64_MiB;
  std::uint64_t memory_bytes = 16_MiB;
  std::uint64_t metadata_bytes = 1_MiB;
  std::size_t open_files = 64;
  cache::EvictionKind eviction = cache::EvictionKind::kWTinyLfu;
  bool background_fill = true;
  std::vector<read::FreshnessRule> rules;
};

// What outlives the processes.
struct World {
  sim::SimWorld& sim;
  sim::SimDisk& disk;
  sim::SimExecutor& loop;
  sim::SimExecutor& fetch;
  sim::SimExecutor& pool;
  sim::FakeOrigin& origin;
  History& history;
  telemetry::Logger& log;
};

class Node {
 public:
  Node(World& world, NodeOptions options);
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // On an error: destroy it, and make another.
  Status Start();
  // Clients are gone.
  void Stop();

  read::ObjectReader& reader() { return *reader_; }
  const read::OriginEntry& origin() const { return entry_; }
  cache::DiskStore& store() { return *store_; }
  const MemoryBudget& memory() const { return memory_; }
  const NodeOptions& options() const { return options_; }
  const read::FreshnessRule& RuleOf(const ObjectId& object) const { return freshness_.For(object.Url()); }
  std::uint64_t Evicted(std::string_view reason);
  std::uint64_t Refused();
  std::uint64_t corrupt_pages();

 private:
  World& world_;
  const NodeOptions options_;
  telemetry::Registry metrics_;
  MemoryBudget memory_;
  read::OriginEntry entry_;
  std::unique_ptr<io::FileSystem> files_;
  std::unique_ptr<cache::DiskStore> store_;
  std::unique_ptr<cache::BlockCache> cache_;
  std::unique_ptr<read::MetadataStore> metadata_;
  const read::FreshnessPolicy freshness_;
  read::FillPolicy fill_policy_;
  std::unique_ptr<read::Resolver> resolver_;
  std::unique_ptr<read::ObjectReader> reader_;
  bool started_ = false;
};

}  // namespace hearth::model
