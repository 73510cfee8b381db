// History: every version of every object, and when it was current: the reference that answers are held to.
//
// Pure: times are given. Objects are named "bucket/key"; version 0 stands for "there is no such object". One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/executor.h"
#include "base/names.h"
#include "base/request_context.h"

namespace hearth::model {

// Closed on both ends: at the very moment of an overwrite both versions are current.
struct Window {
  TimePoint from;
  TimePoint to;
};

// What an origin's call can do to a read.
enum class Trouble : std::uint8_t {
  kFailed,    // the origin could not be asked, or broke off
  kHidden,    // the answer did not tell its version
  kConflict,  // the version that was named was not the current one
};

class History {
 public:
  // From `at` on `version` is current. Nothing happens if it was already.
  void SetCurrent(const std::string& object, std::uint64_t version, std::uint64_t size, TimePoint at);
  void NoteTrouble(const std::string& object, Trouble trouble, TimePoint at);

  std::uint64_t Current(const std::string& object) const;
  std::uint64_t Newest(const std::string& object) const;
  // Size of a version that was current once.
  std::optional<std::uint64_t> SizeOf(const std::string& object, std::uint64_t version) const;
  bool HasBeen(const std::string& object, std::uint64_t version, TimePoint at) const;
  // 0: whether the object did not exist.
  bool WasCurrent(const std::string& object, std::uint64_t version, Window window) const;
  // The versions (and 0) that were current in the window.
  std::vector<std::uint64_t> CurrentIn(const std::string& object, Window window) const;
  std::size_t CountTroubles(const std::string& object, Trouble trouble, Window window) const;

 private:
  struct Change {
    TimePoint at;
    std::uint64_t version = 0;
  };
  struct Event {
    TimePoint at;
    Trouble trouble = Trouble::kFailed;
  };
  struct Object {
    std::vector<Change> changes;
    std::map<std::uint64_t, std::uint64_t> sizes;
    std::vector<Event> events;
  };
  const Object* Find(const std::string& object) const;

  std::map<std::string, Object> objects_;
};

}  // namespace hearth::model
