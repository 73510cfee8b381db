// CacheWorld: one node's cache on the simulation: disk, store, engine and sources, with crashes and restarts.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cache/block_cache.h"
#include "cache/block_source_for_test.h"
#include "cache/layout.h"
#include "support/object_bytes.h"
#include "support/seeds.h"
#include "support/sim_executor.h"
#include "support/sim_file_system.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace hearth::cache {

inline constexpr std::string_view kTestDirectory = "/cache";
inline constexpr std::uint64_t kTestObjectSize = 3_MiB + 100;  // three blocks and a bit
// Small, so that tests with many blocks stay quick: 16 sub-blocks of one page.
inline constexpr Geometry kTestGeometry{.block_size = 1_MiB, .sub_block_size = 64_KiB};

inline BlockInfo TestBlock(std::uint64_t index = 0, const std::string& key = "k", std::uint64_t version = 1) {
  return {.object = {OriginName("s3"), BucketName("b"), ObjectKey(key)},
          .version = {VersionKind::kETag, EtagOf(version)},
          .object_size = kTestObjectSize,
          .index = {index}};
}
inline Hash128 HashOf(const BlockInfo& info) { return HashBlock(info.object, info.version, info.index); }

// What of `in_block` should be: "" if `bytes` are it.
inline std::string CheckBlockBytes(const BlockInfo& info, std::uint64_t in_block, std::span<const std::byte> bytes) {
  const std::string key = info.object.bucket.value + "/" + info.object.key.value;
  const std::uint64_t version = std::stoull(info.version.value.substr(2));
  return sim::CheckObjectBytes(
      {key, version, info.index.value * kTestGeometry.block_size + in_block, std::max<std::uint64_t>(version, 3)},
      bytes);
}

// The bytes of sub-block `sub` of a block, in a buffer that counts against nothing.
inline BufferSlice SubBytes(const BlockInfo& info, std::uint32_t sub) {
  const std::uint64_t length = kTestGeometry.BlockRange(info.index, info.object_size).length();
  const ByteRange range = kTestGeometry.BytesOf({sub, sub + 1}, length);
  auto buffer = std::make_shared<Buffer>(range.length(), MemoryBudget::Grant());
  const std::string key = info.object.bucket.value + "/" + info.object.key.value;
  sim::FillObjectBytes(key, std::stoull(info.version.value.substr(2)),
                       info.index.value * kTestGeometry.block_size + range.begin, buffer->Unwritten());
  buffer->Commit(range.length());
  return {buffer, {buffer->data(), buffer->size()}};
}

// How a read of a range ended. Pieces are copied out and let go one by one.
struct ReadOutcome {
  std::optional<Error> error;
  std::vector<std::byte> bytes;
  std::size_t pieces = 0;
  bool ended = false;

  bool ok() const { return ended && !error; }
};

class CacheWorld {
 public:
  explicit CacheWorld(std::uint64_t seed = 1, sim::SimWorldOptions options = {})
      : world(seed, options), disk(world.clock(), seed) {
    store_options.directory = std::string(kTestDirectory);
    store_options.budget_bytes = 64_MiB;
    store_options.geometry = kTestGeometry;
  }
  ~CacheWorld() { Close(); }
  CacheWorld(const CacheWorld&) = delete;
  CacheWorld& operator=(const CacheWorld&) = delete;

  // A process starts. False: the store could not be opened.
  Status OpenStore() {
    metrics = std::make_unique<telemetry::Registry>();
    files = disk.Mount();
    store = std::make_unique<DiskStore>(store_options,
                                        DiskStore::Environment{*files, pool, *writers, world.clock(), *metrics, log});
    Status opened = world.Run(RunOn(pool, [this] { return store->Open(); }));
    if (!opened) store.reset();
    return opened;
  }
  void Open(bool with_store = true) {
    if (with_store) {
      const Status opened = OpenStore();
      ASSERT_TRUE(opened) << opened.error().ToString();
      store->StartBackground(fetch);
    } else {
      metrics = std::make_unique<telemetry::Registry>();
    }
    memory = std::make_unique<MemoryBudget>(memory_bytes);
    cache = std::make_unique<BlockCache>(
        kTestGeometry,
        BlockCache::Environment{.store = store.get(), .memory = *memory, .fetch = {&fetch}, .metrics = *metrics});
  }
  // Until the scan has been everywhere.
  void Scan() {
    ASSERT_TRUE(world.RunUntil([this] { return store->scan_done(); }, std::chrono::hours(1)));
  }
  // The process ends in order. Readers must be gone. After a crash too: then nothing it does matters.
  void Close() {
    if (cache) world.Run(cache->Stop());
    cache.reset();
    if (store) world.Run(store->Stop());
    store.reset();
    Settle();
    if (memory) {
      EXPECT_EQ(memory->used(), 0u) << "memory in flight was leaked";
    }
    memory.reset();
    files.reset();
  }
  void Restart(bool scan = true) {
    Close();
    Open();
    if (scan) Scan();
  }
  void Crash(sim::CrashKind kind) {
    disk.Crash(kind);
    Close();
    world.DropAll();
  }

  // Everything that is under way comes to its end, but for the purger's next round.
  void Settle() { world.RunFor(std::chrono::seconds(8)); }

