// The `s3` origin against versitygw, a strict S3 server over a directory: in the clear, and over TLS with a
// private certificate authority.
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "contract/origin_contract.h"
#include "contract/real_executors.h"
#include "contract/test_certificate.h"
#include "http/percent.h"
#include "origin/s3_origin.h"
#include "origin/sigv4.h"
#include "support/object_bytes.h"
#include "support/real_server.h"

namespace hearth::contract {
namespace {

namespace fs = std::filesystem;

const origin::Credentials kCredentials{"contract-key", "contract-secret/+=", ""};

struct S3Server {
  std::string url;
  std::string ca_file;
};

// Two servers over two directories for all tests of the process; each test has a bucket of its own.
class Versitygw : public ::testing::Environment {
 public:
  void SetUp() override {
    const auto program = support::FindProgram("HEARTH_VERSITYGW", HEARTH_TOOLS_BIN "/versitygw");
    if (!program) return;
    std::string pattern = (fs::temp_directory_path() / "origin_s3_test.XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    const TestCertificate certificate = MakeTestCertificate(root_.string());
    plain_ = Start(*program, "plain", {});
    tls_ = Start(*program, "tls", {"--cert", certificate.certificate_file, "--key", certificate.key_file});
    if (plain_ == nullptr || tls_ == nullptr) return;
    plain_server_ = S3Server{plain_->Url(), ""};
    tls_server_ = S3Server{"https" + tls_->Url().substr(4), certificate.certificate_file};
  }
  void TearDown() override {
    plain_.reset();
    tls_.reset();
    if (!root_.empty()) fs::remove_all(root_);
  }

  const std::optional<S3Server>& plain() const { return plain_server_; }
  const std::optional<S3Server>& tls() const { return tls_server_; }

 private:
  std::unique_ptr<support::RealServer> Start(const std::string& program, const std::string& name,
                                             const std::vector<std::string>& more) {
    const fs::path data = root_ / name;
    fs::create_directory(data);
    std::vector<std::string> arguments{
        "--access", kCredentials.access_key_id, "--secret",     kCredentials.secret_access_key,
        "--port",   "127.0.0.1:{port}",         "--keep-alive", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.insert(arguments.end(), {"posix", data.string()});
    auto server = support::RealServer::Start(
        {.program = program, .arguments = std::move(arguments), .log_file = (root_ / (name + ".log")).string()});
    EXPECT_TRUE(server.has_value()) << server.error().ToString();
    return server ? *std::move(server) : nullptr;
  }

  fs::path root_;
  std::unique_ptr<support::RealServer> plain_;
  std::unique_ptr<support::RealServer> tls_;
  std::optional<S3Server> plain_server_;
  std::optional<S3Server> tls_server_;
};

// gtest owns it.
Versitygw* const versitygw = static_cast<Versitygw*>(::testing::AddGlobalTestEnvironment(new Versitygw));
constexpr const char* kWhyNot = "no versitygw: run tools/setup, or name one in HEARTH_VERSITYGW";

class S3Fixture final : public OriginFixture {
 public:
  explicit S3Fixture(const S3Server& server) : server_(server) {
    client_ = http::MakeCurlClient({&executors_.fetch()}, {.ca_file = server.ca_file});
    origin::S3Options options{.name = OriginName("s3"), .endpoint = server.url};
    options.credentials = origin::MakeStaticCredentials(kCredentials);
    origin_ = origin::MakeS3Origin(std::move(options), *client_, SystemClock()).value();
    static int buckets = 0;
    bucket_ = fmt::format("bucket-{}", ++buckets);
    Upload("", "");
  }

  origin::Origin& origin() override { return *origin_; }
  std::string Bucket() override { return bucket_; }

  std::string Put(const std::string& key, std::size_t size) override {
    const auto made = sim::ObjectBytes(key, ++version_).Make(0, size);
    std::string bytes(reinterpret_cast<const char*>(made.data()), made.size());
    Upload("/" + key, bytes);
    return bytes;
  }

  void Run(Task<void> task) override {
    std::vector<Task<void>> one;
    one.push_back(std::move(task));
    executors_.RunAll(std::move(one));
  }
  void RunAll(std::vector<Task<void>> tasks) override { executors_.RunAll(std::move(tasks)); }

 private:
  void Upload(const std::string& rest_of_path, const std::string& bytes) {
    const std::string host = server_.url.substr(server_.url.find("//") + 2);
    origin::SigningInput input{
        .method = "PUT",
        .path = "/" + bucket_ + http::PercentEncode(rest_of_path, http::Slash::kKeep),
        .headers = {{"Host", host}, {"Content-Type", "text/x-contract"}, {"x-amz-meta-colour", "blue  green"}},
        .payload_hash = std::string(bytes.empty() ? origin::kEmptyPayload : origin::kUnsignedPayload)};
    http::ClientRequest request{
        .method = "PUT", .url = server_.url + input.path, .headers = input.headers, .body = bytes};
    if (bytes.empty()) request.headers.emplace_back("Content-Length", "0");
    for (auto& header : origin::SignV4(input, kCredentials, {.region = "us-east-1", .time = SystemClock().Wall()})) {
      request.headers.push_back(std::move(header));
    }
    int status = 0;
    Run(Send(*client_, std::move(request), status));
    ASSERT_EQ(status, 200) << input.path;
  }
  static Task<void> Send(http::Client& client, http::ClientRequest request, int& status) {
    auto answer = co_await client.Send(std::move(request), {});
    if (answer) status = answer->status;
  }

  const S3Server server_;
  RealExecutors executors_;
  std::string bucket_;
  std::uint64_t version_ = 0;
  std::unique_ptr<http::Client> client_;
  std::unique_ptr<origin::Origin> origin_;
};

std::unique_ptr<OriginFixture> MakeFixture(const std::optional<S3Server>& server, std::string& why_not) {
  if (server) return std::make_unique<S3Fixture>(*server);
  why_not = kWhyNot;
  return nullptr;
}
std::unique_ptr<OriginFixture> MakePlain(std::string& why_not) { return MakeFixture(versitygw->plain(), why_not); }
std::unique_ptr<OriginFixture> MakeTls(std::string& why_not) { return MakeFixture(versitygw->tls(), why_not); }

INSTANTIATE_TEST_SUITE_P(S3, OriginContract,
                         ::testing::Values(OriginCase{"Versitygw", &MakePlain}, OriginCase{"VersitygwTls", &MakeTls}),
                         OriginCaseName);

// Single requests with a client and settings of their own.
class S3Access : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!versitygw->tls()) GTEST_SKIP() << kWhyNot;
  }
  // Calls `ask(origin)` and returns what its task does.
  template <typename T, typename Ask>
  Result<T> With(const S3Server& server, origin::S3Options options, Ask ask) {
    RealExecutors executors;
    const auto client = http::MakeCurlClient({&executors.fetch()}, {.ca_file = server.ca_file});
    options.endpoint = server.url;
    const auto origin = origin::MakeS3Origin(std::move(options), *client, SystemClock()).value();
    Result<T> result = Fail(Code::kInternal, "not asked");
    std::vector<Task<void>> tasks;
    tasks.push_back(Keep<T>(ask(*origin), result));
    executors.RunAll(std::move(tasks));
    return result;
  }
  Result<origin::ObjectMeta> Head(const S3Server& server, origin::S3Options options, const std::string& bucket) {
    return With<origin::ObjectMeta>(server, std::move(options), [&](origin::Origin& origin) {
      return origin.Head({BucketName(bucket), ObjectKey("k"), ""}, {});
    });
  }
  static Task<Result<origin::ObjectMeta>> GetMeta(origin::Origin& origin, origin::GetRequest request) {
    auto answer = co_await origin.Get(std::move(request), {});
    if (!answer) co_return Fail(std::move(answer).error());
    co_return std::move(answer->meta);
  }
  static origin::S3Options Signed(std::optional<origin::Credentials> credentials = kCredentials) {
    origin::S3Options options;
    options.credentials = origin::MakeStaticCredentials(std::move(credentials));
    return options;
  }

