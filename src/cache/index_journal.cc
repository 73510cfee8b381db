#include "cache/index_journal.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "cache/layout.h"

namespace hearth::cache {
namespace {

// A log smaller than this is quicker to replay than a checkpoint is to write.
constexpr std::uint64_t kLogBytesBeforeCheckpoint = 16_MiB;

void Apply(const IndexRecord& record, IndexTable& index) {
  if (const auto* block = std::get_if<BlockRecord>(&record)) {
    index.Put(*block);
  } else if (const auto* gone = std::get_if<BlockGone>(&record)) {
    index.Remove(gone->hash);
  } else if (const auto* used = std::get_if<BlocksUsed>(&record)) {
    for (const BlocksUsed::Use& use : used->uses) index.Touch(use.hash, use.last_used, false);
  } else if (const auto* batch = std::get_if<BlockBatch>(&record)) {
    index.PutAll(batch->blocks);
  }
}

void EmitBatches(const IndexTable& index, const RecordLog::Add& add) {
  BlockBatch batch;
  const auto flush = [&] {
    if (batch.blocks.empty()) return;
    add(EncodeIndexRecord(batch));
    batch.blocks.clear();
  };
  index.ForEach([&](const BlockRecord& block) {
    batch.blocks.push_back(block);
    if (batch.blocks.size() == BlockBatch::kBatchMax) flush();
  });
  flush();
}

}  // namespace

IndexJournal::IndexJournal(io::FileSystem& files, std::shared_ptr<SpaceLedger> ledger)
    : files_(files), log_share_(ledger), checkpoint_share_(ledger) {}

Result<std::unique_ptr<RecordLog>> IndexJournal::OpenOrBegin(std::string_view path, IndexTable& index, Loaded& loaded) {
  const auto replay = [&](std::span<const std::byte> bytes) {
    const Result<IndexRecord> record = DecodeIndexRecord(bytes);
    if (!record) return;
    Apply(*record, index);
    const auto* stopped = std::get_if<StoppedInOrder>(&*record);
    loaded.complete = stopped != nullptr && stopped->in_order;  // if it is the last word of the log
  };
  Result<std::unique_ptr<RecordLog>> log = RecordLog::Open(files_, std::string(path), kIndexKind, replay);
  if (log) return log;
  // What was replayed before the failure is older than it might be, and no worse.
  loaded.discarded = log.error();
  if (!files_.Unlink(path)) return log;
  return RecordLog::Open(files_, std::string(path), kIndexKind, replay);
}

Result<IndexJournal::Loaded> IndexJournal::Load(IndexTable& index) {
  Loaded loaded;
  if (const Result<io::FileInfo> info = files_.Stat(kIndexCheckpointPath)) index.Reserve(info->size / kBlockEntryBytes);
  Result<std::unique_ptr<RecordLog>> checkpoint = OpenOrBegin(kIndexCheckpointPath, index, loaded);
  if (!checkpoint) return Fail(std::move(checkpoint).error());
  loaded.checkpoint_blocks = index.count();
  Result<std::unique_ptr<RecordLog>> log = OpenOrBegin(kIndexLogPath, index, loaded);
  if (!log) return Fail(std::move(log).error());
  const RecordLog::Replayed& from_checkpoint = (*checkpoint)->replayed();
  const RecordLog::Replayed& from_log = (*log)->replayed();
  loaded.log_records = from_log.records;
  loaded.bytes_dropped = from_checkpoint.bytes_dropped + from_log.bytes_dropped;
  loaded.complete = loaded.complete && loaded.bytes_dropped == 0 && !from_checkpoint.fresh && !from_log.fresh;
  MutexLock lock(mutex_);
  checkpoint_ = std::move(*checkpoint);
  log_ = std::move(*log);
  // Taken back before a file is made. If that fails, what is on disk now is known all the same, and the log, which
  // refuses records from now on, is begun anew by the next checkpoint.
  if (loaded.complete && !Mark({.in_order = false})) failed_ = true;
  ChargeGrowth();
  return loaded;
}

Status IndexJournal::Mark(StoppedInOrder mark) {
  const std::vector<std::byte> bytes = EncodeIndexRecord(mark);
  const std::array<std::span<const std::byte>, 1> records = {bytes};
  return log_->AppendDurably(records);
}

Status IndexJournal::StopInOrder() {
  MutexLock lock(mutex_);
  if (!log_) return {};
  if (failed_) return Fail(Code::kUnavailable, "the index log lacks records");
  const Status marked = Mark({});
  ChargeGrowth();
  return marked;
}

void IndexJournal::ChargeGrowth() {
  log_share_.Set(log_->size());
  checkpoint_share_.Set(checkpoint_->size(), checkpointing_ ? rewriting_bytes_ : 0);
}

Status IndexJournal::Append(std::span<const IndexRecord> records) {
  std::vector<std::vector<std::byte>> encoded;
  encoded.reserve(records.size());
  for (const IndexRecord& record : records) encoded.push_back(EncodeIndexRecord(record));
  const std::vector<std::span<const std::byte>> spans(encoded.begin(), encoded.end());
  MutexLock lock(mutex_);
  const Status status = log_->Append(spans);
  if (!status) failed_ = true;
  if (checkpointing_) {
    for (auto& bytes : encoded) appended_meanwhile_.push_back(std::move(bytes));
  }
  ChargeGrowth();
  return status;
}

Status IndexJournal::Checkpoint(const IndexTable& index) {
  RecordLog* checkpoint = nullptr;
  {
    MutexLock lock(mutex_);
    if (checkpointing_ || !checkpoint_) return {};  // somebody is at it, or Load never succeeded
    checkpointing_ = true;
    appended_meanwhile_.clear();
    checkpoint = checkpoint_.get();
    rewriting_bytes_ = index.count() * kBlockEntryBytes;
    ChargeGrowth();
  }
  Status status = checkpoint->Rewrite([&](const RecordLog::Add& add) { EmitBatches(index, add); });
  MutexLock lock(mutex_);
  if (status) {
    // A crash before this leaves the old log over the new checkpoint: replaying it again changes nothing, since
    // the last record about each block says what the checkpoint says.
    const std::vector<std::vector<std::byte>> meanwhile = std::move(appended_meanwhile_);
    status = log_->Rewrite([&](const RecordLog::Add& add) {
      for (const auto& bytes : meanwhile) add(bytes);
    });
  }
  if (status) failed_ = false;
  checkpointing_ = false;
  appended_meanwhile_.clear();
  ChargeGrowth();
  return status;
}

bool IndexJournal::WantsCheckpoint() const {
  MutexLock lock(mutex_);
  return failed_ || log_->size() > std::max(kLogBytesBeforeCheckpoint, checkpoint_->size());
}

}  // namespace hearth::cache
