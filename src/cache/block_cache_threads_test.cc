// The engine on real threads and a real disk: what the simulation cannot show. Run it under ThreadSanitizer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <latch>

#include "cache/cache_world_for_test.h"
#include "io/loop.h"
#include "io/thread_pool.h"

namespace hearth::cache {
namespace {

constexpr int kReaders = 8;
constexpr int kReadsEach = 40;
constexpr std::array<const char*, 2> kKeys = {"a", "b"};

class ThreadsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "hearth-cache-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    for (const char* name : {"front", "fetch-0", "fetch-1"}) {
      auto loop = io::Loop::Create({.name = name});
      ASSERT_TRUE(loop);
      loops_.push_back(std::move(*loop));
      loops_.back()->Start();
    }
    for (const char* key : kKeys) sources_.push_back(std::make_shared<ScriptedSource>(std::string("b/") + key));
  }
  void TearDown() override {
    for (const auto& loop : loops_) loop->Stop();
    pool_->Stop();
    std::filesystem::remove_all(root_);
  }

  void Open(std::uint64_t budget_bytes, std::uint64_t memory_bytes) {
    auto files = io::OpenPosixFileSystem(root_, {});
    ASSERT_TRUE(files) << files.error().ToString();
    files_ = std::move(*files);
    metrics_ = std::make_unique<telemetry::Registry>();
    DiskStore::Options options{.directory = root_, .budget_bytes = budget_bytes, .geometry = kTestGeometry};
    options.open_files_max = 64;
    options.purge_interval = std::chrono::milliseconds(5);
    options.verify_interval = std::chrono::milliseconds(50);
    store_ = std::make_unique<DiskStore>(
        options, DiskStore::Environment{*files_, *pool_, *pool_, SystemClock(), *metrics_, log_});
    RunHere(OpenStore(*store_, *pool_));
    store_->StartBackground(fetch(0));
    memory_ = std::make_unique<MemoryBudget>(memory_bytes);
    cache_ = std::make_unique<BlockCache>(
        kTestGeometry,
        BlockCache::Environment{
            .store = store_.get(), .memory = *memory_, .fetch = {&fetch(0), &fetch(1)}, .metrics = *metrics_});
  }
  void Close() {
    RunHere(cache_->Stop());
    RunHere(store_->Stop());
    EXPECT_EQ(memory_->used(), 0u);
    cache_.reset();
    store_.reset();
    // The store's last files close on the pool, and use the file system.
    RunHere(Nothing(*pool_));
    files_.reset();
  }

  // Starts `task` on the front's loop; whoever starts it waits for it by a latch.
  void Start(Task<void> task, std::latch& done) { StartOn(*loops_[0], std::move(task), done); }
  static void StartOn(Executor& where, Task<void> task, std::latch& done) {
    where.Post([wrapped = ThenCount(std::move(task), done)]() mutable { StartDetached(std::move(wrapped)); });
  }
  void RunHere(Task<void> task) {
    std::latch done(1);
    Start(std::move(task), done);
    done.wait();
  }
  io::Loop& fetch(std::size_t i) { return *loops_[1 + i]; }

  static Task<void> ThenCount(Task<void> task, std::latch& done) {
    co_await std::move(task);
    done.count_down();
  }
  static Task<void> OpenStore(DiskStore& store, Executor& pool) {
    const Status opened = co_await RunOn(pool, [&] { return store.Open(); });
    EXPECT_TRUE(opened) << opened.error().ToString();
  }
  static Task<void> Nothing(Executor& pool) {
    for (int i = 0; i < 8; ++i) co_await RunOn(pool, [] {});
  }

  static BlockInfo DrawBlock(Random& random, std::size_t& key) {
    key = random.Below(kKeys.size());
    return TestBlock(random.Below(4), kKeys[key]);
  }
  static Task<void> ReadAndRead(ThreadsTest& test, std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < kReadsEach; ++i) {
      std::size_t key = 0;
      const BlockInfo info = DrawBlock(random, key);
      const std::uint64_t length = kTestGeometry.BlockRange(info.index, kTestObjectSize).length();
      const std::uint64_t begin = random.Below(length);
      const ByteRange in_block{begin, begin + 1 + random.Below(length - begin)};
      // Some leave in the middle.
      const std::size_t pieces_max = random.OneIn(4) ? random.Below(5) : std::size_t{1} << 20;
      co_await ReadOne(test.cache_->Read(info, {in_block, test.sources_[key], {}}), info, in_block, pieces_max);
    }
  }
  static Task<void> ReadOne(std::unique_ptr<BlockReader> reader, BlockInfo info, ByteRange in_block,
                            std::size_t pieces_max) {
    std::uint64_t position = in_block.begin;
    for (std::size_t i = 0; i < pieces_max; ++i) {
      const Result<std::optional<Piece>> piece = co_await reader->Next();
      EXPECT_TRUE(piece) << piece.error().ToString();
      if (!piece) co_return;
      if (!*piece) {
        EXPECT_EQ(position, in_block.end);
        co_return;
      }
      Check(info, position, **piece);
      position += LengthOf(**piece);
    }
  }
  // All of one object, and until it is on disk.
  static Task<void> ReadAll(ThreadsTest& test, std::size_t key) {
    for (std::uint64_t i = 0; i < kTestGeometry.BlockCount(kTestObjectSize); ++i) {
      const BlockInfo info = TestBlock(i, kKeys[key]);
      const ByteRange all{0, kTestGeometry.BlockRange(info.index, kTestObjectSize).length()};
      const std::uint64_t begin = i * kTestGeometry.block_size;
      const ByteRange range{begin, begin + all.end};
      // Again if the block was on its way out: those who are at it still read the evicted file.
      do {
        co_await ReadOne(test.cache_->Read(info, {all, test.sources_[key], {}}), info, all, ~std::size_t{0});
        co_await RunOn(*test.pool_, [] {});
      } while (co_await test.cache_->Census(info.object, info.version, kTestObjectSize, range) != Presence::kAll);
    }
  }
  static void Check(const BlockInfo& info, std::uint64_t position, const Piece& piece) {
    if (const auto* memory = std::get_if<BufferSlice>(&piece)) {
      EXPECT_EQ(CheckBlockBytes(info, position, memory->bytes), "");
      return;
    }
    const auto& slice = std::get<io::FileSlice>(piece);
    std::vector<std::byte> bytes(slice.range.length());
    const auto read = slice.file->ReadAt(slice.range.begin, bytes);
    EXPECT_TRUE(read && *read == bytes.size());
    EXPECT_EQ(CheckBlockBytes(info, position, bytes), "");
  }
  static Task<void> Disturb(ThreadsTest& test, std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < 200; ++i) {
      std::size_t key = 0;
      const BlockInfo info = DrawBlock(random, key);
      SliceList slices;
      switch (random.Below(4)) {
        case 0: co_await test.cache_->Evict(HashOf(info)); break;
        case 1: test.cache_->FillRest(info, {}, test.sources_[key], {}); break;
        case 2: co_await test.cache_->Census(info.object, info.version, kTestObjectSize, {0, kTestObjectSize}); break;
        default:
          (void)test.cache_->TrySlices(BlockHasher(info.object, info.version), kTestObjectSize, {5, 70'000}, slices);
      }
      co_await SleepFor(std::chrono::microseconds(random.Below(500)));
    }
  }
  void RunEverybody(std::uint64_t seed) {
    std::latch done(kReaders + 2);
    for (int i = 0; i < kReaders; ++i) {
      StartOn(*loops_[i % 2 == 0 ? 0 : 1], ReadAndRead(*this, seed + static_cast<std::uint64_t>(i)), done);
    }
    StartOn(*loops_[0], Disturb(*this, seed + 100), done);
    StartOn(*loops_[2], Disturb(*this, seed + 101), done);
    done.wait();
  }
  // Bytes of block files and logs, as the kernel has them.
  std::uint64_t BytesOnDisk() const {
    std::uint64_t bytes = 0;
    const auto files = io::OpenPosixFileSystem(root_, {});
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root_)) {
      if (!entry.is_regular_file()) continue;
      bytes += (*files)->Stat(entry.path().lexically_relative(root_).string())->allocated;
    }
    return bytes;
  }

  std::string root_;
  std::vector<std::unique_ptr<io::Loop>> loops_;
  std::unique_ptr<io::ThreadPool> pool_ = io::ThreadPool::Create({.name = "disk", .threads = 3});
  telemetry::Logger log_{{.level = telemetry::Level::kError}};
  std::unique_ptr<telemetry::Registry> metrics_;
  std::unique_ptr<io::FileSystem> files_;
  std::unique_ptr<MemoryBudget> memory_;
  std::unique_ptr<DiskStore> store_;
  std::unique_ptr<BlockCache> cache_;
  std::vector<std::shared_ptr<ScriptedSource>> sources_;
};

TEST_F(ThreadsTest, ReadersFillsEvictionsAndThePurgerGoTogether) {
  for (const std::uint64_t seed : sim::TestSeeds(2)) {
    SCOPED_TRACE(sim::SeedText(seed));
    Open(3_MiB, 512_KiB);
    RunEverybody(seed * 1000);
    Close();
    EXPECT_LE(BytesOnDisk(), 3_MiB + kTestGeometry.block_size);
  }
}

TEST_F(ThreadsTest, WhatOneLifeFilledTheNextOneHas) {
  Open(64_MiB, 64_MiB);
  RunEverybody(1);
  RunHere(ReadAll(*this, 0));
  Close();
  EXPECT_LE(BytesOnDisk(), 64_MiB);
  Open(64_MiB, 64_MiB);
  const std::size_t opens = sources_[0]->opens();
  RunHere(ReadAll(*this, 0));
  EXPECT_EQ(sources_[0]->opens(), opens);
  Close();
}

}  // namespace
}  // namespace hearth::cache