  ReadOutcome Read(const BlockInfo& info, ByteRange in_block, std::shared_ptr<BlockSource> source,
                   RequestContext context = {}) {
    auto reader = cache->Read(info, {in_block, std::move(source), std::move(context)});
    ReadOutcome outcome;
    world.RunAt(loop, DrainReader(std::move(reader), outcome));
    return outcome;
  }
  // Runs beside the test; `outcome` must live until it has ended.
  void StartRead(std::unique_ptr<BlockReader> reader, ReadOutcome& outcome) {
    loop.Post([task = DrainReader(std::move(reader), outcome)]() mutable { StartDetached(std::move(task)); });
  }
  void StartRead(const BlockInfo& info, ByteRange in_block, std::shared_ptr<BlockSource> source, ReadOutcome& outcome) {
    StartRead(cache->Read(info, {in_block, std::move(source), {}}), outcome);
  }

  // One block on disk, `subs` of it, without the engine.
  std::shared_ptr<BlockFile> WriteBlock(const BlockInfo& info, SubRange subs) {
    const ByteRange bytes =
        kTestGeometry.BytesOf(subs, kTestGeometry.BlockRange(info.index, info.object_size).length());
    auto made = world.Run(store->Create(info, bytes.length()));
    if (!made) return nullptr;
    for (std::uint32_t sub = subs.begin; sub < subs.end; ++sub) {
      EXPECT_TRUE(world.Run(store->Write(*made, sub, SubBytes(info, sub))));
    }
    world.Run(store->Record(*made));
    return std::move(*made);
  }

  std::shared_ptr<BlockFile> OpenBlock(const BlockInfo& info) { return world.Run(store->OpenBlock(info)); }
  bool Evict(const BlockInfo& info) { return world.Run(store->Evict(HashOf(info), EvictReason::kAsked)); }

  std::uint64_t used() const { return store->ledger().used(); }
  // What the ledger holds apart from blocks.
  std::uint64_t logs() const {
    std::uint64_t bytes = 0;
    for (const auto& [path, facts] : disk.Files()) bytes += path.ends_with(".blk") ? 0 : facts.allocated;
    return bytes;
  }
  // Bytes of the files below the directory, and of those that are open without a name: what the ledger should say.
  std::uint64_t BytesOnDisk() {
    std::uint64_t directories = 2;  // the root and blocks/
    for (const std::string& name : ListBlocks()) directories += name.size() == 2 ? 1 : 0;
    return disk.used() - directories * 4_KiB;
  }
  void ExpectLedgerIsExact() { EXPECT_EQ(store->ledger().used(), BytesOnDisk()); }
  std::size_t BlockFiles() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(disk.Files(), [](const auto& each) { return each.first.ends_with(".blk"); }));
  }

  std::uint64_t Count(telemetry::Family family, std::initializer_list<std::string_view> labels) const {
    return metrics->GetCounter(family, labels).Value();
  }

  sim::SimWorld world;
  sim::SimDisk disk;
  sim::SimExecutor& loop = world.MakeExecutor("loop");
  sim::SimExecutor& fetch = world.MakeExecutor("fetch");
  sim::SimExecutor& pool = world.MakeExecutor("pool", {.delay_max = std::chrono::milliseconds(2)});
  Executor* writers = &pool;  // what the next store writes on
  DiskStore::Options store_options;
  std::uint64_t memory_bytes = 64_MiB;

  telemetry::Logger log{{.level = telemetry::Level::kError}};
  std::unique_ptr<telemetry::Registry> metrics;
  std::unique_ptr<io::FileSystem> files;
  std::unique_ptr<DiskStore> store;
  std::unique_ptr<MemoryBudget> memory;
  std::unique_ptr<BlockCache> cache;

 private:
  std::vector<std::string> ListBlocks() {
    auto names = disk.Mount()->List(kBlocksDirectory);
    return names ? *names : std::vector<std::string>();
  }
  static Task<void> DrainReader(std::unique_ptr<BlockReader> reader, ReadOutcome& outcome) {
    while (true) {
      Result<std::optional<Piece>> piece = co_await reader->Next();
      if (!piece) {
        outcome.error = piece.error();
        break;
      }
      if (!*piece) break;
      ++outcome.pieces;
      if (const std::optional<Error> error = CopyOut(**piece, outcome.bytes)) {
        outcome.error = error;
        break;
      }
    }
    reader.reset();
    outcome.ended = true;
  }
  static std::optional<Error> CopyOut(const Piece& piece, std::vector<std::byte>& bytes) {
    const std::size_t begin = bytes.size();
    bytes.resize(begin + LengthOf(piece));
    const std::span<std::byte> to(bytes.data() + begin, bytes.size() - begin);
    if (const auto* memory = std::get_if<BufferSlice>(&piece)) {
      std::ranges::copy(memory->bytes, to.begin());
      return std::nullopt;
    }
    const auto& slice = std::get<io::FileSlice>(piece);
    const Result<std::size_t> read = slice.file->ReadAt(slice.range.begin, to);
    if (!read) return read.error();
    if (*read != to.size()) return Error(Code::kInternal, "a slice past the end of its file");
    return std::nullopt;
  }
};

inline void ExpectRead(const ReadOutcome& outcome, const BlockInfo& info, ByteRange in_block) {
  ASSERT_TRUE(outcome.ended) << "the reader hangs";
  ASSERT_FALSE(outcome.error) << outcome.error->ToString();
  EXPECT_EQ(outcome.bytes.size(), in_block.length());
  EXPECT_EQ(CheckBlockBytes(info, in_block.begin, outcome.bytes), "");
}

}  // namespace hearth::cache
