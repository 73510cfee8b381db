// The whole engine from a seed: readers of random ranges, evictions, disk and source faults, crashes and restarts over
// a few blocks. Every byte that comes out is checked; at the end of each life nothing is left over.
#include <gtest/gtest.h>

#include "cache/block_cache.h"
#include "cache/cache_world_for_test.h"

namespace hearth::cache {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr std::array<const char*, 3> kKeys = {"a", "b", "c"};

// What this seed is like.
struct Weather {
  bool with_store = true;
  bool source_faults = false;
  bool disk_faults = false;
  std::uint64_t budget_bytes = 0;
  std::uint64_t memory_bytes = 0;
  EvictionKind eviction = EvictionKind::kWTinyLfu;

  static Weather Draw(Random random) {
    constexpr std::array<std::uint64_t, 4> kBudgets = {200_KiB, 2_MiB, 5_MiB, 32_MiB};
    constexpr std::array<std::uint64_t, 4> kMemories = {64_KiB, 192_KiB, 1_MiB, 32_MiB};
    return {.with_store = !random.OneIn(8),
            .source_faults = random.OneIn(2),
            .disk_faults = random.OneIn(2),
            .budget_bytes = kBudgets[random.Below(4)],
            .memory_bytes = kMemories[random.Below(4)],
            .eviction = static_cast<EvictionKind>(random.Below(kEvictionKinds))};
  }
};

class Storm : public CacheWorld {
 public:
  explicit Storm(std::uint64_t seed)
      : CacheWorld(seed, {.late_one_in = seed % 3 == 0 ? 20u : 0u}),
        random_(world.Fork()),
        weather_(Weather::Draw(world.Fork())) {
    store_options.budget_bytes = weather_.budget_bytes;
    store_options.eviction = weather_.eviction;
    store_options.open_files_max = random_.OneIn(2) ? 1 : 512;
    memory_bytes = weather_.memory_bytes;
    for (const char* key : kKeys) {
      sources_.push_back(std::make_shared<ScriptedSource>(
          std::string("b/") + key, ScriptedSource::Options{.chunk_bytes_max = 4000 + random_.Below(100'000),
                                                           .latency = microseconds(random_.Below(20'000)),
                                                           .chunk_delay = microseconds(random_.Below(2'000))}));
    }
  }

  void Run() {
    for (int life = 0; life < 3 && !testing::Test::HasFailure(); ++life) {
      Open(weather_.with_store);
      if (store && random_.OneIn(2)) Scan();
      Live();
      ComeToRest();
      if (testing::Test::HasFailure()) return;
      Die();
    }
  }

 private:
  // --- one life ---
  void Live() {
    SetFaults(true);
    running_ = 6;
    for (int i = 0; i < 6; ++i) loop.Post([this] { StartDetached(ReadAndRead(*this, world.Fork())); });
    ++running_;
    fetch.Post([this] { StartDetached(Disturb(*this, world.Fork())); });
    const bool ended = world.RunUntil(
        [this] {
          CheckBudget();
          return running_ == 0;
        },
        minutes(30));
    ASSERT_TRUE(ended) << running_ << " of them hang";
    SetFaults(false);
  }
  void SetFaults(bool on) {
    if (weather_.source_faults) {
      for (const auto& source : sources_) source->SetFaultRate(on ? 0.02 : 0, random_.Next());
    }
    if (weather_.disk_faults && !on) {
      disk.SetErrorRateOfAll(0);
      disk.SetResidency(1);
      disk.SetCapacity(1_GiB);
    }
  }
  void CheckBudget() {
    // After a power loss unlinked files may be there again, beside those that took their place.
    if (!store || !store->scan_done() || lost_pages_) return;
    // The logs grow as they must; the purger makes up for it.
    ASSERT_LE(store->ledger().used(), weather_.budget_bytes + kTestGeometry.block_size);
  }
  void ComeToRest() {
    if (store) Scan();
    world.RunFor(minutes(5));  // what was begun for later comes to its end, and the purger tries again what failed
    EXPECT_EQ(memory->used(), 0u);
    for (const auto& source : sources_) EXPECT_EQ(source->live_streams(), 0);
    if (!store) return;
    EXPECT_EQ(store->blocks(), BlockFiles());
    EXPECT_LE(BytesOnDisk(), weather_.budget_bytes + kTestGeometry.block_size);
    if (!lost_pages_ && !weather_.disk_faults) {
      ExpectLedgerIsExact();
    } else {
      // A file that lost pages, or could not be looked at after a failed write, counts too much until it goes.
      EXPECT_GE(store->ledger().used(), BytesOnDisk());
    }
  }
  void Die() {
    switch (random_.Below(4)) {
      case 0: Crash(sim::CrashKind::kKill); break;
      case 1:
        Crash(sim::CrashKind::kPowerLoss);
        lost_pages_ = true;
        break;
      default: Close();
    }
    if (random_.OneIn(3)) DamageAtRest();
  }
  void DamageAtRest() {
    for (const auto& [path, facts] : disk.Files()) {
      if (facts.size == 0 || !random_.OneIn(3)) continue;
      if (random_.OneIn(4)) {
        ASSERT_TRUE(disk.RemoveAtRest(path));
      } else {
        ASSERT_TRUE(disk.FlipBit(path, random_.Below(facts.size), static_cast<unsigned>(random_.Below(8))));
      }
    }
    lost_pages_ = true;
  }

  // --- those who read ---
  struct Wish {
    std::size_t key = 0;
    BlockInfo info;
    ByteRange in_block;
    CancelSource client;
    RequestContext context;
    bool may_give_up = false;
  };
  Wish Draw(Random& random) {
    Wish wish;
    wish.key = random.Below(kKeys.size());
    wish.info = TestBlock(random.Below(4), kKeys[wish.key]);
    const std::uint64_t length = kTestGeometry.BlockRange(wish.info.index, kTestObjectSize).length();
    wish.in_block.begin = random.OneIn(3) ? 0 : random.Below(length);
    wish.in_block.end = random.OneIn(3) ? length : wish.in_block.begin + 1 + random.Below(length - wish.in_block.begin);
    wish.context = {.request_id = "r", .cancel = wish.client.token()};
    wish.may_give_up = random.OneIn(4);
    if (wish.may_give_up) wish.context.deadline = world.clock().Now() + milliseconds(random.Below(60));
    return wish;
  }

  static Task<void> ReadAndRead(Storm& storm, Random random) {
    for (int i = 0; i < 10; ++i) {
      Wish wish = storm.Draw(random);
      if (random.OneIn(4)) {
        storm.TryHit(wish);
        continue;
      }
      co_await storm.ReadOne(std::move(wish), random.Next());
    }
    --storm.running_;
  }

  Task<void> ReadOne(Wish wish, std::uint64_t seed) {
    Random random(seed);
    BlockReader::Request request{wish.in_block, sources_[wish.key], wish.context};
    std::unique_ptr<BlockReader> reader = cache->Read(wish.info, std::move(request));
    if (random.OneIn(4)) co_await Adopt(*reader, wish, random);
    if (wish.may_give_up && random.OneIn(2)) {
      pool.PostAfter(microseconds(random.Below(30'000)), [client = wish.client]() mutable { client.Cancel(); });
    }
    std::uint64_t position = wish.in_block.begin;
    while (true) {
      Result<std::optional<Piece>> piece = co_await reader->Next();
      if (!piece) {
        CheckError(wish, piece.error());
        co_return;
      }
      if (!*piece) break;
      CheckPiece(wish, position, **piece);
      position += LengthOf(**piece);
      if (wish.may_give_up && random.OneIn(20)) co_return;
      if (random.OneIn(3)) co_await SleepFor(microseconds(random.Below(5'000)));
      CheckPiece(wish, position - LengthOf(**piece), **piece);  // what was handed out does not change
    }
    EXPECT_EQ(position, wish.in_block.end);
  }
  Task<void> Adopt(BlockReader& reader, const Wish& wish, Random& random) {
    const std::uint64_t length = kTestGeometry.BlockRange(wish.info.index, kTestObjectSize).length();
    const std::uint64_t begin = AlignDown(wish.in_block.begin, kTestGeometry.sub_block_size);
    const std::uint64_t end =
        std::min(length, AlignUp(wish.in_block.begin + 1 + random.Below(500'000), kTestGeometry.sub_block_size));
    const std::uint64_t base = wish.info.index.value * kTestGeometry.block_size;
    auto stream = sources_[wish.key]->OpenNow({base + begin, base + end}, wish.context.cancel);
    co_await reader.Adopt(std::move(stream), end);
  }
  void CheckError(const Wish& wish, const Error& error) {
    const bool gave_up =
        wish.may_give_up && (error.code() == Code::kCancelled || error.code() == Code::kDeadlineExceeded);
    const bool source_failed = weather_.source_faults && error.code() == Code::kUnavailable;
    EXPECT_TRUE(gave_up || source_failed) << "an error that the source could have answered: " << error.ToString();
  }
  void CheckPiece(const Wish& wish, std::uint64_t position, const Piece& piece) {
    if (const auto* memory_piece = std::get_if<BufferSlice>(&piece)) {
      EXPECT_EQ(CheckBlockBytes(wish.info, position, memory_piece->bytes), "");
      return;
    }
    CheckSlice(wish.info, position, std::get<io::FileSlice>(piece));
  }
  void CheckSlice(const BlockInfo& info, std::uint64_t position, const io::FileSlice& slice) {
    std::vector<std::byte> bytes(slice.range.length());
    const Result<std::size_t> read = slice.file->ReadAt(slice.range.begin, bytes);
    if (!read) {
      EXPECT_TRUE(weather_.disk_faults);  // as sendfile would: the connection is cut
      return;
    }
    ASSERT_EQ(*read, bytes.size());
    EXPECT_EQ(CheckBlockBytes(info, position, bytes), "");
  }
  void TryHit(const Wish& wish) {
    SliceList slices;
    const std::uint64_t base = wish.info.index.value * kTestGeometry.block_size;
    const BlockHasher hasher(wish.info.object, wish.info.version);
    const ByteRange range{base + wish.in_block.begin, base + wish.in_block.end};
    if (!cache->TrySlices(hasher, kTestObjectSize, range, slices)) return;
    ASSERT_EQ(slices.count, 1u);
    CheckSlice(wish.info, wish.in_block.begin, slices.slices[0]);
  }

  // --- those who disturb ---
  static Task<void> Disturb(Storm& storm, Random random) {
    for (int i = 0; i < 60; ++i) {
      const std::size_t key = random.Below(kKeys.size());
      const BlockInfo info = TestBlock(random.Below(4), kKeys[key]);
      switch (random.Below(5)) {
        case 0: co_await storm.cache->Evict(HashOf(info)); break;
        case 1: storm.cache->FillRest(info, {}, storm.sources_[key], {.request_id = "rest"}); break;
        case 2: co_await storm.cache->Census(info.object, info.version, kTestObjectSize, {0, kTestObjectSize}); break;
        default: storm.ChangeTheDisk(random);
      }
      co_await SleepFor(microseconds(random.Below(10'000)));
    }
    --storm.running_;
  }
  void ChangeTheDisk(Random& random) {
    if (!weather_.disk_faults) return;
    disk.SetErrorRateOfAll(0);
    disk.SetCapacity(1_GiB);
    disk.SetResidency(random.OneIn(2) ? 1 : 0.5);
    if (store && !store->scan_done()) return;  // what the scan cannot even look at cannot be counted
    if (random.OneIn(3)) disk.SetErrorRate(static_cast<sim::DiskCall>(random.Below(sim::kDiskCalls)), 0.5);
    if (random.OneIn(6)) disk.SetCapacity(disk.used() + random.Below(300'000));
  }

  Random random_;
  const Weather weather_;
  std::vector<std::shared_ptr<ScriptedSource>> sources_;
  int running_ = 0;
  bool lost_pages_ = false;
};

TEST(BlockCacheRandom, EveryByteIsRightAndNothingIsLeftOver) {
  for (const std::uint64_t seed : sim::TestSeeds(200)) {
    SCOPED_TRACE(sim::SeedText(seed));
    Storm storm(seed);
    storm.Run();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(BlockCacheRandom, ASeedReplaysStepByStep) {
  std::array<std::uint64_t, 2> traces{};
  for (std::uint64_t& trace : traces) {
    Storm storm(7);
    storm.Run();
    trace = storm.world.Trace();
  }
  EXPECT_EQ(traces[0], traces[1]);
}

}  // namespace
}  // namespace hearth::cache
