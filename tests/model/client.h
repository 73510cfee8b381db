// Client: makes one planned read as a front does, and writes down what came.
#pragma once

#include <optional>
#include <string>

#include "model/node.h"
#include "model/plan.h"

namespace hearth::model {

// One read. Owned by the run; the client's coroutine fills it in.
struct Reading {
  Plan plan;
  Random random{0};
  CancelSource cancel;

  TimePoint begun{};
  TimePoint ended{};
  bool void_ = false;      // the process crashed meanwhile: nobody has seen this answer
  bool cancelled = false;  // the client went away while it waited

  bool hit_path = false;
  std::optional<Error> error;
  read::Outcome outcome = read::Outcome::kOk;
  std::optional<origin::ObjectMeta> meta;  // as shown; unset before the answer's head
  ByteRange range;
  bool partial = false;
  read::CacheStatus cache = read::CacheStatus::kHit;
  std::optional<std::chrono::seconds> stale_for;

  std::optional<std::uint64_t> version;  // whose bytes they are, if the ETag or the bytes tell
  std::uint64_t delivered = 0;
  std::string wrong_bytes;  // "": they are right
  bool ended_cleanly = false;
  bool left = false;          // after plan.leave_after bytes
  bool slice_failed = false;  // a file could not be read when its slice was sent

  // In the order in which clients see them: "206 v3 4096 bytes".
  std::string Summary() const;
};

// How long a read may take up to its first byte before the client gives up.
inline constexpr Duration kFirstByteTimeout = std::chrono::seconds(29);

// Runs on the loop; puts itself into `ended` at the end.
Task<void> RunClient(World& world, Node& node, Reading& reading, std::vector<Reading*>& ended);

}  // namespace hearth::model
