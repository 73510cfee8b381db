#include "origin/file_origin.h"

#include <fmt/format.h>

#include "origin/file_forward.h"
#include "origin/file_lookup.h"
#include "origin/file_meta.h"

namespace hearth::origin {
namespace {

Error Changed(std::string what) {
  return {Code::kPreconditionFailed,
          std::move(what),
          {412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold"}};
}

struct OpenedFile {
  std::shared_ptr<const io::File> file;
  io::FileInfo info;
};

// Blocks.
Result<OpenedFile> OpenFile(io::FileSystem& root, const BucketName& bucket, const ObjectKey& key) {
  auto looked = LookAtObject(root, bucket, key);
  if (!looked) return Fail(std::move(looked).error());
  auto file = root.Open(*FilePath(bucket, key), {});
  if (!file) return Fail(FromDisk(root, bucket, std::move(file).error()));
  auto info = (*file)->Info();
  if (!info) return Fail(FromDisk(root, bucket, std::move(info).error()));
  if (!info->is_regular) return Fail(NoSuchKey());
  return OpenedFile{*std::move(file), *std::move(info)};
}

class FileBody final : public Body {
 public:
  FileBody(OpenedFile opened, ByteRange range, Executor& pool, CancelToken cancel)
      : file_(std::move(opened.file)),
        version_(FileVersion(opened.info)),
        left_(range),
        pool_(pool),
        cancel_(std::move(cancel)) {}

  // The last reference may have to wait for the disk when it goes (io/file_system.h).
  ~FileBody() override {
    pool_.Post([file = std::move(file_)] {});
  }

  Task<Result<std::size_t>> Read(std::span<std::byte> to) override {
    if (cancel_.IsCancelled()) co_return Fail(Code::kCancelled, "the request was cancelled");
    if (failed_) co_return Fail(*failed_);
    if (left_.empty()) co_return std::size_t{0};
    const std::span<std::byte> piece = to.first(std::min<std::uint64_t>(to.size(), left_.length()));
    auto read = [this, piece] { return ReadNow(piece); };
    auto bytes = co_await RunOn(pool_, std::move(read));
    if (bytes) {
      left_.begin += *bytes;
    } else {
      failed_ = bytes.error();
    }
    co_return bytes;
  }

 private:
  Result<std::size_t> ReadNow(std::span<std::byte> to) const {
    auto bytes = file_->ReadAt(left_.begin, to);
    if (!bytes) return bytes;
    auto info = file_->Info();
    if (!info) return Fail(std::move(info).error());
    if (FileVersion(*info) != version_) return Fail(Changed("the file changed while it was read"));
    if (*bytes == 0) return Fail(Code::kUnavailable, "the file is shorter than it says");
    return bytes;
  }

  std::shared_ptr<const io::File> file_;
  const Version version_;
  ByteRange left_;
  Executor& pool_;
  const CancelToken cancel_;
  std::optional<Error> failed_;
};

class FileOrigin final : public Origin {
 public:
  FileOrigin(OriginName name, io::FileSystem& root, Executor& pool, const Clock& clock)
      : name_(std::move(name)), root_(root), pool_(pool), clock_(clock) {}

  const OriginName& name() const override { return name_; }

  Task<Result<GetAnswer>> Get(GetRequest request, RequestContext context) override {
    if (context.cancel.IsCancelled()) co_return Fail(Code::kCancelled, "the request was cancelled");
    if (request.range && request.range->empty()) co_return Fail(Code::kInvalidArgument, "an empty range");
    if (!IsCurrentVersion(request.version_id)) co_return Fail(NoSuchVersion());
    auto open = [this, &request] { return OpenFile(root_, request.bucket, request.key); };
    auto opened = co_await RunOn(pool_, std::move(open));
    if (!opened) co_return Fail(std::move(opened).error().With(Place("GET")));
    ObjectMeta meta = FileMeta(opened->info, request.key, clock_.Wall());
    if (request.if_match && *request.if_match != meta.version) {
      co_return Fail(
          Changed(fmt::format("the file is {}, not {}", meta.version.ToString(), request.if_match->ToString())));
    }
    if (request.part_number.value_or(1) != 1) {
      co_return Fail(Error(Code::kInvalidArgument, "a file has one part",
                           {416, "InvalidPartNumber", "The requested partnumber is not satisfiable"}));
    }
    const ByteRange all{0, meta.size};
    if (request.range && request.range->begin >= meta.size) {
      co_return Fail(Error(Code::kInvalidArgument, "the range begins past the end",
                           {416, "InvalidRange", "The requested range is not satisfiable"}));
    }
    const ByteRange range = request.range ? request.range->Intersect(all) : all;
    auto body = std::make_unique<FileBody>(*std::move(opened), range, pool_, std::move(context.cancel));
    co_return GetAnswer{std::move(meta), range, std::move(body)};
  }

  Task<Result<ObjectMeta>> Head(HeadRequest request, RequestContext context) override {
    if (context.cancel.IsCancelled()) co_return Fail(Code::kCancelled, "the request was cancelled");
    if (!IsCurrentVersion(request.version_id)) co_return Fail(NoSuchVersion());
    auto look = [this, &request] { return LookAtObject(root_, request.bucket, request.key); };
    auto info = co_await RunOn(pool_, std::move(look));
    if (!info) co_return Fail(std::move(info).error().With(Place("HEAD")));
    co_return FileMeta(*info, request.key, clock_.Wall());
  }

  Task<Result<ForwardAnswer>> Forward(ForwardRequest request, RequestContext context) override {
    const std::string place = Place(request.operation);
    auto answer = co_await ForwardToFiles({root_, pool_, clock_}, std::move(request), std::move(context));
    if (!answer) co_return Fail(std::move(answer).error().With(place));
    co_return answer;
  }

 private:
  std::string Place(std::string_view operation) const { return fmt::format("origin {}: {}", name_.value, operation); }

  const OriginName name_;
  io::FileSystem& root_;
  Executor& pool_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Origin> MakeFileOrigin(OriginName name, io::FileSystem& root, Executor& disk_pool, const Clock& clock) {
  return std::make_unique<FileOrigin>(std::move(name), root, disk_pool, clock);
}

}  // namespace hearth::origin
