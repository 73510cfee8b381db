#include "origin/s3_origin.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/thread_annotations.h"
#include "origin/checked_body.h"
#include "origin/s3_answer.h"
#include "origin/s3_error.h"
#include "origin/sigv4.h"

namespace hearth::origin {
namespace {

constexpr std::size_t kErrorBytesMax = 64 << 10;
constexpr Duration kErrorBodyTimeout = std::chrono::seconds(2);

struct S3Call {
  std::string method;
  BucketName bucket;
  ObjectKey key;
  http::QueryList query;
  http::HeaderList headers;  // x-amz-* ones are signed
};

// A good answer's body is unread; any other is in `error`, as far as it could be read.
struct S3Reply {
  http::ClientAnswer answer;
  std::string error_text;
  S3ErrorDocument error;

  bool ok() const { return answer.status == 200 || answer.status == 206; }
};

// Regions of buckets that are elsewhere than the options say. Any thread.
class LearnedRegions {
 public:
  std::string FindOr(const BucketName& bucket, const std::string& otherwise) const {
    MutexLock lock(mutex_);
    const auto found = regions_.find(bucket);
    return found == regions_.end() ? otherwise : found->second;
  }
  void Learn(const BucketName& bucket, std::string region) {
    MutexLock lock(mutex_);
    // Bounded, whatever names clients come up with: forgetting costs one more round trip each.
    if (regions_.size() >= kBucketsMax) regions_.clear();
    regions_[bucket] = std::move(region);
  }

 private:
  static constexpr std::size_t kBucketsMax = 10'000;
  mutable Mutex mutex_;
  std::map<BucketName, std::string> regions_ GUARDED_BY(mutex_);
};

// Where the answer says that the bucket is, if it refused because of that.
std::string RegionIn(const S3Reply& reply) {
  const int status = reply.answer.status;
  if (status != 301 && status != 307 && status != 400 && status != 403) return {};
  const std::string* header = http::FindHeader(reply.answer.headers, "x-amz-bucket-region");
  const std::string& region = header != nullptr ? *header : reply.error.region;
  return IsRegionName(region) ? region : std::string();
}

class S3Origin final : public Origin {
 public:
  S3Origin(S3Options options, S3Endpoint endpoint, http::Client& client, const Clock& clock)
      : options_(std::move(options)), endpoint_(std::move(endpoint)), client_(client), clock_(clock) {}

  const OriginName& name() const override { return options_.name; }

  Task<Result<GetAnswer>> Get(GetRequest request, RequestContext context) override {
    auto call = MakeGet(request);
    if (!call) co_return Fail(std::move(call).error());
    const TimePoint deadline = context.deadline;
    auto reply = co_await Exchange(*std::move(call), std::move(context));
    if (!reply) co_return Fail(std::move(reply).error());
    if (!reply->ok()) co_return Fail(Refused(*reply, "GET"));
    auto get = ReadGetAnswer(request, reply->answer);
    if (!get) co_return Fail(std::move(get).error().With(Place("GET")));
    auto body = MakeCheckedBody(std::move(reply->answer.body), get->skip, get->range.length(), deadline);
    co_return GetAnswer{std::move(get->meta), get->range, std::move(body)};
  }

  Task<Result<ObjectMeta>> Head(HeadRequest request, RequestContext context) override {
    if (request.key.empty()) co_return Fail(Code::kInvalidArgument, "an object's key is not empty");
    S3Call call{.method = "HEAD", .bucket = request.bucket, .key = request.key, .query = {}, .headers = {}};
    call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
    if (!request.version_id.empty()) call.query.emplace_back("versionId", request.version_id);
    auto reply = co_await Exchange(std::move(call), std::move(context));
    if (!reply) co_return Fail(std::move(reply).error());
    if (reply->answer.status != 200) co_return Fail(Refused(*reply, "HEAD"));
    auto meta = ReadHeadAnswer(request, reply->answer);
    if (!meta) co_return Fail(std::move(meta).error().With(Place("HEAD")));
    co_return meta;
  }

  Task<Result<ForwardAnswer>> Forward(ForwardRequest request, RequestContext context) override {
    S3Call call{.method = std::move(request.method),
                .bucket = std::move(request.bucket),
                .key = std::move(request.key),
                .query = std::move(request.query),
                .headers = std::move(request.headers)};
    const TimePoint deadline = context.deadline;
    const std::size_t bytes_max = request.bytes_max;
    auto reply = co_await Exchange(std::move(call), std::move(context));
    if (!reply) co_return Fail(std::move(reply).error());
    const int status = reply->answer.status;
    if (status < 200 || (status >= 300 && status < 400)) co_return Fail(Refused(*reply, request.operation));
    ForwardAnswer forwarded{status, ForwardedHeaders(reply->answer.headers), std::move(reply->error_text)};
    if (!reply->ok()) co_return forwarded;
    auto body = co_await http::ReadAll(std::move(reply->answer.body), bytes_max, deadline);
    if (!body) co_return Fail(std::move(body).error().With(Place(request.operation)));
    forwarded.body = *std::move(body);
    co_return forwarded;
  }