 private:
  template <typename T>
  static Task<void> Keep(Task<Result<T>> task, Result<T>& into) {
    into = co_await std::move(task);
  }
};

TEST_F(S3Access, AnUnknownAuthorityIsUnavailable) {
  S3Server server = *versitygw->tls();
  EXPECT_EQ(Head(server, Signed(), "no-such-bucket").error().code(), Code::kNotFound);
  server.ca_file.clear();
  const auto refused = Head(server, Signed(), "no-such-bucket");
  EXPECT_EQ(refused.error().code(), Code::kUnavailable);
  EXPECT_NE(refused.error().message().find("certificate"), std::string::npos) << refused.error().message();
}

TEST_F(S3Access, WrongOrMissingKeysAreNoPermission) {
  const S3Server& server = *versitygw->plain();
  S3Fixture fixture(server);
  fixture.Put("k", 10);
  EXPECT_TRUE(Head(server, Signed(), fixture.Bucket()).has_value());
  // Not an unknown key: versitygw, unlike AWS, answers 404 to those.
  for (const auto& credentials :
       {std::optional<origin::Credentials>(), std::optional(origin::Credentials{"contract-key", "wrong", ""})}) {
    const auto refused = Head(server, Signed(credentials), fixture.Bucket());
    EXPECT_EQ(refused.error().code(), Code::kPermissionDenied) << refused.error().ToString();
    EXPECT_EQ(refused.error().remote()->status, 403);
  }
}

TEST_F(S3Access, AnotherRegionIsLearnedFromTheRealServersError) {
  const S3Server& server = *versitygw->plain();
  S3Fixture fixture(server);
  fixture.Put("k", 10);
  origin::S3Options options = Signed();
  options.region = "eu-central-1";
  const auto meta = With<origin::ObjectMeta>(server, options, [&](origin::Origin& origin) {
    return GetMeta(
        origin,
        {.bucket = BucketName(fixture.Bucket()), .key = ObjectKey("k"), .range = {}, .if_match = {}, .version_id = {}});
  });
  ASSERT_TRUE(meta.has_value()) << meta.error().ToString();
  EXPECT_EQ(meta->size, 10u);
}

TEST_F(S3Access, AListComesBackAsTheServerWroteIt) {
  const S3Server& server = *versitygw->plain();
  S3Fixture fixture(server);
  for (const char* key : {"a b/1+1", "a b/2&2", "c"}) fixture.Put(key, 10);
  const auto list = With<origin::ForwardAnswer>(server, Signed(), [&](origin::Origin& origin) {
    return origin.Forward({.operation = "ListObjectsV2",
                           .bucket = BucketName(fixture.Bucket()),
                           .query = {{"list-type", "2"}, {"prefix", "a b/"}, {"delimiter", "/"}}},
                          {});
  });
  ASSERT_TRUE(list.has_value()) << list.error().ToString();
  EXPECT_EQ(list->status, 200);
  EXPECT_NE(list->body.find("<Key>a b/1+1</Key>"), std::string::npos) << list->body;
  EXPECT_NE(list->body.find("<Key>a b/2&amp;2</Key>"), std::string::npos) << list->body;
  EXPECT_EQ(list->body.find("<Key>c</Key>"), std::string::npos) << list->body;
}

}  // namespace
}  // namespace hearth::contract
