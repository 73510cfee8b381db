// From the configuration's origins to the origins themselves.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/client.h"
#include "io/file_system.h"
#include "origin/credentials.h"
#include "origin/steady_origin.h"
#include "read/origin_directory.h"
#include "server/config.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace hearth::server {

// What the origins stand on; constant, outlives them.
struct OriginEnvironment {
  std::vector<io::Loop*> fetch_loops;
  Executor& disk_pool;
  const Clock& clock;
  telemetry::Registry& metrics;
  telemetry::Logger& log;
  origin::Environment process;  // variables and files, for credentials
};

struct BuiltOrigins {
  std::vector<std::unique_ptr<http::Client>> clients;         // one for each certificate authority
  std::vector<std::unique_ptr<io::FileSystem>> file_systems;  // of `file` origins
  std::vector<read::OriginEntry> entries;
  std::vector<origin::SteadyOrigin*> steady;  // the entries' origins, to be stopped before they go
};

// kInvalidArgument: credentials, endpoint or directory of an origin cannot be used; the message names the origin.
// `gs` and `http` origins come with a later release: one warning each, and they are left out.
Result<BuiltOrigins> BuildOrigins(const Config& config, const OriginEnvironment& env);

// The environment of this process.
origin::Environment ProcessEnvironment();

}  // namespace hearth::server
