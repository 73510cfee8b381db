#include "read/origin_source.h"

namespace hearth::read {
namespace {

// A read of the current version names none: If-Match is its guard, and a bucket without versions has none. A label
// keeps to the version that it was bound to.
std::string VersionIdOf(const MetaEntry& entry) {
  constexpr std::string_view kNamed = "version-id:";
  if (entry.key.selector.starts_with(kNamed)) return entry.key.selector.substr(kNamed.size());
  return entry.key.selector.empty() ? std::string() : entry.meta.version_id;
}

class BodyStream final : public cache::ByteStream {
 public:
  explicit BodyStream(std::unique_ptr<origin::Body> body) : body_(std::move(body)) {}
  Task<Result<std::size_t>> Read(std::span<std::byte> to) override { return body_->Read(to); }

 private:
  std::unique_ptr<origin::Body> body_;
};

}  // namespace

std::unique_ptr<cache::ByteStream> StreamOf(std::unique_ptr<origin::Body> body) {
  return std::make_unique<BodyStream>(std::move(body));
}

bool OriginSource::by_version_id() const { return !VersionIdOf(*meta_).empty(); }

Task<Result<std::unique_ptr<cache::ByteStream>>> OriginSource::Open(cache::BlockInfo info, ByteRange in_object,
                                                                    RequestContext context) {
  origin::GetRequest request{.bucket = info.object.bucket,
                             .key = info.object.key,
                             .range = in_object,
                             .if_match = info.version,
                             .version_id = VersionIdOf(*meta_)};
  Result<origin::GetAnswer> answer = co_await origin_.Get(std::move(request), std::move(context));
  if (!answer) {
    // The object that we know to reach there does not any more: it was replaced by a shorter one.
    const RemoteError* remote = answer.error().remote();
    if (remote != nullptr && remote->status == 416) {
      co_return Fail(Code::kPreconditionFailed, "the object is shorter now than the version that is read");
    }
    co_return Fail(std::move(answer).error());
  }
  if (answer->meta.version != info.version) {
    co_return Fail(Code::kPreconditionFailed, "the origin has another version now");
  }
  if (answer->meta.size != info.object_size) {
    // One of the two answers lied; which one, asking anew will tell.
    co_return Fail(Code::kPreconditionFailed, "the origin tells another size of the same version");
  }
  if (answer->range != in_object) {
    co_return Fail(Code::kUnavailable, "the origin answered with another range than was asked");
  }
  co_return StreamOf(std::move(answer->body));
}

}  // namespace hearth::read
