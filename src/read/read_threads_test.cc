// The read plane on real threads, for ThreadSanitizer: loops, fetch loops and a disk pool meet over few objects that
// are overwritten, evicted and read all at once. The simulation checks what is answered; here it is enough that every
// answer's bytes are of one version, and that everything ends.
#include <gtest/gtest.h>

#include <atomic>

#include "base/block_on.h"
#include "io/loop.h"
#include "io/thread_pool.h"
#include "read/read_world_for_test.h"

namespace hearth::read {
namespace {

using std::chrono::milliseconds;

constexpr int kLoops = 3;
constexpr int kReadersALoop = 4;
constexpr int kReadsAReader = 40;
constexpr std::uint64_t kSize = 1_MiB + 200'000;

class ReadThreadsTest : public testing::Test {
 protected:
  ReadThreadsTest() {
    for (int i = 0; i < kLoops; ++i) {
      loops_.push_back(io::Loop::Create({.name = "loop"}).value());
      loops_.back()->Start();
    }
    fetch_->Start();
    for (int i = 0; i < 3; ++i) fake_.Put("b", Key(i), kSize);
    entry_.name = OriginName("s3");
    const Status opened = BlockOn(*fetch_, RunOn(*pool_, [this] {
      Status status = store_.Open();
      return status ? metadata_.Open() : status;
    }));
    EXPECT_TRUE(opened);
    store_.StartBackground(*fetch_);
  }
  void TearDown() override {
    BlockOn(*fetch_, cache_.Stop());
    BlockOn(*fetch_, store_.Stop());
    BlockOn(*fetch_, metadata_.Stop());
    for (const auto& loop : loops_) loop->Stop();
    fetch_->Stop();
    pool_->Stop();
    EXPECT_EQ(memory_.used(), 0u);
  }

  static std::string Key(std::uint64_t i) { return "k" + std::to_string(i); }

