// Plan: one read that a client will make, and how it is drawn.
#pragma once

#include <string>

#include "base/random.h"
#include "model/history.h"
#include "read/object_reader.h"

namespace hearth::model {

inline const BucketName kBucket("b");

struct Plan {
  std::uint64_t number = 0;
  read::ReadRequest request;                 // but for `origin`
  std::optional<std::uint64_t> leave_after;  // bytes; the client goes away then
  Duration pause_max{};                      // between two pieces: a slow client
  bool try_hit = true;                       // ask the hit path first, as the fronts do

  std::string object() const { return request.key.object.bucket.value + "/" + request.key.object.key.value; }
  std::string ToString() const;
};

class Planner {
 public:
  Planner(Random random, const History& history) : random_(random), history_(history) {}

  Plan Draw(const std::string& key);
  // A plain read of the current version.
  Plan Plain(const std::string& key, http::RangeSpec range);
  http::RangeSpec DrawRange(std::uint64_t size);
  // Sizes around the edges of pages, sub-blocks and blocks.
  std::uint64_t DrawSize();

 private:
  void DrawVersion(Plan& plan);
  void DrawConditions(Plan& plan);
  std::string DrawETag(const std::string& key);

  Random random_;
  const History& history_;
  std::uint64_t next_number_ = 1;
};

}  // namespace hearth::model
