// ReadWorld: the read plane of one node on the simulation: origin, disk, cache, metadata and reader, with restarts.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "read/object_reader.h"
#include "support/fake_origin.h"
#include "support/object_bytes.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace hearth::read {

inline constexpr cache::Geometry kTestGeometry{.block_size = 1_MiB, .sub_block_size = 64_KiB};

inline ObjectId TestObject(const std::string& key = "k") { return {OriginName("s3"), BucketName("b"), ObjectKey(key)}; }
inline std::string TestETag(std::uint64_t version, const std::string& key = "k") {
  return sim::FakeOrigin::MakeETag("b", key, version).value;
}

// An answer to the last byte. Pieces are copied out and let go one by one.
struct Answer {
  std::optional<Error> error;
  bool opened = false;  // the head was there before the error
  Outcome outcome = Outcome::kOk;
  MetaPtr meta;
  ByteRange range;
  bool partial = false;
  CacheStatus cache = CacheStatus::kMiss;
  std::optional<std::chrono::seconds> stale_for;
  std::vector<std::byte> bytes;

  bool ok() const { return opened && !error; }
  std::string etag() const { return meta ? meta->meta.etag.value : ""; }
};

class ReadWorld {
 public:
  explicit ReadWorld(std::uint64_t seed = 1, sim::FakeOriginOptions options = {})
      : world(seed), disk(world.clock(), seed), fake(new sim::FakeOrigin(world.clock(), seed, std::move(options))) {
    entry.name = OriginName("s3");
    entry.buckets = {"*"};
    entry.origin.reset(fake);
  }
  ~ReadWorld() { Close(); }
  ReadWorld(const ReadWorld&) = delete;
  ReadWorld& operator=(const ReadWorld&) = delete;

  void Open() {
    metrics = std::make_unique<telemetry::Registry>();
    files = disk.Mount();
    memory = std::make_unique<MemoryBudget>(memory_bytes);
    freshness = std::make_unique<FreshnessPolicy>(rules);
    fill_policy = std::make_unique<FillPolicy>(FillPolicy::Options{.background = background_fill});
    store = std::make_unique<cache::DiskStore>(
        cache::DiskStore::Options{.directory = "/cache", .budget_bytes = budget_bytes, .geometry = kTestGeometry},
        cache::DiskStore::Environment{*files, pool, pool, world.clock(), *metrics, log});
    cache = std::make_unique<cache::BlockCache>(
        kTestGeometry, cache::BlockCache::Environment{store.get(), *memory, {&fetch}, *metrics});
    metadata = std::make_unique<MetadataStore>(MetadataStore::Options{.memory_bytes_max = metadata_bytes},
                                               MetadataStore::Environment{files.get(), pool, world.clock(), log});
    resolver = std::make_unique<Resolver>(*metadata, world.clock());
    reader = std::make_unique<ObjectReader>(
        ObjectReader::Environment{*cache, *metadata, *resolver, *freshness, *fill_policy, *memory, world.clock()});
    const Status opened = world.Run(RunOn(pool, [this] {
      Status status = store->Open();
      return status ? metadata->Open() : status;
    }));
    ASSERT_TRUE(opened) << opened.error().ToString();
    store->StartBackground(fetch);
  }
  void Close() {
    if (!reader) return;
    world.Run(cache->Stop());
    world.Run(store->Stop());
    world.Run(metadata->Stop());
    EXPECT_EQ(memory->used(), 0u) << "memory in flight was leaked";
    reader.reset();
    resolver.reset();
    metadata.reset();
    cache.reset();
    store.reset();
    world.RunFor(std::chrono::seconds(1));  // files close on the pool
    files.reset();
  }
  void Restart() {
    Close();
    Open();
  }
  void Crash(sim::CrashKind kind) {
    disk.Crash(kind);
    Close();
    world.DropAll();
    Open();
  }
  // Background fills and log writes end.
  void Settle() { world.RunFor(std::chrono::seconds(2)); }

  ReadRequest Request(http::RangeSpec range = http::WholeObject{}, const std::string& key = "k") {
    ReadRequest request;
    request.origin = &entry;
    request.key.object = TestObject(key);
    request.range = range;
    return request;
  }
  ReadRequest Named(VersionSelector::Kind kind, const std::string& value, http::RangeSpec range = http::WholeObject{}) {
    ReadRequest request = Request(range);
    request.version = {kind, value};
    request.key.selector = request.version.MetadataKey();
    return request;
  }

