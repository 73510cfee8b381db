#include "read/conditions.h"

#include <string_view>

#include "http/date.h"

namespace hearth::read {
namespace {

std::string_view WithoutWeakness(std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// S3 takes an ETag without its quotes as well.
bool SameTag(std::string_view listed, std::string_view etag) {
  listed = WithoutWeakness(Trim(listed));
  etag = WithoutWeakness(etag);
  if (listed == etag) return true;
  return etag.size() > 2 && etag.front() == '"' && listed == etag.substr(1, etag.size() - 2);
}

// Commas inside quotes belong to the tag.
bool ListHas(std::string_view list, const ETag& etag) {
  if (Trim(list) == "*") return true;
  if (etag.empty()) return false;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && list[i] == '"') quoted = !quoted;
    if (i < list.size() && (list[i] != ',' || quoted)) continue;
    if (SameTag(list.substr(begin, i - begin), etag.value)) return true;
    begin = i + 1;
  }
  return false;
}

// HTTP dates have whole seconds.
std::chrono::sys_seconds Seconds(WallTime time) { return std::chrono::floor<std::chrono::seconds>(time); }

}  // namespace

Verdict Evaluate(const Conditions& conditions, const ETag& etag, std::optional<WallTime> last_modified) {
  if (conditions.if_match) {
    if (!ListHas(*conditions.if_match, etag)) return Verdict::kPreconditionFailed;
  } else if (conditions.if_unmodified_since && last_modified) {
    if (Seconds(*last_modified) > Seconds(*conditions.if_unmodified_since)) return Verdict::kPreconditionFailed;
  }
  if (conditions.if_none_match) {
    if (ListHas(*conditions.if_none_match, etag)) return Verdict::kNotModified;
  } else if (conditions.if_modified_since && last_modified) {
    if (Seconds(*last_modified) <= Seconds(*conditions.if_modified_since)) return Verdict::kNotModified;
  }
  return Verdict::kProceed;
}

bool RangeApplies(const Conditions& conditions, const ETag& etag, std::optional<WallTime> last_modified) {
  if (!conditions.if_range) return true;
  const std::string_view value = Trim(*conditions.if_range);
  if (value.starts_with('"')) return IsStrong(etag) && value == etag.value;
  if (value.starts_with("W/")) return false;
  const std::optional<WallTime> date = http::ParseHttpDate(value);
  return date && last_modified && Seconds(*date) == Seconds(*last_modified);
}

}  // namespace hearth::read
