#include "model/plan.h"

#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "support/fake_origin.h"

namespace hearth::model {
namespace {

using Kind = read::VersionSelector::Kind;

std::string RangeText(const http::RangeSpec& range) {
  if (const auto* closed = std::get_if<http::ClosedRange>(&range))
    return fmt::format("{}-{}", closed->first, closed->last);
  if (const auto* open = std::get_if<http::OpenRange>(&range)) return fmt::format("{}-", open->first);
  if (const auto* suffix = std::get_if<http::SuffixRange>(&range)) return fmt::format("-{}", suffix->length);
  return "all";
}

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kCurrent: return "current";
    case Kind::kETag: return "etag";
    case Kind::kGeneration: return "generation";
    case Kind::kVersionId: return "version-id";
    case Kind::kLabel: return "label";
  }
  return "?";
}

}  // namespace

std::string Plan::ToString() const {
  std::string text = fmt::format("read {} {} {}", number, object(), RangeText(request.range));
  if (request.head) text += " HEAD";
  if (request.part_number) text += fmt::format(" part {}", *request.part_number);
  if (request.version.kind != Kind::kCurrent) {
    text += fmt::format(" {}:{}", KindName(request.version.kind), request.version.value);
  }
  const read::Conditions& conditions = request.conditions;
  if (conditions.if_match) text += " if-match:" + *conditions.if_match;
  if (conditions.if_none_match) text += " if-none-match:" + *conditions.if_none_match;
  if (conditions.if_range) text += " if-range:" + *conditions.if_range;
  if (conditions.if_modified_since) text += " if-modified-since";
  if (conditions.if_unmodified_since) text += " if-unmodified-since";
  if (leave_after) text += fmt::format(" leaves after {}", *leave_after);
  return text;
}

std::uint64_t Planner::DrawSize() {
  constexpr std::array<std::uint64_t, 12> kSizes = {0,          1,       100,     4_KiB, 64_KiB - 1, 64_KiB,
                                                    64_KiB + 1, 200'000, 512_KiB, 1_MiB, 1_MiB + 1,  2_MiB + 300'000};
  return random_.OneIn(3) ? random_.Below(400'000) : kSizes[random_.Below(kSizes.size())];
}

http::RangeSpec Planner::DrawRange(std::uint64_t size) {
  const std::uint64_t place = random_.Below(size + size / 8 + 2);
  switch (random_.Below(8)) {
    case 0:
    case 1: return http::WholeObject{};
    case 2: return http::OpenRange{place};
    case 3: return http::SuffixRange{random_.Below(size + 2)};
    case 4: return http::ClosedRange{place, place + random_.Below(100)};
    case 5: return http::ClosedRange{AlignDown(place, 64_KiB), AlignDown(place, 64_KiB) + 64_KiB - 1};
    default: return http::ClosedRange{place, place + random_.Below(size + 1)};
  }
}

std::string Planner::DrawETag(const std::string& key) {
  const std::uint64_t newest = history_.Newest(kBucket.value + "/" + key);
  const std::uint64_t back = random_.OneIn(3) ? random_.Below(4) : 0;
  return sim::FakeOrigin::MakeETag(kBucket.value, key, newest > back ? newest - back : newest + 1).value;
}

void Planner::DrawVersion(Plan& plan) {
  read::ReadRequest& request = plan.request;
  const std::string& key = request.key.object.key.value;
  switch (random_.Below(20)) {
    case 0:
    case 1: request.version = {Kind::kETag, DrawETag(key)}; break;
    case 2: {
      const std::uint64_t newest = history_.Newest(plan.object());
      request.version = {Kind::kVersionId,
                         fmt::format("v{}", random_.OneIn(8) ? newest + 9 : 1 + random_.Below(newest + 1))};
      break;
    }
    case 3:
    case 4: request.version = {Kind::kLabel, fmt::format("l{}", random_.Below(2))}; break;
    default: break;
  }
  request.key.selector = request.version.MetadataKey();
}

void Planner::DrawConditions(Plan& plan) {
  read::Conditions& conditions = plan.request.conditions;
  const std::string& key = plan.request.key.object.key.value;
  // Objects are made in the first simulated minutes of 2026 (support/sim_executor.cc).
  const WallTime date = WallTime(std::chrono::seconds(1'767'225'600 + random_.Below(60)));
  switch (random_.Below(30)) {
    case 0: conditions.if_match = DrawETag(key); break;
    case 1: conditions.if_match = "*"; break;
    case 2: conditions.if_none_match = DrawETag(key); break;
    case 3: conditions.if_modified_since = date; break;
    case 4: conditions.if_unmodified_since = date; break;
    case 5: conditions.if_range = DrawETag(key); break;
    default: break;
  }
}

Plan Planner::Plain(const std::string& key, http::RangeSpec range) {
  Plan plan;
  plan.number = next_number_++;
  plan.request.key.object = {OriginName("s3"), kBucket, ObjectKey(key)};
  plan.request.range = range;
  return plan;
}

Plan Planner::Draw(const std::string& key) {
  const std::string object = kBucket.value + "/" + key;
  const std::uint64_t size = history_.SizeOf(object, history_.Current(object)).value_or(100'000);
  Plan plan = Plain(key, DrawRange(size));
  plan.request.head = random_.OneIn(12);
  plan.request.wants_checksums = random_.OneIn(3);
  DrawVersion(plan);
  DrawConditions(plan);
  if (random_.OneIn(40)) {
    plan.request.range = http::WholeObject{};
    plan.request.part_number = 1 + random_.Below(2);
  }
  plan.try_hit = !random_.OneIn(4);
  if (random_.OneIn(8)) plan.leave_after = random_.Below(size + 1);
  if (random_.OneIn(3)) plan.pause_max = std::chrono::milliseconds(1 + random_.Below(20));
  return plan;
}

}  // namespace hearth::model