  // Through Open, to the end.
  Answer Read(ReadRequest request, RequestContext context = {}) {
    Answer answer;
    world.RunAt(loop, Drain(*this, std::move(request), std::move(context), answer));
    return answer;
  }
  Answer Read() { return Read(Request()); }
  // Runs beside the test; `answer` must live until the end.
  void Start(ReadRequest request, Answer& answer, RequestContext context = {}) {
    ++running;
    loop.Post([task = Count(*this, std::move(request), std::move(context), answer)]() mutable {
      StartDetached(std::move(task));
    });
  }
  // Until every started read has ended.
  void Finish() {
    ASSERT_TRUE(world.RunUntil([this] { return running == 0; }, std::chrono::minutes(5))) << "a read does not end";
  }

  std::uint64_t gets() const { return fake->counters().gets; }
  std::uint64_t heads() const { return fake->counters().heads; }

  sim::SimWorld world;
  sim::SimDisk disk;
  sim::SimExecutor& loop = world.MakeExecutor("loop");
  sim::SimExecutor& fetch = world.MakeExecutor("fetch");
  sim::SimExecutor& pool = world.MakeExecutor("pool");
  sim::FakeOrigin* const fake;  // of `entry`
  OriginEntry entry;

  std::vector<FreshnessRule> rules;
  std::uint64_t budget_bytes = 64_MiB;
  std::uint64_t memory_bytes = 16_MiB;
  std::uint64_t metadata_bytes = 1_MiB;
  bool background_fill = false;

  telemetry::Logger log{{.level = telemetry::Level::kError}};
  std::unique_ptr<telemetry::Registry> metrics;
  std::unique_ptr<io::FileSystem> files;
  std::unique_ptr<MemoryBudget> memory;
  std::unique_ptr<FreshnessPolicy> freshness;
  std::unique_ptr<FillPolicy> fill_policy;
  std::unique_ptr<cache::DiskStore> store;
  std::unique_ptr<cache::BlockCache> cache;
  std::unique_ptr<MetadataStore> metadata;
  std::unique_ptr<Resolver> resolver;
  std::unique_ptr<ObjectReader> reader;

 private:
  static void CopyOut(const Piece& piece, std::vector<std::byte>& bytes) {
    const std::size_t begin = bytes.size();
    bytes.resize(begin + cache::LengthOf(piece));
    const std::span<std::byte> to(bytes.data() + begin, bytes.size() - begin);
    if (const auto* in_memory = std::get_if<BufferSlice>(&piece)) {
      std::ranges::copy(in_memory->bytes, to.begin());
      return;
    }
    const auto& slice = std::get<io::FileSlice>(piece);
    EXPECT_EQ(slice.file->ReadAt(slice.range.begin, to).value_or(0), to.size());
  }
  static Task<void> Drain(ReadWorld& self, ReadRequest request, RequestContext context, Answer& answer) {
    Result<Opened> opened = co_await self.reader->Open(std::move(request), std::move(context));
    if (!opened) {
      answer.error = std::move(opened).error();
      co_return;
    }
    answer.opened = true;
    answer.outcome = opened->outcome;
    answer.meta = opened->meta;
    answer.range = opened->range;
    answer.partial = opened->partial;
    answer.cache = opened->cache;
    answer.stale_for = opened->stale_for;
    if (opened->first) CopyOut(*opened->first, answer.bytes);
    opened->first.reset();
    while (opened->stream) {
      Result<std::optional<Piece>> piece = co_await opened->stream->Next();
      if (!piece) answer.error = piece.error();
      if (answer.error || !*piece) co_return;
      CopyOut(**piece, answer.bytes);
    }
  }
  static Task<void> Count(ReadWorld& self, ReadRequest request, RequestContext context, Answer& answer) {
    co_await Drain(self, std::move(request), std::move(context), answer);
    --self.running;
  }

  std::size_t running = 0;
};

// The answer is whole, and its bytes are those of `version`.
inline void ExpectBytes(const Answer& answer, std::uint64_t version, ByteRange range, const std::string& key = "k") {
  ASSERT_FALSE(answer.error) << answer.error->ToString();
  EXPECT_EQ(answer.outcome, Outcome::kOk);
  EXPECT_EQ(answer.range, range);
  EXPECT_EQ(answer.bytes.size(), range.length());
  EXPECT_EQ(sim::CheckObjectBytes({"b/" + key, version, range.begin, version + 1}, answer.bytes), "");
}

}  // namespace hearth::read
