#include "model/chaos.h"

#include <array>
#include <tuple>

#include <fmt/format.h>

namespace hearth::model {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <typename T, std::size_t N>
T Pick(Random& random, const std::array<T, N>& from) {
  return from[random.Below(N)];
}

// Paths of block files, or of logs.
std::string DrawFile(Random& random, const sim::SimDisk& disk) {
  std::vector<std::string> paths;
  for (const auto& [path, facts] : disk.Files()) {
    if (facts.size > 0) paths.push_back(path);
  }
  return paths.empty() ? std::string() : paths[random.Below(paths.size())];
}

}  // namespace

Setting DrawSetting(Random& random) {
  Setting setting;
  setting.profile = static_cast<Profile>(random.Below(4));
  setting.roomy = !random.OneIn(3);
  setting.node.budget_bytes = setting.roomy ? 256_MiB : 1_MiB + 200'000 + random.Below(3_MiB);
  setting.node.memory_bytes =
      Pick<std::uint64_t>(random, std::array<std::uint64_t, 4>{128_KiB, 512_KiB, 2_MiB, 16_MiB});
  setting.node.metadata_bytes = random.OneIn(4) ? 64_KiB : 1_MiB;
  setting.node.open_files = random.OneIn(3) ? 2 : 64;
  setting.node.background_fill = !random.OneIn(4);
  setting.node.eviction = static_cast<cache::EvictionKind>(random.Below(cache::kEvictionKinds));
  const Duration ttl = milliseconds(200 + random.Below(6000));
  const Duration stale = random.OneIn(3) ? Duration::zero() : Duration(seconds(1 + random.Below(20)));
  setting.node.rules = {{.match = "s3://b/immutable*", .mode = read::FreshnessMode::kImmutable},
                        {.match = "s3://b/always*", .mode = read::FreshnessMode::kAlways},
                        {.match = "*", .mode = read::FreshnessMode::kTtl, .ttl = ttl, .stale_if_error = stale}};
  setting.origin.versioned = random.OneIn(2);
  setting.origin.first_byte_timeout = setting.origin.stall_timeout = seconds(3);
  setting.lives = 1 + random.Below(3);
  setting.events_a_life = 15 + random.Below(45);
  return setting;
}

std::string TroubleOrigin(Random& random, sim::FakeOrigin& origin) {
  if (random.OneIn(4)) {
    origin.SetNoFaults();
    return "origin is well";
  }
  const auto fault = static_cast<sim::OriginFault>(random.Below(sim::kOriginFaults));
  if (random.OneIn(2)) {
    const std::size_t times = 1 + random.Below(4);
    origin.FailNext(fault, times);
    return fmt::format("origin: next {} {}", times, sim::OriginFaultName(fault));
  }
  const double rate = Pick(random, std::array<double, 3>{0.05, 0.3, 1.0});
  origin.SetFaultRate(fault, rate);
  return fmt::format("origin: {} at {}", sim::OriginFaultName(fault), rate);
}

void HealDisk(sim::SimDisk& disk) {
  disk.SetErrorRateOfAll(0);
  disk.SetResidency(1);
  disk.SetCapacity(1_GiB);
}

std::string TroubleDisk(Random& random, sim::SimDisk& disk) {
  switch (random.Below(6)) {
    case 0: {
      HealDisk(disk);
      return "disk is well";
    }
    case 1: {
      const double rate = Pick(random, std::array<double, 2>{0.0, 0.5});
      disk.SetResidency(rate);
      return fmt::format("disk: resident at {}", rate);
    }
    case 2: {
      const std::uint64_t room = random.Below(600'000);
      disk.SetCapacity(disk.used() + room);
      return fmt::format("disk: room for {}", room);
    }
    case 3: {
      disk.SetErrorRateOfAll(0.05);
      return "disk: errors everywhere";
    }
    default: {
      const auto call = static_cast<sim::DiskCall>(random.Below(sim::kDiskCalls));
      const double rate = Pick(random, std::array<double, 3>{0.1, 0.5, 1.0});
      disk.SetErrorRate(call, rate);
      return fmt::format("disk: {} fails at {}", sim::DiskCallName(call), rate);
    }
  }
}

std::string DamageAtRest(Random& random, sim::SimDisk& disk, std::map<std::string, std::uint64_t>& counts) {
  std::string done;
  for (std::uint64_t i = random.Below(4); i > 0; --i) {
    const std::string path = DrawFile(random, disk);
    if (path.empty()) return done;
    const std::uint64_t size = disk.Files().at(path).size;
    switch (random.Below(4)) {
      case 0: {
        ++counts["file removed at rest"];
        std::ignore = disk.RemoveAtRest(path);
        done += fmt::format(" removed {}", path);
        break;
      }
      case 1: {
        ++counts["file cut at rest"];
        std::ignore = disk.CutAtRest(path, random.Below(size));
        done += fmt::format(" cut {}", path);
        break;
      }
      default: {
        ++counts["bit flipped at rest"];
        const std::uint64_t offset = random.Below(size);
        std::ignore = disk.FlipBit(path, offset, static_cast<unsigned>(random.Below(8)));
        done += fmt::format(" flipped {} at {}", path, offset);
      }
    }
  }
  return done;
}

}  // namespace hearth::model
