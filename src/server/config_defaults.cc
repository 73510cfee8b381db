#include "server/config_defaults.h"

#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <vector>

namespace hearth::server {
namespace {

std::optional<std::string> FirstLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<std::uint64_t> LeadingNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  return number;
}

// The path in the line "ID:CONTROLLERS:PATH" of /proc/self/cgroup; `controllers` is empty for version 2.
std::string CgroupPath(const std::string& root, std::string_view controllers) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    if (std::string_view(line).substr(first + 1, second - first - 1) == controllers) return line.substr(second + 1);
  }
  return {};
}

// Directories of this process's cgroup and of those above it, below `root`: innermost first. `controller`: of version
// 1, mounted under its name; empty: version 2.
std::vector<std::string> CgroupDirectories(const std::string& root, const std::string& controller = {}) {
  const std::string mount = root + "/sys/fs/cgroup" + (controller.empty() ? "" : "/" + controller);
  std::string path = CgroupPath(root, controller);
  std::vector<std::string> directories;
  while (path.size() > 1 && path.find("/..") == std::string::npos) {
    directories.push_back(mount + path);
    path.resize(path.rfind('/'));
  }
  // Inside a container's own cgroup namespace the mount itself is its cgroup.
  directories.push_back(mount);
  return directories;
}

std::uint64_t MachineMemory(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("MemTotal:")) continue;
    const std::size_t digits = line.find_first_of("0123456789");
    if (digits == std::string::npos) break;
    if (const auto kib = LeadingNumber(std::string_view(line).substr(digits))) return *kib << 10;
  }
  return 1_GiB;
}

// The user's directory of one kind: where `variable` says, else below home.
std::string UserDirectory(const Surroundings& surroundings, std::string_view variable, std::string_view below_home) {
  const std::string_view given = Variable(surroundings.environment, variable);
  // A relative path is to be ignored (XDG Base Directory Specification).
  if (given.starts_with('/')) return std::string(given);
  return surroundings.home + std::string(below_home);
}

std::uint64_t AllowedCpus() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return 1;
  return static_cast<std::uint64_t>(std::max(1, CPU_COUNT(&allowed)));
}

std::string HomeDirectory(const Environment& environment, uid_t uid) {
  if (const std::string_view home = Variable(environment, "HOME"); home.starts_with('/')) return std::string(home);
  const passwd* const entry = getpwuid(uid);
  return entry != nullptr && entry->pw_dir != nullptr ? entry->pw_dir : "/";
}

}  // namespace

std::string_view Variable(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  return found == environment.end() ? std::string_view() : found->second;
}

Program ProgramOf(std::string_view argv0) {
  const std::string_view name = argv0.substr(argv0.rfind('/') + 1);
  if (name == "frontcache") return Program::kFrontCache;
  if (name == "flame-cache") return Program::kFlameCache;
  return Program::kHearth;
}

Surroundings ReadSurroundings(std::string_view argv0, const char* const* environment_block) {
  Surroundings surroundings;
  surroundings.program = ProgramOf(argv0);
  for (const char* const* entry = environment_block; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    surroundings.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  surroundings.uid = geteuid();
  surroundings.home = HomeDirectory(surroundings.environment, surroundings.uid);
  std::error_code gone;
  surroundings.working_directory = std::filesystem::current_path(gone).string();
  surroundings.memory_limit = std::min(ReadMemoryLimit(""), ReadResourceLimit());
  surroundings.cpus = ReadCpuCount("", AllowedCpus());
  return surroundings;
}

Config DefaultConfig(const Surroundings& surroundings) {
  Config config;
  if (surroundings.uid != 0) {
    config.cache.dirs.front().path = UserDirectory(surroundings, "XDG_CACHE_HOME", "/.cache") + "/hearth";
    config.objects.storage = UserDirectory(surroundings, "XDG_DATA_HOME", "/.local/share") + "/hearth/objects";
    config.gate.keys_file = UserDirectory(surroundings, "XDG_CONFIG_HOME", "/.config") + "/hearth/keys.yaml";
  }
  config.local.socket = DefaultLocalSocket(surroundings);
  if (surroundings.program == Program::kFrontCache) {
    config.cache.dirs.front().path = "/tmp/frontcache";
    config.cluster.label = "app=frontcache";
  }
  return config;
}

std::string DefaultLocalSocket(const Surroundings& surroundings) {
  if (surroundings.uid == 0) return LocalConfig().socket;
  // Not every login has a runtime directory; a place in /tmp could be taken by somebody else.
  return UserDirectory(surroundings, "XDG_RUNTIME_DIR", "/.local/share") + "/hearth/local.sock";
}

std::uint64_t DefaultMemory(std::uint64_t memory_limit) { return std::min(2_GiB, memory_limit / 4); }

std::uint64_t ReadMemoryLimit(const std::string& root) {
  std::uint64_t limit = MachineMemory(root);
  const auto look = [&](const std::string& path) {
    const std::optional<std::string> line = FirstLine(path);
    // "max" is no number: no limit here.
    if (line) limit = std::min(limit, LeadingNumber(*line).value_or(limit));
  };
  for (const std::string& directory : CgroupDirectories(root)) look(directory + "/memory.max");
  for (const std::string& directory : CgroupDirectories(root, "memory")) look(directory + "/memory.limit_in_bytes");
  return limit;
}

std::uint64_t ReadResourceLimit() {
  std::uint64_t least = RLIM_INFINITY;
  for (const int resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0) {
      least = std::min<std::uint64_t>(least, limit.rlim_cur);
    }
  }
  return least;
}

std::uint64_t ReadCpuCount(const std::string& root, std::uint64_t cpus) {
  for (const std::string& directory : CgroupDirectories(root)) {
    const std::optional<std::string> line = FirstLine(directory + "/cpu.max");  // "QUOTA PERIOD" in us, or "max PERIOD"
    if (!line) continue;
    const std::size_t space = line->find(' ');
    const auto quota = LeadingNumber(*line);
    const auto period =
        space == std::string::npos ? std::nullopt : LeadingNumber(std::string_view(*line).substr(space + 1));
    if (quota && period && *period > 0) cpus = std::min(cpus, (*quota + *period - 1) / *period);
  }
  return std::max<std::uint64_t>(cpus, 1);
}

}  // namespace hearth::server
