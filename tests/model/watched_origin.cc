#include "model/watched_origin.h"

#include <utility>

namespace hearth::model {

// Every way in which a version can change without the driver having made it passes a body's Read (OriginFault
// kOverwrite), at the very time at which it returns.
class WatchedOrigin::WatchedBody final : public origin::Body {
 public:
  WatchedBody(WatchedOrigin& origin, Name object, std::uint64_t size, std::unique_ptr<origin::Body> inner)
      : origin_(origin), object_(std::move(object)), size_(size), inner_(std::move(inner)) {}

  Task<Result<std::size_t>> Read(std::span<std::byte> to) override {
    Result<std::size_t> got = co_await inner_->Read(to);
    const std::uint64_t current = origin_.inner_.Current(object_.bucket, object_.key);
    origin_.history_.SetCurrent(object_.text(), current, size_, origin_.clock_.Now());
    if (!got) origin_.NoteError(object_, got.error());
    co_return got;
  }

 private:
  WatchedOrigin& origin_;
  const Name object_;
  const std::uint64_t size_;  // which an overwrite in the middle of a body keeps
  std::unique_ptr<origin::Body> inner_;
};

void WatchedOrigin::NoteError(const Name& object, const Error& error) {
  switch (error.code()) {
    case Code::kCancelled:
    case Code::kNotFound:
    case Code::kInvalidArgument: return;
    case Code::kPreconditionFailed:
      history_.NoteTrouble(object.text(), Trouble::kConflict, clock_.Now());
      if (error.remote() == nullptr) history_.NoteTrouble(object.text(), Trouble::kHidden, clock_.Now());
      return;
    default: history_.NoteTrouble(object.text(), Trouble::kFailed, clock_.Now());
  }
}

void WatchedOrigin::NoteVersion(const Name& object, const Version& version) {
  if (!version.cacheable()) history_.NoteTrouble(object.text(), Trouble::kHidden, clock_.Now());
}

Task<Result<origin::GetAnswer>> WatchedOrigin::Get(origin::GetRequest request, RequestContext context) {
  Name object{request.bucket.value, request.key.value};
  Result<origin::GetAnswer> answer = co_await inner_.Get(std::move(request), std::move(context));
  if (!answer) {
    NoteError(object, answer.error());
    co_return answer;
  }
  NoteVersion(object, answer->meta.version);
  const std::uint64_t size = answer->meta.size;
  answer->body = std::make_unique<WatchedBody>(*this, std::move(object), size, std::move(answer->body));
  co_return answer;
}

Task<Result<origin::ObjectMeta>> WatchedOrigin::Head(origin::HeadRequest request, RequestContext context) {
  const Name object{request.bucket.value, request.key.value};
  Result<origin::ObjectMeta> meta = co_await inner_.Head(std::move(request), std::move(context));
  if (meta) {
    NoteVersion(object, meta->version);
  } else {
    NoteError(object, meta.error());
  }
  co_return meta;
}

Task<Result<origin::ForwardAnswer>> WatchedOrigin::Forward(origin::ForwardRequest request, RequestContext context) {
  co_return co_await inner_.Forward(std::move(request), std::move(context));
}

}  // namespace hearth::model
