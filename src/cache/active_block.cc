#include "cache/active_block.h"

#include <algorithm>
#include <utility>

namespace hearth::cache {

ActiveBlock::ActiveBlock(BlockInfo info, Geometry geometry, DiskStore* store)
    : info_(std::move(info)),
      geometry_(geometry),
      block_length_(geometry.BlockRange(info_.index, info_.object_size).length()),
      store_(store),
      subs_(geometry.SubCount(block_length_)) {}

Task<void> ActiveBlock::EnsureOpen() {
  while (true) {
    std::uint64_t seen = 0;
    {
      MutexLock lock(mutex_);
      if (opening_ == Opening::kDone) co_return;
      if (opening_ == Opening::kNot) {
        opening_ = Opening::kRunning;
        break;
      }
      seen = changed_.generation();
    }
    co_await changed_.Wait(seen);
  }
  std::shared_ptr<BlockFile> file;
  if (store_ != nullptr) {
    BlockInfo info = info_;
    file = co_await store_->OpenBlock(std::move(info));
  }
  {
    MutexLock lock(mutex_);
    file_ = std::move(file);
    storage_refused_ = store_ == nullptr;
    opening_ = Opening::kDone;
  }
  changed_.NotifyAll();
}

bool ActiveBlock::HasAll(SubRange subs) const {
  MutexLock lock(mutex_);
  for (std::uint32_t sub = subs.begin; sub < subs.end; ++sub) {
    if (!IsOnDisk(sub) && subs_[sub].state != SubState::kComplete) return false;
  }
  return true;
}

// --- readers ---

void ActiveBlock::Enter(Place& place) {
  MutexLock lock(mutex_);
  places_.push_back(&place);
}

void ActiveBlock::Leave(Place& place) {
  {
    MutexLock lock(mutex_);
    std::erase(places_, &place);
    Trim();
  }
  changed_.NotifyAll();  // a fill without a disk may have lost its last reader
}

std::size_t ActiveBlock::readers() const {
  MutexLock lock(mutex_);
  return places_.size();
}

void ActiveBlock::Advance(Place& place, std::uint64_t bytes) {
  bool freed = false;
  {
    MutexLock lock(mutex_);
    const std::uint64_t before = place.position / geometry_.sub_block_size;
    place.position += bytes;
    place.waits_for = nullptr;
    freed = place.position / geometry_.sub_block_size != before;
    if (freed) Trim();
  }
  if (freed) changed_.NotifyAll();
}

bool ActiveBlock::IsOnDisk(std::uint32_t sub) const { return file_ && file_->HasSub(sub); }

bool ActiveBlock::IsAbsent(std::uint32_t sub) const { return subs_[sub].state == SubState::kNone && !IsOnDisk(sub); }

bool ActiveBlock::IsNeeded(std::uint32_t sub, const Place& place) const {
  const ByteRange bytes = geometry_.BytesOf({sub, sub + 1}, block_length_);
  if (place.position >= bytes.end || bytes.begin >= place.end) return false;
  if (starving_ == 0) return true;
  auto from = static_cast<std::uint32_t>(place.position / geometry_.sub_block_size);
  while (from < sub && subs_[from].state == SubState::kComplete) ++from;
  return from == sub;
}

// Drops complete sub-blocks that have no way to the disk and that no reader here still needs.
void ActiveBlock::Trim() {
  for (std::uint32_t i = 0; i < subs_.size(); ++i) {
    Sub& sub = subs_[i];
    if (sub.state != SubState::kComplete || sub.writing) continue;
    bool needed = false;
    for (const Place* place : places_) needed = needed || IsNeeded(i, *place);
    if (!needed) sub = Sub{};
  }
}

ActiveBlock::Step ActiveBlock::LookOnDisk(const Place& place, std::uint32_t sub) const {
  std::uint32_t end = sub + 1;
  const std::uint32_t last = geometry_.SubsOf({place.position, place.end}).end;
  while (end < last && IsOnDisk(end)) ++end;
  const std::uint64_t bytes_end = std::min(place.end, geometry_.BytesOf({sub, end}, block_length_).end);
  return OnDisk{file_, {place.position, bytes_end}};
}

ActiveBlock::Step ActiveBlock::LookAbsent(const Place& place, std::uint32_t sub) const {
  const Fill* fill = place.waits_for.get();
  const bool covers = fill != nullptr && fill->subs.begin <= sub && sub < fill->subs.end;
  if (covers && fill->done && fill->error && !fill->abandoned) {
    return Failed{*fill->error};
  }
  std::uint32_t end = sub + 1;
  const std::uint32_t last = geometry_.SubsOf({place.position, place.end}).end;
  while (end < last && IsAbsent(end)) ++end;
  return Absent{{sub, end}};
}

ActiveBlock::Step ActiveBlock::Look(Place& place) {
  MutexLock lock(mutex_);
  const auto sub = static_cast<std::uint32_t>(place.position / geometry_.sub_block_size);
  if (IsOnDisk(sub)) return LookOnDisk(place, sub);
  const Sub& here = subs_[sub];
  if (here.state == SubState::kNone) return LookAbsent(place, sub);
  const std::uint64_t begin = std::uint64_t{sub} * geometry_.sub_block_size;
  const std::uint64_t arrived = std::min(place.end, begin + here.published);
  if (arrived > place.position) {
    return InMemory{{here.buffer, {here.buffer->data() + (place.position - begin), arrived - place.position}}};
  }
  place.waits_for = here.fill;
  return Wait{changed_.generation()};
}

void ActiveBlock::Condemn(const BlockFile& file) {
  {
    MutexLock lock(mutex_);
    if (file_.get() != &file) return;
    file_ = nullptr;
    // A new file may be made once everybody who is here has gone; until then bytes go through memory.
    storage_refused_ = true;
  }
  changed_.NotifyAll();
}

std::shared_ptr<Fill> ActiveBlock::Claim(SubRange subs, std::shared_ptr<BlockSource> source, std::string request_id) {
  auto fill = std::make_shared<Fill>();
  MutexLock lock(mutex_);
  std::uint32_t end = subs.begin;
  while (end < subs.end && IsAbsent(end)) ++end;
  if (end == subs.begin) return nullptr;
  fill->subs = {subs.begin, end};
  fill->source = std::move(source);
  fill->request_id = std::move(request_id);
  fill->disk_failed = storage_refused_;
  for (std::uint32_t i = subs.begin; i < end; ++i) {
    subs_[i] = Sub{};
    subs_[i].state = SubState::kFilling;
    subs_[i].fill = fill;
  }
  return fill;
}

std::optional<SubRange> ActiveBlock::NextAbsent(std::uint32_t from) {
  MutexLock lock(mutex_);
  const auto count = static_cast<std::uint32_t>(subs_.size());
  while (from < count && !IsAbsent(from)) ++from;
  if (from == count) return std::nullopt;
  std::uint32_t end = from + 1;
  while (end < count && IsAbsent(end)) ++end;
  return SubRange{from, end};
}

// --- the fill ---

void ActiveBlock::BeginSub(Fill& fill, std::uint32_t sub, std::shared_ptr<const Buffer> buffer) {
  MutexLock lock(mutex_);
  HEARTH_CHECK(subs_[sub].state == SubState::kFilling && subs_[sub].fill.get() == &fill);
  subs_[sub].buffer = std::move(buffer);
  subs_[sub].published = 0;
}

void ActiveBlock::Publish(std::uint32_t sub, std::size_t bytes) {
  {
    MutexLock lock(mutex_);
    subs_[sub].published = bytes;
  }
  changed_.NotifyAll();
}

bool ActiveBlock::CompleteSub(Fill& fill, std::uint32_t sub) {
  bool start_writer = false;
  {
    MutexLock lock(mutex_);
    subs_[sub].state = SubState::kComplete;
    subs_[sub].published = subs_[sub].buffer->size();
    subs_[sub].writing = !fill.disk_failed;
    if (fill.disk_failed) {
      Trim();
    } else {
      fill.to_write.push_back(sub);
      start_writer = !std::exchange(fill.writer_runs, true);
    }
  }
  changed_.NotifyAll();
  return start_writer;
}

// --- its writer ---

ActiveBlock::WriterStep ActiveBlock::NextWrite(Fill& fill) {
  MutexLock lock(mutex_);
  if (fill.to_write.empty()) return {.write = std::nullopt, .over = fill.done, .seen = changed_.generation()};
  const std::uint32_t sub = fill.to_write.front();
  fill.to_write.pop_front();
  const std::shared_ptr<const Buffer>& buffer = subs_[sub].buffer;
  return {.write = ToWrite{sub, {buffer, {buffer->data(), buffer->size()}}}};
}

void ActiveBlock::WriteDone(Fill& fill, std::uint32_t sub, bool written) {
  {
    MutexLock lock(mutex_);
    subs_[sub].writing = false;
    // Written, but perhaps to a file that was condemned meanwhile: then memory is all there is.
    if (written && IsOnDisk(sub)) {
      subs_[sub] = Sub{};
    } else {
      fill.disk_failed = true;
      Trim();
    }
  }
  changed_.NotifyAll();
}

void ActiveBlock::GiveUpDisk(Fill& fill) {
  {
    MutexLock lock(mutex_);
    fill.disk_failed = true;
    for (const std::uint32_t sub : fill.to_write) subs_[sub].writing = false;
    fill.to_write.clear();
    Trim();
  }
  changed_.NotifyAll();
}

void ActiveBlock::WriterEnded(Fill& fill) {
  {
    MutexLock lock(mutex_);
    fill.writer_runs = false;
  }
  changed_.NotifyAll();
}

void ActiveBlock::EndFill(Fill& fill, std::optional<Error> error, bool abandoned) {
  {
    MutexLock lock(mutex_);
    for (std::uint32_t i = fill.subs.begin; i < fill.subs.end; ++i) {
      if (subs_[i].state == SubState::kFilling && subs_[i].fill.get() == &fill) subs_[i] = Sub{};
    }
    fill.done = true;
    fill.error = std::move(error);
    fill.abandoned = abandoned;
  }
  changed_.NotifyAll();
}

bool ActiveBlock::WriterRuns(const Fill& fill) const {
  MutexLock lock(mutex_);
  return fill.writer_runs;
}

bool ActiveBlock::DiskFailed(const Fill& fill) const {
  MutexLock lock(mutex_);
  return fill.disk_failed;
}

ActiveBlock::Pressure ActiveBlock::PressureAt(const Fill& fill, std::uint64_t position) const {
  MutexLock lock(mutex_);
  Pressure pressure;
  pressure.seen = changed_.generation();
  for (std::uint32_t i = fill.subs.begin; i < fill.subs.end; ++i) {
    const Sub& sub = subs_[i];
    if (sub.state == SubState::kComplete && !sub.writing && sub.fill.get() == &fill) ++pressure.held;
  }
  const std::uint64_t end = geometry_.BytesOf(fill.subs, block_length_).end;
  pressure.wanted =
      std::ranges::any_of(places_, [&](const Place* place) { return place->position < end && position < place->end; });
  return pressure;
}

void ActiveBlock::BeginStarving() {
  {
    MutexLock lock(mutex_);
    ++starving_;
    Trim();
  }
  changed_.NotifyAll();
}

void ActiveBlock::EndStarving() {
  MutexLock lock(mutex_);
  --starving_;
}

std::shared_ptr<BlockFile> ActiveBlock::file() const {
  MutexLock lock(mutex_);
  return file_;
}

bool ActiveBlock::storage_refused() const {
  MutexLock lock(mutex_);
  return storage_refused_;
}

void ActiveBlock::SetFile(std::shared_ptr<BlockFile> file) {
  MutexLock lock(mutex_);
  if (!storage_refused_) file_ = std::move(file);
}

}  // namespace hearth::cache
