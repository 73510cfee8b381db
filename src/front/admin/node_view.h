// NodeView: what the admin front shows of the node that it runs in. The composition root implements it.
// Any loop; nothing waits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hearth::front {

struct DirectoryStatus {
  std::string path;
  std::string state;  // "ok", "scanning"
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;  // allocated on disk
  std::uint64_t budget_bytes = 0;
};

struct OriginStatus {
  std::string name;
  std::string type;
  std::vector<std::string> buckets;
};

struct NodeStatus {
  std::string version;
  std::string name;
  double uptime_seconds = 0;
  bool ready = false;
  bool draining = false;
  bool insecure_anonymous = false;
  std::uint64_t connections = 0;
  std::uint64_t active_requests = 0;
  std::uint64_t memory_in_flight_bytes = 0;
  std::uint64_t memory_budget_bytes = 0;
  std::uint64_t metadata_entries = 0;
  std::uint64_t index_memory_bytes = 0;
  std::vector<DirectoryStatus> directories;
  std::vector<OriginStatus> origins;
};

class NodeView {
 public:
  virtual ~NodeView() = default;
  virtual bool ready() const = 0;
  virtual const std::string& name() const = 0;
  virtual const std::string& address() const = 0;  // of the S3 door, host:port
  virtual std::uint64_t block_size() const = 0;
  virtual NodeStatus Describe() const = 0;
};

}  // namespace hearth::front
