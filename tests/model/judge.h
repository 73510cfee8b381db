// Judge: whether an answer could be right, given the history: the promises of the read plane, each said once.
//
// Pure but for what it knows of label bindings, which it learns from the answers themselves. One thread.
#pragma once

#include <map>
#include <string>

#include "model/client.h"

namespace hearth::model {

class Judge {
 public:
  explicit Judge(const History& history) : history_(history) {}

  // From now on files may fail under a slice that is being sent, and logs may be lost.
  void AllowDiskFaults() { disk_faults_ = true; }
  bool disk_faults() const { return disk_faults_; }
  // Time may jump while work waits: a deadline may pass although nobody was slow.
  void AllowLateness() { late_ = true; }
  // A read begins; it may bind a label.
  void NoteAttempt(const Plan& plan, TimePoint at);
  // Bindings of the object are being forgotten from `begun` on.
  void NoteEvict(const std::string& object, TimePoint begun);
  void NoteEvicted(const std::string& object, TimePoint ended);
  // An eviction that was under way may have happened or not.
  void NoteCrash(TimePoint at);

  // Empty, or what is wrong with it. Answers in the order in which they ended.
  std::string Check(const Reading& reading, const read::FreshnessRule& rule);

 private:
  struct Label {
    std::optional<TimePoint> since;  // it was bound to a version that was current at this time or later
    TimePoint forgotten_until = TimePoint::min();
    std::optional<std::uint64_t> version;
  };

  Window Allowed(const Reading& reading, const read::FreshnessRule& rule) const;
  bool Troubled(const Reading& reading, Trouble trouble) const;
  std::string CheckBytes(const Reading& reading) const;
  std::string CheckHead(const Reading& reading, const read::FreshnessRule& rule);
  std::string CheckOutcome(const Reading& reading) const;
  std::string CheckVersion(const Reading& reading, const read::FreshnessRule& rule);
  std::string CheckLabel(const Reading& reading);
  std::string CheckStale(const Reading& reading, const read::FreshnessRule& rule) const;
  std::string CheckError(const Reading& reading) const;
  std::string CheckNotFound(const Reading& reading) const;
  std::string CheckPrecondition(const Reading& reading) const;
  std::string CheckUnavailable(const Reading& reading) const;

  const History& history_;
  bool disk_faults_ = false;
  bool late_ = false;
  std::map<std::string, Label> labels_;  // by "bucket/key label"
};

}  // namespace hearth::model
