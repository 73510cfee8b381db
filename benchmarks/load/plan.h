// Plan: which object, and which of its bytes, each request of a run asks for. Pure, from a seed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/random.h"
#include "base/range.h"
#include "base/result.h"

namespace hearth::load {

enum class Order : std::uint8_t {
  kRandom,  // any object, any of its ranges
  kSweep,   // the first object from its first range to its last, then the next; after the last one the first again
};

struct Workload {
  std::string path = "/bench/object-{}";  // `{}` stands for the object's number
  std::uint64_t first = 0;                // number of the first object
  std::uint64_t objects = 1;
  std::uint64_t object_size = 16_MiB;
  std::uint64_t range_size = 0;         // 0: whole objects, without a Range header
  std::optional<std::uint64_t> offset;  // where every range begins; unset: at the multiples of range_size
  Order order = Order::kRandom;
  std::uint64_t seed = 1;

  // kInvalidArgument: ranges that do not fit into the object, or no object at all.
  Status Validate() const;
  std::string PathOf(std::uint64_t object) const;
  // Requests that a sweep needs to ask for everything once.
  std::uint64_t sweep_length() const { return objects * ranges_per_object(); }
  std::uint64_t ranges_per_object() const;
};

struct Request {
  std::uint64_t object = 0;
  ByteRange range;  // of the object: all of it where no range is asked for

  bool operator==(const Request&) const = default;
};

// One thread.
class Plan {
 public:
  explicit Plan(Workload workload);  // valid

  Request Next();
  const Workload& workload() const { return workload_; }

 private:
  const Workload workload_;
  const std::uint64_t ranges_;
  Random random_;
  std::uint64_t step_ = 0;
};

}  // namespace hearth::load