  static Task<void> Reads(ReadThreadsTest& self, std::uint64_t seed) {
    Random random(seed);
    for (int i = 0; i < kReadsAReader; ++i) {
      const std::uint64_t begin = random.Below(kSize);
      ReadRequest request;
      request.origin = &self.entry_;
      request.key.object = TestObject(Key(random.Below(3)));
      request.range = http::ClosedRange{begin, begin + random.Below(300'000)};
      if (random.OneIn(8)) {
        request.version = {VersionSelector::Kind::kLabel, "l"};
        request.key.selector = request.version.MetadataKey();
      }
      co_await ReadOnce(self, std::move(request));
      if (random.OneIn(20)) self.fake_.Put("b", Key(random.Below(3)), kSize);
      ObjectId object = TestObject(Key(random.Below(3)));
      if (random.OneIn(20)) co_await self.reader_.Evict(self.entry_, std::move(object), {});
    }
    self.readers_left_.fetch_sub(1);
  }

  static Task<void> ReadOnce(ReadThreadsTest& self, ReadRequest request) {
    const std::string key = "b/" + request.key.object.key.value;
    Hit hit;
    if (self.reader_.TryHit(request, hit)) {
      std::uint64_t position = hit.range.begin;
      for (std::size_t i = 0; i < hit.slices.count; ++i)
        self.Check(key, *hit.meta, Piece(hit.slices.slices[i]), position);
      co_return;
    }
    Result<Opened> opened = co_await self.reader_.Open(std::move(request), {.request_id = "r"});
    if (!opened) co_return;  // a label whose version is gone, an object that changed all the time
    std::uint64_t position = opened->range.begin;
    std::optional<Piece> piece = std::move(opened->first);
    while (piece) {
      self.Check(key, *opened->meta, *piece, position);
      piece.reset();
      Result<std::optional<Piece>> next = co_await opened->stream->Next();
      if (!next) co_return;
      piece = std::move(*next);
    }
    EXPECT_EQ(position, opened->range.end);
    self.answers_.fetch_add(1);
  }

  void Check(const std::string& key, const MetaEntry& meta, const Piece& piece, std::uint64_t& position) {
    std::vector<std::byte> bytes(cache::LengthOf(piece));
    if (const auto* in_memory = std::get_if<BufferSlice>(&piece)) {
      std::ranges::copy(in_memory->bytes, bytes.begin());
    } else {
      const auto& slice = std::get<io::FileSlice>(piece);
      EXPECT_EQ(slice.file->ReadAt(slice.range.begin, bytes).value_or(0), bytes.size());
    }
    const std::uint64_t version = sim::FakeOrigin::VersionNumber(meta.meta.etag).value_or(0);
    EXPECT_EQ(sim::CheckObjectBytes({key, version, position, version}, bytes), "");
    position += bytes.size();
  }

  telemetry::Logger log_{{.level = telemetry::Level::kError}};
  telemetry::Registry metrics_;
  std::unique_ptr<io::ThreadPool> pool_ = io::ThreadPool::Create({.name = "disk", .threads = 3});
  std::unique_ptr<io::Loop> fetch_ = io::Loop::Create({.name = "fetch"}).value();
  std::vector<std::unique_ptr<io::Loop>> loops_;
  sim::SimDisk disk_{SystemClock(), 1};
  std::unique_ptr<io::FileSystem> files_ = disk_.Mount();
  sim::FakeOrigin fake_{SystemClock(), 1, {.latency_max = milliseconds(1), .chunk_delay_max = Duration(20'000)}};
  OriginEntry entry_{.name = OriginName("s3"), .buckets = {"*"}, .origin = nullptr};
  MemoryBudget memory_{2_MiB};
  FreshnessPolicy freshness_{{{.mode = FreshnessMode::kTtl, .ttl = milliseconds(5)}}};
  FillPolicy fill_policy_{{}};
  cache::DiskStore store_{
      {.directory = "/cache", .budget_bytes = 6_MiB, .geometry = kTestGeometry, .open_files_max = 64},
      {*files_, *pool_, *pool_, SystemClock(), metrics_, log_}};
  cache::BlockCache cache_{kTestGeometry, {&store_, memory_, {fetch_.get()}, metrics_}};
  MetadataStore metadata_{{}, {files_.get(), *pool_, SystemClock(), log_}};
  Resolver resolver_{metadata_, SystemClock()};
  ObjectReader reader_{{cache_, metadata_, resolver_, freshness_, fill_policy_, memory_, SystemClock()}};
  std::atomic<int> readers_left_ = kLoops * kReadersALoop;
  std::atomic<int> answers_ = 0;
};

// An origin of the directory's, over one that the test keeps.
class Borrowed final : public origin::Origin {
 public:
  explicit Borrowed(sim::FakeOrigin& inner) : inner_(inner) {}
  const OriginName& name() const override { return inner_.name(); }
  Task<Result<origin::GetAnswer>> Get(origin::GetRequest request, RequestContext context) override {
    return inner_.Get(std::move(request), std::move(context));
  }
  Task<Result<origin::ObjectMeta>> Head(origin::HeadRequest request, RequestContext context) override {
    return inner_.Head(std::move(request), std::move(context));
  }
  Task<Result<origin::ForwardAnswer>> Forward(origin::ForwardRequest request, RequestContext context) override {
    return inner_.Forward(std::move(request), std::move(context));
  }

 private:
  sim::FakeOrigin& inner_;
};

TEST_F(ReadThreadsTest, ManyThreadsReadOverwriteAndEvictTheSameObjects) {
  entry_.origin = std::make_unique<Borrowed>(fake_);
  std::uint64_t seed = 1;
  for (const auto& loop : loops_) {
    for (int i = 0; i < kReadersALoop; ++i) {
      loop->Post([task = Reads(*this, seed++)]() mutable { StartDetached(std::move(task)); });
    }
  }
  const auto nothing = []() -> Task<void> { co_await SleepFor(milliseconds(5)); };
  while (readers_left_.load() > 0) BlockOn(*fetch_, nothing());
  EXPECT_GT(answers_.load(), kLoops * kReadersALoop * kReadsAReader / 4);
}

}  // namespace
}  // namespace hearth::read
