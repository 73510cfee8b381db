#include "load/plan.h"

#include <utility>

#include <fmt/format.h>

namespace hearth::load {
namespace {

constexpr std::string_view kNumber = "{}";

}  // namespace

Status Workload::Validate() const {
  if (!path.starts_with('/')) return Fail(Code::kInvalidArgument, "the path begins with /");
  if (objects == 0 || object_size == 0) return Fail(Code::kInvalidArgument, "no objects, or empty ones");
  if (range_size > object_size || offset.value_or(0) > object_size - range_size) {
    return Fail(Code::kInvalidArgument,
                fmt::format("a range of {} bytes does not fit into {} bytes", range_size, object_size));
  }
  return {};
}

std::string Workload::PathOf(std::uint64_t object) const {
  std::string result = path;
  if (const auto at = result.find(kNumber); at != std::string::npos) {
    result.replace(at, kNumber.size(), fmt::format("{}", object));
  }
  return result;
}

std::uint64_t Workload::ranges_per_object() const { return range_size == 0 || offset ? 1 : object_size / range_size; }

Plan::Plan(Workload workload)
    : workload_(std::move(workload)), ranges_(workload_.ranges_per_object()), random_(workload_.seed) {}

Request Plan::Next() {
  std::uint64_t index = 0;
  if (workload_.order == Order::kSweep) {
    index = step_;
    step_ = step_ + 1 == workload_.sweep_length() ? 0 : step_ + 1;
  } else {
    index = random_.Below(workload_.sweep_length());
  }
  const std::uint64_t object = workload_.first + index / ranges_;
  if (workload_.range_size == 0) return {object, {0, workload_.object_size}};
  const std::uint64_t begin = workload_.offset.value_or(index % ranges_ * workload_.range_size);
  return {object, {begin, begin + workload_.range_size}};
}

}  // namespace hearth::load
