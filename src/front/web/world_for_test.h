// FrontWorld: a read plane without a disk over a fake origin, on the simulation: what the tests of fronts answer from.
#pragma once

#include <memory>
#include <string>

#include "cache/block_cache.h"
#include "front/web/exchange_for_test.h"
#include "front/web/forward.h"
#include "front/web/object_answer.h"
#include "gate/gate.h"
#include "read/object_reader.h"
#include "support/fake_origin.h"
#include "support/sim_executor.h"

namespace hearth::front {

class FrontWorld {
 public:
  explicit FrontWorld(std::uint64_t seed = 1)
      : world(seed),
        loop(world.MakeExecutor("loop")),
        fetch(world.MakeExecutor("fetch")),
        disk(world.MakeExecutor("disk")),
        log({.level = telemetry::Level::kError}),
        memory(64_MiB),
        cache({.block_size = 1_MiB, .sub_block_size = 64_KiB}, {nullptr, memory, {&fetch}, metrics}),
        metadata({}, {nullptr, disk, world.clock(), log}),
        freshness({}),
        fill_policy({}),
        resolver(metadata, world.clock()),
        reader({cache, metadata, resolver, freshness, fill_policy, memory, world.clock()}),
        answerer(reader, metrics, log),
        forwarder(memory, log) {
    auto fake = std::make_unique<sim::FakeOrigin>(world.clock(), seed);
    origin = fake.get();
    std::vector<read::OriginEntry> entries;
    entries.push_back({OriginName("s3"), read::OriginType::kS3, {"b*"}, std::move(fake)});
    origins = std::make_unique<read::OriginDirectory>(std::move(entries));
  }
  ~FrontWorld() { world.Run(cache.Stop()); }

  // Handles the exchange as a job of the loop and runs the world until the answer is complete.
  void Handle(http::Handler& handler, FakeExchange& exchange) {
    loop.Post([&] { handler.Handle(exchange); });
    world.RunUntilIdle();
    EXPECT_TRUE(exchange.answered());
    EXPECT_FALSE(exchange.running());
  }

  sim::SimWorld world;
  sim::SimExecutor& loop;
  sim::SimExecutor& fetch;
  sim::SimExecutor& disk;
  telemetry::Registry metrics;
  telemetry::Logger log;
  MemoryBudget memory;
  cache::BlockCache cache;
  read::MetadataStore metadata;
  read::FreshnessPolicy freshness;
  read::FillPolicy fill_policy;
  read::Resolver resolver;
  read::ObjectReader reader;
  ObjectAnswerer answerer;
  Forwarder forwarder;
  std::unique_ptr<read::OriginDirectory> origins;
  sim::FakeOrigin* origin = nullptr;
};

// A gate that says the same to everybody and remembers what it was asked.
class FixedGate final : public gate::Gate {
 public:
  explicit FixedGate(bool allow) : allow_(allow) {}
  gate::Decision Check(const gate::Caller&, gate::Action action, std::string_view resource) const override {
    asked.emplace_back(std::string(ActionName(action)) + " " + std::string(resource));
    if (allow_) return {.allowed = true};
    return {.allowed = false, .reason = "test", .message = "not you"};
  }
  gate::Decision CheckAnywhere(const gate::Caller& caller, gate::Action action) const override {
    return Check(caller, action, "anywhere");
  }
  mutable std::vector<std::string> asked;

 private:
  const bool allow_;
};

}  // namespace hearth::front
