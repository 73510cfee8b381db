// Run: everything that one seed says, from the first put to the last byte, checked as it goes.
//
//   lives      reads, overwrites, faults; then a stop, a kill or a power loss, and damage at rest
//   healed     no more faults: everything can be read
//   herd       many readers of a cold object: each byte is fetched once
//   restart    what was here is here after a restart, also without the origin
//
// A promise that is broken ends the run: Report::failure says which. A coroutine that never ends cannot be cleaned
// up: it prints the report and aborts.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/chaos.h"
#include "model/client.h"
#include "model/judge.h"

namespace hearth::model {

struct Report {
  std::uint64_t seed = 0;
  std::string failure;                          // empty: all promises were kept
  std::vector<std::string> trace;               // one line an event, with its virtual time
  std::uint64_t fingerprint = 0;                // equal for equal runs
  std::map<std::string, std::uint64_t> counts;  // what happened how often

  std::string ToString() const;
};

class Run {
 public:
  Run(std::uint64_t seed, telemetry::Logger& log);
  Report Execute();
  // So far; for one that ends the process.
  const Report& report() const { return report_; }

 private:
  enum class End : std::uint8_t { kStop, kKill, kPowerLoss };

  void Lives();
  void Healed();
  void Herd();
  void Restart();

  void StartNode();
  void Event();
  void StartRead(Plan plan);
  void Burst(const std::string& key);
  void CancelOne();
  void Put(const std::string& key);
  void Delete(const std::string& key);
  void Evict(const std::string& key);
  static Task<void> RunEvict(Run& run, std::string key);
  void RemoveBlockFile();
  void Pass(Duration time);
  Duration DrawTime();
  void EndLife(End end);
  void StopNode();
  void Finish();  // waits for every read that is under way
  void WaitForScan();

  // Reads of all objects; true if all of them were hits.
  bool ReadAll(bool must_hit);
  void CheckEnded();
  void CheckBounds();
  void CheckLedger();
  void CheckHerd(const std::string& object);
  void ForgetRequests();  // of the origin, but for the count of its faults
  void CountDiskFaults();
  void Say(std::string line);
  void Break(std::string what);  // a promise is broken
  [[noreturn]] void Hang(const std::string& what);
  bool broken() const { return !report_.failure.empty(); }
  const std::string& AnyKey();  // one of them is hot

  Report report_;
  sim::SimWorld sim_;
  Random random_;
  const Setting setting_;
  sim::SimDisk disk_;
  sim::SimExecutor& loop_;
  sim::SimExecutor& fetch_;
  sim::SimExecutor& pool_;
  History history_;
  sim::FakeOrigin origin_;
  World world_;
  Planner planner_;
  Judge judge_;
  std::vector<std::string> keys_;
  std::size_t hot_key_ = 0;
  std::unique_ptr<Node> node_;
  std::list<Reading> readings_;              // that are under way
  std::vector<Reading*> ended_;              // of those, not looked at yet
  std::map<std::string, bool> directories_;  // blocks/xx that were seen
  bool evicting_ = false;
  bool origin_down_ = false;
  bool missed_ = false;  // a read was no hit
};

}  // namespace hearth::model
