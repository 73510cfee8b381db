#include "model/history.h"

#include <algorithm>

namespace hearth::model {

void History::SetCurrent(const std::string& object, std::uint64_t version, std::uint64_t size, TimePoint at) {
  Object& entry = objects_[object];
  if (entry.changes.empty()) entry.changes.push_back({TimePoint::min(), 0});
  if (entry.changes.back().version == version) return;
  entry.changes.push_back({at, version});
  if (version != 0) entry.sizes[version] = size;
}

void History::NoteTrouble(const std::string& object, Trouble trouble, TimePoint at) {
  objects_[object].events.push_back({at, trouble});
}

const History::Object* History::Find(const std::string& object) const {
  const auto found = objects_.find(object);
  return found == objects_.end() ? nullptr : &found->second;
}

std::uint64_t History::Current(const std::string& object) const {
  const Object* entry = Find(object);
  return entry == nullptr || entry->changes.empty() ? 0 : entry->changes.back().version;
}

std::uint64_t History::Newest(const std::string& object) const {
  const Object* entry = Find(object);
  return entry == nullptr || entry->sizes.empty() ? 0 : entry->sizes.rbegin()->first;
}

std::optional<std::uint64_t> History::SizeOf(const std::string& object, std::uint64_t version) const {
  const Object* entry = Find(object);
  if (entry == nullptr) return std::nullopt;
  const auto found = entry->sizes.find(version);
  return found == entry->sizes.end() ? std::nullopt : std::optional(found->second);
}

bool History::HasBeen(const std::string& object, std::uint64_t version, TimePoint at) const {
  return WasCurrent(object, version, {TimePoint::min(), at});
}

std::vector<std::uint64_t> History::CurrentIn(const std::string& object, Window window) const {
  const Object* entry = Find(object);
  if (entry == nullptr || entry->changes.empty()) return {0};
  std::vector<std::uint64_t> versions;
  for (std::size_t i = 0; i < entry->changes.size(); ++i) {
    const TimePoint end = i + 1 < entry->changes.size() ? entry->changes[i + 1].at : TimePoint::max();
    if (entry->changes[i].at <= window.to && end >= window.from) versions.push_back(entry->changes[i].version);
  }
  return versions;
}

bool History::WasCurrent(const std::string& object, std::uint64_t version, Window window) const {
  const std::vector<std::uint64_t> versions = CurrentIn(object, window);
  return std::ranges::find(versions, version) != versions.end();
}

std::size_t History::CountTroubles(const std::string& object, Trouble trouble, Window window) const {
  const Object* entry = Find(object);
  if (entry == nullptr) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(entry->events, [&](const Event& event) {
    return event.trouble == trouble && event.at >= window.from && event.at <= window.to;
  }));
}

}  // namespace hearth::model
