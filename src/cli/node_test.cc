#include "cli/node.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli_for_test.h"

namespace hearth::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

server::Surroundings With(server::Environment environment) {
  server::Surroundings surroundings;
  surroundings.environment = std::move(environment);
  return surroundings;
}

TEST(Node, IsAskedByItsLocalSocketFirst) {
  FakeNode fake{.body = "{}"};
  Node node(With({}), fake.caller());
  ASSERT_TRUE(node.Call({.url = "/_hearth/v1/status"}));
  ASSERT_EQ(fake.requests.size(), 1U);
  EXPECT_EQ(fake.requests[0].unix_socket, "/run/hearth/local.sock.http");
  EXPECT_EQ(fake.requests[0].url, "http://localhost/_hearth/v1/status");
}

TEST(Node, TheEnvironmentNamesSocketAndEndpoint) {
  FakeNode fake;
  Node by_socket(With({{"HEARTH_LOCAL_SOCKET", "/x.sock"}}), fake.caller());
  ASSERT_TRUE(by_socket.Call({.url = "/a"}));
  EXPECT_EQ(fake.requests[0].unix_socket, "/x.sock.http");
  fake.socket_answers = false;
  Node by_endpoint(With({{"HEARTH_ENDPOINT", "http://node:1/"}}), fake.caller());
  ASSERT_TRUE(by_endpoint.Call({.url = "/a"}));
  EXPECT_EQ(fake.requests[1].unix_socket, "");
  EXPECT_EQ(fake.requests[1].url, "http://node:1/a");
}

TEST(Node, WhereNobodyAnswersTheErrorSaysWhereAndWhatToDo) {
  Node node(With({}),
            [](const http::CallRequest&) -> Result<http::CallAnswer> { return Fail(Code::kUnavailable, "refused"); });
  const auto answer = node.Call({.url = "/a"});
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message(),
              AllOf(HasSubstr("/run/hearth/local.sock.http"), HasSubstr("http://127.0.0.1:8080"),
                    HasSubstr("hearth serve"), HasSubstr("HEARTH_ENDPOINT")));
}

TEST(Node, ATransferThatBreaksIsNotTakenForNobody) {
  FakeNode fake{.body = "0123456789", .cut_at = 5, .socket_answers = false};
  Node node(With({}), fake.caller());
  http::CallRequest request{.url = "/a"};
  request.on_body = [](const http::CallAnswer&, std::span<const std::byte>) -> Status { return {}; };
  EXPECT_EQ(node.Call(std::move(request)).error().message(), "the transfer was cut");
}

TEST(Node, AnErrorIsToldInTheNodesOwnWords) {
  FakeNode fake{.status = 404, .body = "<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"};
  Node node(With({}), fake.caller());
  auto answer = node.Call({.url = "/a"});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::kNotFound);
  EXPECT_EQ(answer.error().message(), "NoSuchKey: gone (HTTP 404)");
  fake.status = 412;
  fake.body = R"({"error": "version_mismatch", "message": "the origin has \"B\""})";
  answer = node.Call({.url = "/a"});
  EXPECT_EQ(answer.error().code(), Code::kPreconditionFailed);
  EXPECT_EQ(answer.error().message(), "the origin has \"B\" (HTTP 412)");
  fake.status = 400;
  fake.body = R"({"evicted": [{"url": "x://b/k", "error": "no such origin"}]})";
  answer = node.Call({.url = "/a"});
  EXPECT_EQ(answer.error().message(), "no such origin (HTTP 400)");
  fake.status = 503;
  fake.body = "";
  answer = node.Call({.url = "/a"});
  EXPECT_EQ(answer.error().code(), Code::kUnavailable);
  EXPECT_THAT(answer.error().message(), HasSubstr("HTTP 503"));
}

TEST(Node, TargetsArePercentEncoded) {
  EXPECT_EQ(ObjectTarget("s3://b/a b&c", ""), "/_hearth/v1/object?url=s3%3A%2F%2Fb%2Fa%20b%26c");
  EXPECT_EQ(ObjectTarget("s3://b/k", "etag:\"x\""), "/_hearth/v1/object?url=s3%3A%2F%2Fb%2Fk&version=etag%3A%22x%22");
  EXPECT_EQ(ExplainTarget("s3://b/k"), "/_hearth/v1/explain?url=s3%3A%2F%2Fb%2Fk");
}

}  // namespace
}  // namespace hearth::cli
