// Node: the composition root: everything that a running Hearth is made of, built bottom up and stopped in reverse.
//
//   Create    opens directories, makes origins; nothing listens yet
//   Start     loops run, recovery is done, doors listen, ready
//   Drain     not ready; no new connections; what is under way may end, up to a deadline
//   Stop      everything ends; the index checkpoint is written
// One thread, that is no executor's, calls all of these in this order.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "server/config.h"
#include "telemetry/log.h"

namespace hearth::server {

class Node {
 public:
  // kInvalidArgument, kPermissionDenied: the configuration asks for what cannot be had (exit status 2). Others: 1.
  static Result<std::unique_ptr<Node>> Create(const Config& config, telemetry::Logger& log);
  // Stops it if it runs.
  virtual ~Node() = default;

  virtual Status Start() = 0;
  virtual void Drain(Duration deadline) = 0;
  virtual void Stop() = 0;

  // Of the S3 door, as a client on this host would write it: http://127.0.0.1:43817.
  virtual std::string s3_url() const = 0;
  // Of the local door, without the ".http" of its HTTP socket; empty if it could not be had.
  virtual std::string local_socket() const = 0;
};

}  // namespace hearth::server
