// raw_sendfile PORT BYTES FILE...: serves BYTES of the files behind a fixed head (raw_server.h) until it is killed.
#include <charconv>
#include <optional>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "load/raw_server.h"

namespace {

template <typename Number>
std::optional<Number> Parse(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int Main(std::span<char*> arguments) {
  const auto port = arguments.size() > 3 ? Parse<std::uint16_t>(arguments[1]) : std::nullopt;
  const auto bytes = arguments.size() > 3 ? Parse<std::uint64_t>(arguments[2]) : std::nullopt;
  if (!port || !bytes) {
    fmt::print(stderr, "usage: raw_sendfile PORT BYTES FILE...\n");
    return 2;
  }
  hearth::load::RawServer::Options options{.port = *port, .answer_bytes = *bytes};
  for (const char* file : arguments.subspan(3)) options.files.emplace_back(file);
  auto server = hearth::load::RawServer::Open(std::move(options));
  const hearth::Status ended = server ? server->Run() : hearth::Fail(std::move(server).error());
  if (ended) return 0;
  fmt::print(stderr, "raw_sendfile: {}\n", ended.error().ToString());
  return 1;
}

}  // namespace

int main(int argc, char** argv) { return Main({argv, static_cast<std::size_t>(argc)}); }
