#include "server/config_defaults.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace hearth::server {
namespace {

// A directory that stands for "/".
class FakeRoot {
 public:
  FakeRoot()
      : path_(std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(path_);
    Write("proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
  }
  ~FakeRoot() { std::filesystem::remove_all(path_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  void Write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  std::string path() const { return path_.string(); }

 private:
  const std::filesystem::path path_;
};

Surroundings User() {
  Surroundings user;
  user.uid = 1000;
  user.home = "/home/ada";
  return user;
}

TEST(DefaultConfig, ForRootIsWhatTheStructsSay) { EXPECT_EQ(DefaultConfig(Surroundings{}), Config{}); }

TEST(DefaultConfig, OtherUsersKeepTheirThingsBelowHome) {
  const Config config = DefaultConfig(User());
  EXPECT_EQ(config.cache.dirs.front().path, "/home/ada/.cache/hearth");
  EXPECT_EQ(config.objects.storage, "/home/ada/.local/share/hearth/objects");
  EXPECT_EQ(config.gate.keys_file, "/home/ada/.config/hearth/keys.yaml");
  EXPECT_EQ(config.local.socket, "/home/ada/.local/share/hearth/local.sock");
}

TEST(DefaultConfig, OtherUsersDirectoriesAreWhereTheEnvironmentSays) {
  Surroundings user = User();
  user.environment = {{"XDG_CACHE_HOME", "/c"},
                      {"XDG_DATA_HOME", "/d"},
                      {"XDG_CONFIG_HOME", "relative"},
                      {"XDG_RUNTIME_DIR", "/run/user/1000"}};
  const Config config = DefaultConfig(user);
  EXPECT_EQ(config.cache.dirs.front().path, "/c/hearth");
  EXPECT_EQ(config.objects.storage, "/d/hearth/objects");
  EXPECT_EQ(config.gate.keys_file, "/home/ada/.config/hearth/keys.yaml") << "a relative one is to be ignored";
  EXPECT_EQ(config.local.socket, "/run/user/1000/hearth/local.sock");
}

TEST(DefaultConfig, UnderTheNameFrontcacheHasThatProgramsDefaults) {
  Surroundings surroundings = User();
  surroundings.program = ProgramOf("/usr/local/bin/frontcache");
  const Config config = DefaultConfig(surroundings);
  EXPECT_EQ(config.cache.dirs.front().path, "/tmp/frontcache");
  EXPECT_EQ(config.cluster.label, "app=frontcache");
  EXPECT_EQ(config.listen, "0.0.0.0:8080");
}

TEST(ProgramOf, LooksAtTheLastPartOfTheName) {
  EXPECT_EQ(ProgramOf("hearth"), Program::kHearth);
  EXPECT_EQ(ProgramOf("./frontcache"), Program::kFrontCache);
  EXPECT_EQ(ProgramOf("/usr/bin/flame-cache"), Program::kFlameCache);
  EXPECT_EQ(ProgramOf("/opt/frontcache/bin/hearth"), Program::kHearth);
  EXPECT_EQ(ProgramOf(""), Program::kHearth);
}

TEST(ReadSurroundings, TakesVariablesFromTheBlock) {
  const char* const block[] = {"HOME=/home/ada", "EMPTY=", "A=b=c", "NONSENSE", nullptr};
  const Surroundings surroundings = ReadSurroundings("frontcache", block);
  EXPECT_EQ(surroundings.program, Program::kFrontCache);
  EXPECT_EQ(surroundings.home, "/home/ada");
  EXPECT_EQ(Variable(surroundings.environment, "A"), "b=c");
  EXPECT_EQ(Variable(surroundings.environment, "NONSENSE"), "");
  EXPECT_GE(surroundings.cpus, 1U);
  EXPECT_GT(surroundings.memory_limit, 0U);
  EXPECT_TRUE(surroundings.working_directory.starts_with('/'));
}

TEST(DefaultMemory, IsTheSmallerOf2GiBAndAQuarter) {
  EXPECT_EQ(DefaultMemory(256_MiB), 64_MiB);
  EXPECT_EQ(DefaultMemory(8_GiB), 2_GiB);
  EXPECT_EQ(DefaultMemory(64_GiB), 2_GiB);
}

TEST(ReadMemoryLimit, IsTheMachinesMemoryWithoutACgroup) {
  const FakeRoot root;
  EXPECT_EQ(ReadMemoryLimit(root.path()), 8_GiB);
}

TEST(ReadMemoryLimit, IsTheLeastOfTheCgroupsAbove) {
  const FakeRoot root;
  root.Write("proc/self/cgroup", "12:memory:/old\n0::/a/b\n");
  root.Write("sys/fs/cgroup/a/b/memory.max", "max\n");
  root.Write("sys/fs/cgroup/a/memory.max", "1073741824\n");
  EXPECT_EQ(ReadMemoryLimit(root.path()), 1_GiB);
  root.Write("sys/fs/cgroup/a/b/memory.max", "268435456\n");
  EXPECT_EQ(ReadMemoryLimit(root.path()), 256_MiB);
}

TEST(ReadMemoryLimit, CountsCgroupsOfVersion1Too) {
  const FakeRoot root;
  root.Write("proc/self/cgroup", "4:memory:/pod/c\n0::/\n");
  root.Write("sys/fs/cgroup/memory/pod/c/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(ReadMemoryLimit(root.path()), 8_GiB) << "no limit, as version 1 says it";
  root.Write("sys/fs/cgroup/memory/pod/memory.limit_in_bytes", "268435456\n");
  EXPECT_EQ(ReadMemoryLimit(root.path()), 256_MiB);
}

TEST(ReadMemoryLimit, InsideAContainerTheMountIsItsCgroup) {
  const FakeRoot root;
  root.Write("proc/self/cgroup", "0::/\n");
  root.Write("sys/fs/cgroup/memory.max", "536870912\n");
  EXPECT_EQ(ReadMemoryLimit(root.path()), 512_MiB);
}

TEST(ReadCpuCount, IsRoundedUpFromTheQuota) {
  const FakeRoot root;
  EXPECT_EQ(ReadCpuCount(root.path(), 8), 8U);
  root.Write("proc/self/cgroup", "0::/a\n");
  root.Write("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
  EXPECT_EQ(ReadCpuCount(root.path(), 8), 2U);
  EXPECT_EQ(ReadCpuCount(root.path(), 1), 1U);
  root.Write("sys/fs/cgroup/a/cpu.max", "max 100000\n");
  EXPECT_EQ(ReadCpuCount(root.path(), 8), 8U);
  root.Write("sys/fs/cgroup/a/cpu.max", "5000 100000\n");
  EXPECT_EQ(ReadCpuCount(root.path(), 8), 1U);
}

}  // namespace
}  // namespace hearth::server
