// What Hearth learns of the world around it before it reads its configuration, and the defaults that follow.
//
// ReadSurroundings is the only place that asks the environment, the user and the machine; everything after
// it works on the value. Called once, by main, before threads exist.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "server/config.h"

namespace hearth::server {

using Environment = std::map<std::string, std::string, std::less<>>;

// The value of `name`; empty if it is not there.
std::string_view Variable(const Environment& environment, std::string_view name);

// The name that the binary was started under, which chooses defaults.
enum class Program : std::uint8_t {
  kHearth,
  kFrontCache,  // `frontcache`: goes on where that program stopped, S3 door only
  kFlameCache,  // `flame-cache`: object door only
};
Program ProgramOf(std::string_view argv0);

struct Surroundings {
  Program program = Program::kHearth;
  Environment environment;
  std::uint32_t uid = 0;
  std::string home = "/root";
  std::string working_directory = "/";  // what relative paths of flags start from
  std::uint64_t memory_limit = 1_GiB;   // bytes that this process may use
  std::uint64_t cpus = 1;               // that it may run on

  bool in_pod() const { return !Variable(environment, "KUBERNETES_SERVICE_HOST").empty(); }
};

// `environment_block` is main's `environ`.
Surroundings ReadSurroundings(std::string_view argv0, const char* const* environment_block);

// The defaults of config.h with the directories of this user and the names of this program.
Config DefaultConfig(const Surroundings& surroundings);

// The local socket (`local.socket`) that DefaultConfig would choose.
std::string DefaultLocalSocket(const Surroundings& surroundings);

// The default of cache.memory: the smaller of 2 GiB and a quarter of the limit.
std::uint64_t DefaultMemory(std::uint64_t memory_limit);

// Bytes that this process may use: the least limit of its cgroups (version 2 or 1) and those above them, else the
// machine's memory. `root` is "", or a directory that stands for "/".
std::uint64_t ReadMemoryLimit(const std::string& root);
// The less of RLIMIT_AS and RLIMIT_DATA; huge without either.
std::uint64_t ReadResourceLimit();

// CPUs that a cgroup's quota leaves of `cpus`, rounded up; at least 1.
std::uint64_t ReadCpuCount(const std::string& root, std::uint64_t cpus);

}  // namespace hearth::server