 private:
  std::string Place(std::string_view operation) const {
    return fmt::format("origin {}: {}", options_.name.value, operation);
  }

  Error Refused(const S3Reply& reply, std::string_view operation) const {
    return ReadErrorAnswer(reply.answer.status, reply.error).With(Place(operation));
  }

  static Result<S3Call> MakeGet(const GetRequest& request) {
    if (request.key.empty()) return Fail(Code::kInvalidArgument, "an object's key is not empty");
    if (request.range && request.range->empty()) return Fail(Code::kInvalidArgument, "an empty range");
    if (request.if_match && request.if_match->kind != VersionKind::kETag) {
      return Fail(Code::kPreconditionFailed, "S3 has ETags, not " + request.if_match->ToString());
    }
    S3Call call{.method = "GET", .bucket = request.bucket, .key = request.key, .query = {}, .headers = {}};
    if (request.range) {
      call.headers.emplace_back("Range", RangeHeader(*request.range));
    } else {
      call.headers.emplace_back("x-amz-checksum-mode", "ENABLED");
    }
    if (request.if_match) call.headers.emplace_back("If-Match", request.if_match->value);
    if (!request.version_id.empty()) call.query.emplace_back("versionId", request.version_id);
    if (request.part_number) call.query.emplace_back("partNumber", std::to_string(*request.part_number));
    return call;
  }

  // Sends `call`, at most twice: again where the answer said that the bucket is in another region.
  Task<Result<S3Reply>> Exchange(S3Call call, RequestContext context) {
    std::string region = regions_.FindOr(call.bucket, options_.region);
    auto reply = co_await SendOnce(call, region, context);
    if (!reply || reply->ok()) co_return reply;
    const std::string elsewhere = RegionIn(*reply);
    if (elsewhere.empty() || elsewhere == region) co_return reply;
    regions_.Learn(call.bucket, elsewhere);
    co_return co_await SendOnce(call, elsewhere, context);
  }

  Task<Result<S3Reply>> SendOnce(const S3Call& call, const std::string& region, const RequestContext& context) {
    auto request = co_await Prepare(call, region);
    if (!request) co_return Fail(std::move(request).error());
    auto answer = co_await client_.Send(*std::move(request), context);
    if (!answer) co_return Fail(std::move(answer).error().With(Place(call.method)));
    S3Reply reply{*std::move(answer), {}, {}};
    if (reply.ok()) co_return reply;
    // What breaks off, stalls or goes on for ever is as good as none: the status stands.
    const TimePoint deadline = std::min(context.deadline, clock_.Now() + kErrorBodyTimeout);
    auto text = co_await http::ReadAll(std::move(reply.answer.body), kErrorBytesMax, deadline);
    if (text) reply.error_text = *std::move(text);
    reply.error = ParseS3Error(reply.error_text);
    co_return reply;
  }

  Task<Result<http::ClientRequest>> Prepare(const S3Call& call, const std::string& region) {
    auto target =
        call.bucket.empty() ? endpoint_.LocateService(region) : endpoint_.Locate(call.bucket, call.key, region);
    if (!target) co_return Fail(std::move(target).error());
    http::ClientRequest request{.method = call.method, .url = target->url, .headers = call.headers};
    if (!call.query.empty()) request.url += "?" + CanonicalQuery(call.query);
    request.headers.emplace_back("Host", target->host);
    request.headers.emplace_back("Accept-Encoding", "identity");
    std::optional<Credentials> credentials;
    if (options_.credentials != nullptr) {
      auto found = co_await options_.credentials->Get();
      if (!found) co_return Fail(std::move(found).error().With(Place("credentials")));
      credentials = *std::move(found);
    }
    if (credentials) Sign(request, call, *target, *credentials, region);
    co_return request;
  }

  void Sign(http::ClientRequest& request, const S3Call& call, const S3Target& target, const Credentials& credentials,
            const std::string& region) const {
    SigningInput input{
        .method = call.method, .path = target.path, .query = call.query, .headers = {{"Host", target.host}}};
    // Only what S3 demands: a proxy may touch the rest.
    for (const auto& header : call.headers) {
      if (header.first.starts_with("x-amz-")) input.headers.push_back(header);
    }
    http::HeaderList added = SignV4(input, credentials, {.region = region, .time = clock_.Wall()});
    for (auto& header : added) request.headers.push_back(std::move(header));
  }

  const S3Options options_;
  const S3Endpoint endpoint_;
  http::Client& client_;
  const Clock& clock_;
  LearnedRegions regions_;
};

}  // namespace

Result<std::unique_ptr<Origin>> MakeS3Origin(S3Options options, http::Client& client, const Clock& clock) {
  auto endpoint = S3Endpoint::Create(options.endpoint, options.style);
  if (!endpoint) return Fail(std::move(endpoint).error().With("origin " + options.name.value));
  if (!IsRegionName(options.region)) {
    return Fail(Code::kInvalidArgument,
                fmt::format("origin {}: region \"{}\" is none", options.name.value, options.region));
  }
  return std::make_unique<S3Origin>(std::move(options), *std::move(endpoint), client, clock);
}

}  // namespace hearth::origin
