// Node: the Hearth that commands talk to: the one on this host by its local HTTP socket, else HEARTH_ENDPOINT.
//
// Blocks; one thread. Errors say where was looked and what to do; an HTTP status above 299 becomes the error
// that the node described, so that commands see either what they asked for or why not.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/blocking_call.h"
#include "server/config_defaults.h"

namespace hearth::cli {

// http::BlockingCall, or a test's stand-in.
using Caller = std::function<Result<http::CallAnswer>(const http::CallRequest&)>;

class Node {
 public:
  Node(const server::Surroundings& surroundings, Caller call);

  // `request.url` is a path with its query ("/_hearth/v1/status"). Finds out at the first call who answers.
  Result<http::CallAnswer> Call(http::CallRequest request);

 private:
  bool LocalSocketAnswers() const;

  const Caller call_;
  const std::string socket_;    // of HTTP
  const std::string endpoint_;  // without a slash at the end
  enum class Way : std::uint8_t { kUnknown, kSocket, kEndpoint } way_ = Way::kUnknown;
};

// "/_hearth/v1/object?url=...", percent-encoded.
std::string ObjectTarget(std::string_view url, std::string_view version);
std::string ExplainTarget(std::string_view url);

}  // namespace hearth::cli
