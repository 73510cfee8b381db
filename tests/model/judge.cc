#include "model/judge.h"

#include <fmt/format.h>

#include "http/date.h"

namespace hearth::model {
namespace {

using Kind = read::VersionSelector::Kind;

// For so long a failed revalidation spares others the attempt.
constexpr Duration kPause = std::chrono::seconds(1);
// Attempts of one read to find an object that does not change under it.
constexpr std::size_t kAttempts = 5;

// The simulation begins an hour after the clock's epoch: before that nothing was.
TimePoint Earlier(TimePoint time, Duration by) { return by > time.time_since_epoch() ? TimePoint() : time - by; }

bool IsWhole(const http::RangeSpec& range) { return std::holds_alternative<http::WholeObject>(range); }

}  // namespace

void Judge::NoteAttempt(const Plan& plan, TimePoint at) {
  if (plan.request.version.kind != Kind::kLabel) return;
  Label& label = labels_[plan.object() + " " + plan.request.version.value];
  if (!label.since) label.since = at;
}

void Judge::NoteEvict(const std::string& object, TimePoint begun) {
  for (int i = 0; i < 2; ++i) {
    Label& label = labels_[fmt::format("{} l{}", object, i)];
    label.version.reset();
    // Reads that are under way may bind it to what they have learned.
    label.since = Earlier(begun, std::chrono::minutes(2));
    label.forgotten_until = TimePoint::max();
  }
}

void Judge::NoteEvicted(const std::string& object, TimePoint ended) {
  for (int i = 0; i < 2; ++i) labels_[fmt::format("{} l{}", object, i)].forgotten_until = ended;
}

void Judge::NoteCrash(TimePoint at) {
  for (auto& [name, label] : labels_) {
    if (label.forgotten_until != TimePoint::max()) continue;
    label.since = TimePoint::min();
    label.forgotten_until = at;
  }
}

std::string Judge::Check(const Reading& reading, const read::FreshnessRule& rule) {
  if (reading.void_) return "";
  if (reading.slice_failed && !disk_faults_) return "a slice that was handed out could not be read";
  if (std::string wrong = CheckBytes(reading); !wrong.empty()) return wrong;
  if (reading.meta) {
    if (std::string wrong = CheckHead(reading, rule); !wrong.empty()) return wrong;
  }
  return reading.error ? CheckError(reading) : "";
}

// What was said about the bytes, and what came.
std::string Judge::CheckBytes(const Reading& reading) const {
  if (!reading.wrong_bytes.empty()) return reading.wrong_bytes;
  if (!reading.meta) return "";
  if (reading.ended_cleanly && reading.error) return "an error, and a clean end";
  const bool has_body = reading.outcome == read::Outcome::kOk && !reading.plan.request.head;
  const std::uint64_t length = has_body ? reading.range.length() : 0;
  if (reading.delivered > length) return fmt::format("{} bytes for {}", reading.delivered, length);
  if (reading.ended_cleanly && reading.delivered != length) {
    return fmt::format("a clean end after {} bytes of {}", reading.delivered, length);
  }
  if (!reading.ended_cleanly && !reading.error && !reading.left && !reading.slice_failed) return "no end at all";
  return "";
}

std::string Judge::CheckHead(const Reading& reading, const read::FreshnessRule& rule) {
  if (reading.version) {
    const auto size = history_.SizeOf(reading.plan.object(), *reading.version);
    if (!size) return fmt::format("version {} never was", *reading.version);
    if (reading.meta->size != *size) return fmt::format("size {}, not {}", reading.meta->size, *size);
  }
  if (std::string wrong = CheckOutcome(reading); !wrong.empty()) return wrong;
  if (std::string wrong = CheckStale(reading, rule); !wrong.empty()) return wrong;
  return CheckVersion(reading, rule);
}

// Whether range and outcome follow from the request and the metadata that is shown.
std::string Judge::CheckOutcome(const Reading& reading) const {
  const read::ReadRequest& request = reading.plan.request;
  const origin::ObjectMeta& meta = *reading.meta;
  const std::optional<WallTime> modified = http::ParseHttpDate(meta.last_modified);
  const read::Verdict verdict = Evaluate(request.conditions, meta.etag, modified);
  const bool ranged = !IsWhole(request.range) && RangeApplies(request.conditions, meta.etag, modified);
  const std::optional<ByteRange> range =
      http::ResolveRange(ranged ? request.range : http::RangeSpec(http::WholeObject{}), meta.size);
  const read::Outcome expected = verdict == read::Verdict::kNotModified          ? read::Outcome::kNotModified
                                 : verdict == read::Verdict::kPreconditionFailed ? read::Outcome::kPreconditionFailed
                                 : !range                                        ? read::Outcome::kRangeNotSatisfiable
                                                                                 : read::Outcome::kOk;
  if (reading.outcome != expected) return fmt::format("outcome should be {}", static_cast<int>(expected));
  if (expected != read::Outcome::kOk) return "";
  const bool partial = request.part_number ? meta.size > 0 : ranged;
  if (reading.range != *range || reading.partial != partial) return "the range is not what was asked for";
  return "";
}

// When a version must have been current for an answer of now.
Window Judge::Allowed(const Reading& reading, const read::FreshnessRule& rule) const {
  const bool is_error =
      reading.outcome == read::Outcome::kPreconditionFailed || reading.outcome == read::Outcome::kRangeNotSatisfiable;
  if (is_error) return {reading.begun, reading.ended};
  switch (rule.mode) {
    case read::FreshnessMode::kImmutable: return {TimePoint::min(), reading.ended};
    case read::FreshnessMode::kAlways: return {reading.begun, reading.ended};
    case read::FreshnessMode::kTtl: break;
  }
  const Duration age_max = reading.stale_for ? rule.ttl + rule.stale_if_error : rule.ttl;
  return {Earlier(reading.begun, age_max), reading.ended};
}

std::string Judge::CheckVersion(const Reading& reading, const read::FreshnessRule& rule) {
  const read::VersionSelector& named = reading.plan.request.version;
  const std::string object = reading.plan.object();
  if (!reading.version) return "";  // no ETag, and no bytes that tell
  switch (named.kind) {
    case Kind::kETag: return reading.meta->etag.value == named.value ? "" : "another ETag than the one that was named";
    case Kind::kVersionId:
      return fmt::format("v{}", *reading.version) == named.value ? "" : "another version than the one that was named";
    case Kind::kLabel: return CheckLabel(reading);
    case Kind::kCurrent:
    case Kind::kGeneration: break;
  }
  if (history_.WasCurrent(object, *reading.version, Allowed(reading, rule))) return "";
  return fmt::format("version {} was not current at any time that the freshness rule allows", *reading.version);
}

std::string Judge::CheckLabel(const Reading& reading) {
  if (!IsStrong(reading.meta->etag)) return "";  // cannot be bound
  Label& label = labels_[reading.plan.object() + " " + reading.plan.request.version.value];
  if (reading.begun <= label.forgotten_until) return "";
  if (label.version && *label.version != *reading.version && !disk_faults_) {
    return fmt::format("the label is bound to version {}", *label.version);
  }
  const bool known = label.version.has_value();
  label.version = reading.version;
  if (known || disk_faults_) return "";
  // Bound by this read, or by one before it that nobody has seen.
  return history_.WasCurrent(reading.plan.object(), *reading.version, {*label.since, reading.ended})
             ? ""
             : "the label was bound to a version that was not current then";
}

std::string Judge::CheckStale(const Reading& reading, const read::FreshnessRule& rule) const {
  if (!reading.stale_for) return "";
  if (rule.mode != read::FreshnessMode::kTtl || rule.stale_if_error == Duration::zero()) return "stale by no rule";
  if (*reading.stale_for > rule.stale_if_error) return "stale for longer than the rule allows";
  const Window window{Earlier(reading.begun, kPause), reading.ended};
  return history_.CountTroubles(reading.plan.object(), Trouble::kFailed, window) > 0
             ? ""
             : "stale although the origin could be asked";
}

// --- errors ---

bool Judge::Troubled(const Reading& reading, Trouble trouble) const {
  return history_.CountTroubles(reading.plan.object(), trouble, {reading.begun, reading.ended}) > 0;
}

std::string Judge::CheckError(const Reading& reading) const {
  std::string wrong = "no read may end so";
  switch (reading.error->code()) {
    case Code::kCancelled: wrong = reading.cancelled ? "" : "cancelled, but the client was there"; break;
    case Code::kNotFound: wrong = CheckNotFound(reading); break;
    case Code::kPreconditionFailed: wrong = CheckPrecondition(reading); break;
    case Code::kUnavailable:
    case Code::kThrottled:
    case Code::kDeadlineExceeded: wrong = CheckUnavailable(reading); break;
    case Code::kInvalidArgument: {
      if (reading.plan.request.part_number.value_or(1) != 1) return "";  // the fake's objects have one part
      break;
    }
    default: break;
  }
  return wrong.empty() ? "" : wrong + ": " + reading.error->ToString();
}

std::string Judge::CheckNotFound(const Reading& reading) const {
  const Window window{reading.begun, reading.ended};
  return history_.WasCurrent(reading.plan.object(), 0, window) ? "" : "the object was there";
}

std::string Judge::CheckPrecondition(const Reading& reading) const {
  const read::VersionSelector& named = reading.plan.request.version;
  const std::string object = reading.plan.object();
  const Window window{reading.begun, reading.ended};
  if (reading.meta) return Troubled(reading, Trouble::kConflict) ? "" : "no version has changed";
  if (Troubled(reading, Trouble::kHidden)) return "";
  if (named.kind == Kind::kVersionId) {
    return history_.HasBeen(object, std::stoull(named.value.substr(1)), reading.begun) ? "the version is there" : "";
  }
  if (named.kind == Kind::kETag) {
    const std::uint64_t wanted = sim::FakeOrigin::VersionNumber(ETag(named.value)).value_or(0);
    for (const std::uint64_t version : history_.CurrentIn(object, window)) {
      if (version != wanted) return "";
    }
    return "the ETag was current all the time";
  }
  if (named.kind != Kind::kLabel) return "no version was named";
  const auto label = labels_.find(object + " " + named.value);
  if (label == labels_.end() || !label->second.version) return "";  // bound by a read that nobody has seen
  for (const std::uint64_t version : history_.CurrentIn(object, window)) {
    if (version != *label->second.version) return "";
  }
  return disk_faults_ ? "" : "the label's version was current all the time";
}

std::string Judge::CheckUnavailable(const Reading& reading) const {
  if (Troubled(reading, Trouble::kFailed)) return "";
  if (late_ && reading.ended - reading.begun >= kFirstByteTimeout) return "";
  const Window window{reading.begun, reading.ended};
  const std::size_t conflicts = history_.CountTroubles(reading.plan.object(), Trouble::kConflict, window) +
                                history_.CountTroubles(reading.plan.object(), Trouble::kHidden, window);
  return conflicts >= kAttempts ? "" : "the origin was well";
}

}  // namespace hearth::model
