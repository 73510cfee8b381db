// Chaos: what happens to origin and disk while clients read: faults that come and go, drawn from a seed.
//
// Draws only; the run does it to the world. What it may draw depends on the seed's profile, so that the promises that
// hold without disk faults, or without any, are checked as well.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/random.h"
#include "model/node.h"

namespace hearth::model {

enum class Profile : std::uint8_t {
  kCalm,    // no faults: only reads, overwrites, evictions and restarts
  kOrigin,  // the origin misbehaves
  kDisk,    // the disk does
  kAll,
};

struct Setting {
  Profile profile = Profile::kAll;
  NodeOptions node;
  sim::FakeOriginOptions origin;
  bool roomy = false;  // nothing is ever evicted for space
  std::uint64_t lives = 1;
  std::uint64_t events_a_life = 0;

  bool origin_faults() const { return profile == Profile::kOrigin || profile == Profile::kAll; }
  bool disk_faults() const { return profile == Profile::kDisk || profile == Profile::kAll; }
};

Setting DrawSetting(Random& random);

// Changes fault rates at random; returns what it did, for the trace.
std::string TroubleOrigin(Random& random, sim::FakeOrigin& origin);
std::string TroubleDisk(Random& random, sim::SimDisk& disk);
// Flips bits, cuts and removes files of a disk that nobody has mounted.
std::string DamageAtRest(Random& random, sim::SimDisk& disk, std::map<std::string, std::uint64_t>& counts);
void HealDisk(sim::SimDisk& disk);

}  // namespace hearth::model
