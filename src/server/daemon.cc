#include "server/daemon.h"

#include <nlohmann/json.hpp>

#include "io/file_system.h"
#include "io/process.h"
#include "server/config.h"
#include "server/node.h"

namespace hearth::server {
namespace {

// An idle node leaves within 15 s of SIGTERM, so what is under way gets ten.
constexpr Duration kDrainDeadline = std::chrono::seconds(10);

constexpr std::uint64_t kFreedBytesMax = 256_MiB;

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitConfiguration = 2;

int ExitStatusOf(const Error& error) {
  const bool configuration = error.code() == Code::kInvalidArgument || error.code() == Code::kPermissionDenied ||
                             error.code() == Code::kNotFound;
  return configuration ? kExitConfiguration : kExitFailed;
}

// Whole or not at all: whoever waits for the file must not read half of it.
Status WriteReadyFile(const Config& config, const Node& node) {
  nlohmann::ordered_json json = {{"s3", node.s3_url()}};
  if (const std::string local = node.local_socket(); !local.empty()) json["local"] = local;
  json["pid"] = io::ProcessId();
  const std::string text = json.dump() + "\n";
  const std::size_t slash = config.ready_file.rfind('/');
  const std::string directory = slash == std::string::npos ? "."
                                : slash == 0               ? "/"
                                                           : config.ready_file.substr(0, slash);
  const std::string name = slash == std::string::npos ? config.ready_file : config.ready_file.substr(slash + 1);
  Result<std::unique_ptr<io::FileSystem>> files =
      io::OpenPosixFileSystem(directory, {.create = false, .must_be_private = false});
  if (!files) return Fail(std::move(files).error());
  const std::string temporary = name + ".tmp";
  Result<std::shared_ptr<io::File>> file = (*files)->Open(temporary, {.write = true, .create = true, .truncate = true});
  if (!file) return Fail(std::move(file).error());
  HEARTH_TRY((*file)->WriteAt(0, std::as_bytes(std::span(text))));
  return (*files)->Rename(temporary, name);
}

}  // namespace

int RunDaemon(const Config& config) {
  io::BlockSignals();
  io::KeepFreedMemory(config.cache.memory.value_or(kFreedBytesMax) / 8);
  telemetry::Logger log({.level = config.telemetry.log_level, .format = config.telemetry.log_format});
  Result<std::unique_ptr<Node>> node = Node::Create(config, log);
  if (!node) {
    log.Error("cannot start", {{"error", node.error().message()}});
    return ExitStatusOf(node.error());
  }
  if (const Status started = (*node)->Start(); !started) {
    log.Error("cannot start", {{"error", started.error().message()}});
    return ExitStatusOf(started.error());
  }
  if (!config.ready_file.empty()) {
    if (const Status written = WriteReadyFile(config, **node); !written) {
      log.Error("ready file not written", {{"file", config.ready_file}, {"error", written.error().message()}});
      (*node)->Stop();
      return kExitConfiguration;
    }
  }
  while (io::WaitForSignal() == io::ProcessSignal::kHangUp) {
    log.Info("SIGHUP: nothing is reloaded in this release");
  }
  log.Info("draining");
  io::RestoreTermination();  // a second signal does not wait
  (*node)->Drain(kDrainDeadline);
  (*node)->Stop();
  log.Info("stopped");
  return kExitDone;
}

}  // namespace hearth::server
