#include "cli/node.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "http/percent.h"

namespace hearth::cli {
namespace {

using server::Variable;

std::string SocketOf(const server::Surroundings& surroundings) {
  const std::string_view given = Variable(surroundings.environment, "HEARTH_LOCAL_SOCKET");
  const server::LocalConfig local{.socket =
                                      given.empty() ? server::DefaultLocalSocket(surroundings) : std::string(given)};
  return server::LocalHttpSocket(local);
}

std::string EndpointOf(const server::Surroundings& surroundings) {
  std::string endpoint(Variable(surroundings.environment, "HEARTH_ENDPOINT"));
  if (endpoint.empty()) return "http://127.0.0.1:8080";
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

// The text between <name> and </name>; empty if it is not there.
std::string_view XmlText(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::size_t begin = xml.find(open);
  const std::size_t end = xml.find(fmt::format("</{}>", name));
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + open.size()) return {};
  return xml.substr(begin + open.size(), end - begin - open.size());
}

// The first text named message, else error, wherever it stands; empty if there is none.
std::string FindMessage(const nlohmann::json& json) {
  if (!json.is_structured()) return {};
  for (const char* name : {"message", "error"}) {
    const auto found = json.is_object() ? json.find(name) : json.end();
    if (found != json.end() && found->is_string()) return found->get<std::string>();
  }
  for (const nlohmann::json& inner : json) {
    if (std::string message = FindMessage(inner); !message.empty()) return message;
  }
  return {};
}

// What the node says of an error, in its JSON or in S3's XML; nothing for HEAD.
std::string DescribeBody(const std::string& body) {
  if (std::string message = FindMessage(nlohmann::json::parse(body, nullptr, false)); !message.empty()) return message;
  const std::string_view code = XmlText(body, "Code");
  const std::string_view message = XmlText(body, "Message");
  if (!code.empty()) return fmt::format("{}: {}", code, message);
  return {};
}

Code CodeOfStatus(int status) {
  switch (status) {
    case 401: return Code::kUnauthenticated;
    case 403: return Code::kPermissionDenied;
    case 404: return Code::kNotFound;
    case 412: return Code::kPreconditionFailed;
    case 429: return Code::kThrottled;
    default: return status < 500 ? Code::kInvalidArgument : Code::kUnavailable;
  }
}

std::string_view MeaningOfStatus(int status) {
  switch (status) {
    case 403: return "not allowed";
    case 404: return "there is no such object";
    case 412: return "the origin has another version than the one that was asked for";
    case 416: return "the range begins past the end of the object";
    case 503: return "the origin cannot be asked, or asks for patience";
    default: return "the node could not do it";
  }
}

}  // namespace

Node::Node(const server::Surroundings& surroundings, Caller call)
    : call_(std::move(call)), socket_(SocketOf(surroundings)), endpoint_(EndpointOf(surroundings)) {}

bool Node::LocalSocketAnswers() const {
  http::CallRequest probe{.url = "http://localhost/_hearth/live", .unix_socket = socket_};
  probe.stall_timeout = std::chrono::seconds(2);
  return call_(probe).has_value();
}

Result<http::CallAnswer> Node::Call(http::CallRequest request) {
  if (way_ == Way::kUnknown) way_ = LocalSocketAnswers() ? Way::kSocket : Way::kEndpoint;
  const bool local = way_ == Way::kSocket;
  if (local) request.unix_socket = socket_;
  const std::string target = std::exchange(request.url, {});
  request.url = (local ? "http://localhost" : endpoint_) + target;
  // Once the head is there, somebody answers, whatever happens then.
  bool answered = false;
  if (request.on_body) {
    request.on_body = [&answered, on_body = std::move(request.on_body)](const http::CallAnswer& head,
                                                                        std::span<const std::byte> piece) {
      answered = true;
      return on_body(head, piece);
    };
  }
  Result<http::CallAnswer> answer = call_(request);
  if (!answer) {
    if (local || answered || answer.error().code() != Code::kUnavailable) return Fail(std::move(answer).error());
    return Fail(Code::kUnavailable,
                fmt::format("no Hearth answers at {} or {} ({}): start `hearth serve`, or set HEARTH_ENDPOINT", socket_,
                            endpoint_, answer.error().message()));
  }
  if (answer->status / 100 == 2) return answer;
  std::string said = DescribeBody(answer->body);
  if (said.empty()) said = MeaningOfStatus(answer->status);
  return Fail(CodeOfStatus(answer->status), fmt::format("{} (HTTP {})", said, answer->status));
}

std::string ObjectTarget(std::string_view url, std::string_view version) {
  std::string target = "/_hearth/v1/object?url=" + http::PercentEncode(url, http::Slash::kEncode);
  if (!version.empty()) target += "&version=" + http::PercentEncode(version, http::Slash::kEncode);
  return target;
}

std::string ExplainTarget(std::string_view url) {
  return "/_hearth/v1/explain?url=" + http::PercentEncode(url, http::Slash::kEncode);
}

}  // namespace hearth::cli
