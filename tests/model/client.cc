#include "model/client.h"

#include <fmt/format.h>

#include "support/object_bytes.h"

namespace hearth::model {
namespace {

// Takes the bytes of one answer and compares them.
class Taster {
 public:
  Taster(World& world, Reading& reading) : world_(world), reading_(reading), object_(reading.plan.object()) {}

  void Begin() {
    reading_.version = sim::FakeOrigin::VersionNumber(reading_.meta->etag);
    position_ = reading_.range.begin;
  }
  // False: nothing more can be sent.
  bool Take(const cache::Piece& piece) {
    if (const auto* memory = std::get_if<BufferSlice>(&piece)) {
      Compare(memory->bytes);
      return true;
    }
    return Take(std::get<io::FileSlice>(piece));
  }
  bool Take(const io::FileSlice& slice) {
    std::vector<std::byte> bytes(slice.range.length());
    const Result<std::size_t> read = slice.file->ReadAt(slice.range.begin, bytes);
    reading_.slice_failed = !read || *read != bytes.size();
    if (!reading_.slice_failed) Compare(bytes);
    return !reading_.slice_failed;
  }
  bool WantsToLeave() const { return reading_.plan.leave_after && reading_.delivered >= *reading_.plan.leave_after; }

 private:
  void Compare(std::span<const std::byte> bytes) {
    reading_.delivered += bytes.size();
    if (!reading_.version) {
      nameless_.insert(nameless_.end(), bytes.begin(), bytes.end());
      if (nameless_.size() < kBytesThatTell) return;
      reading_.version = sim::FindObjectVersion(object_, newest(), position_, nameless_);
      if (!reading_.version && reading_.wrong_bytes.empty()) {
        reading_.wrong_bytes = fmt::format("bytes at {} are of no version", position_);
      }
      position_ += nameless_.size();
      nameless_.clear();
      return;
    }
    if (reading_.wrong_bytes.empty()) {
      reading_.wrong_bytes = sim::CheckObjectBytes({object_, *reading_.version, position_, newest()}, bytes);
    }
    position_ += bytes.size();
  }
  std::uint64_t newest() const { return world_.history.Newest(object_); }

  // Without an ETag the first bytes tell whose they are; fewer are those of several versions by chance.
  static constexpr std::size_t kBytesThatTell = 16;

  World& world_;
  Reading& reading_;
  const std::string object_;
  std::uint64_t position_ = 0;
  std::vector<std::byte> nameless_;
};

bool TakeHit(World& world, Node& node, const read::ReadRequest& request, Reading& reading) {
  read::Hit hit;
  if (!node.reader().TryHit(request, hit)) return false;
  reading.hit_path = true;
  reading.meta = hit.meta->meta;
  reading.range = hit.range;
  reading.partial = hit.partial;
  Taster taster(world, reading);
  taster.Begin();
  for (std::size_t i = 0; i < hit.slices.count; ++i) {
    if (!taster.Take(hit.slices.slices[i])) return true;
  }
  reading.ended_cleanly = true;
  return true;
}

void TakeHead(read::Opened& opened, Reading& reading) {
  reading.outcome = opened.outcome;
  reading.meta = opened.meta->meta;
  reading.range = opened.range;
  reading.partial = opened.partial;
  reading.cache = opened.cache;
  reading.stale_for = opened.stale_for;
}

Task<void> TakeBody(World& world, read::Opened opened, Reading& reading) {
  Taster taster(world, reading);
  taster.Begin();
  std::optional<cache::Piece> piece = std::move(opened.first);
  while (true) {
    if (piece && !taster.Take(*piece)) co_return;
    piece.reset();
    reading.left = taster.WantsToLeave();
    if (reading.left) co_return;
    if (const auto most = reading.plan.pause_max.count(); most > 0) {
      co_await SleepFor(Duration(reading.random.Below(static_cast<std::uint64_t>(most))));
    }
    if (!opened.stream) break;
    Result<std::optional<cache::Piece>> next = co_await opened.stream->Next();
    if (!next) {
      reading.error = std::move(next).error();
      co_return;
    }
    if (!*next) break;
    piece = std::move(*next);
  }
  reading.ended_cleanly = true;
}

Task<void> Read(World& world, Node& node, Reading& reading) {
  read::ReadRequest request = reading.plan.request;
  request.origin = &node.origin();
  if (reading.plan.try_hit && TakeHit(world, node, request, reading)) co_return;
  RequestContext context{.request_id = std::to_string(reading.plan.number),
                         .deadline = world.sim.clock().Now() + kFirstByteTimeout,
                         .cancel = reading.cancel.token()};
  const bool head = request.head;
  Result<read::Opened> opened = co_await node.reader().Open(std::move(request), std::move(context));
  if (!opened) {
    reading.error = std::move(opened).error();
    co_return;
  }
  TakeHead(*opened, reading);
  if (head || opened->outcome != read::Outcome::kOk) {
    reading.version = sim::FakeOrigin::VersionNumber(reading.meta->etag);
    reading.ended_cleanly = true;
    co_return;
  }
  co_await TakeBody(world, std::move(*opened), reading);
}

}  // namespace

std::string Reading::Summary() const {
  if (void_) return "nobody saw the answer";
  std::string text;
  if (hit_path) text += "at once ";
  if (meta) {
    text += fmt::format("outcome {} {} {}-{}{}", static_cast<int>(outcome), meta->etag.value, range.begin, range.end,
                        partial ? " partial" : "");
    if (!hit_path) text += fmt::format(" {}", read::CacheStatusName(cache));
    if (stale_for) text += fmt::format(" stale {}", stale_for->count());
    text += fmt::format(", {} bytes", delivered);
  }
  if (error) text += " error " + error->ToString();
  if (left) text += " left";
  if (cancelled) text += " cancelled";
  if (slice_failed) text += " slice failed";
  if (!wrong_bytes.empty()) text += " WRONG: " + wrong_bytes;
  return text;
}

Task<void> RunClient(World& world, Node& node, Reading& reading, std::vector<Reading*>& ended) {
  reading.begun = world.sim.clock().Now();
  co_await Read(world, node, reading);
  reading.ended = world.sim.clock().Now();
  reading.void_ = world.disk.crashed();
  ended.push_back(&reading);
}

}  // namespace hearth::model
