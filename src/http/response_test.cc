#include "http/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using testing::HasSubstr;

std::string HeadText(const ResponseHead& head, const HeadFrame& frame) {
  OutputBuffer out;
  AppendHead(out, head, frame);
  return std::string(out.view());
}

TEST(Response, AHeadIsWrittenInOneOrder) {
  ResponseHead head;
  head.status = 206;
  head.Add("ETag", "\"a\"");
  EXPECT_EQ(HeadText(head, {.stamp = "Server: S\r\n", .request_id = "ID", .content_length = 12}),
            "HTTP/1.1 206 Partial Content\r\nServer: S\r\nx-amz-request-id: ID\r\nETag: \"a\"\r\n"
            "Content-Length: 12\r\n\r\n");
}

TEST(Response, ConnectionIsSaidOnlyWhereItMustBe) {
  ResponseHead head;
  head.status = 404;
  EXPECT_EQ(HeadText(head, {.keep_alive = false}),
            "HTTP/1.1 404 Not Found\r\nx-amz-request-id: \r\nConnection: close\r\n\r\n");
  EXPECT_THAT(HeadText(head, {.keep_alive = true, .http_1_0 = true}), HasSubstr("\r\nConnection: keep-alive\r\n\r\n"));
}

TEST(Response, AValueThatWouldStartAnotherLineIsDropped) {
  ResponseHead head;
  head.Add("A", "x\r\nEvil: y");
  head.Add("B", "x\ny");
  head.Add("C", std::string_view("x\0y", 3));
  head.Add("D", "fine");
  EXPECT_EQ(head.headers, "D: fine\r\n");
}

TEST(Response, AnErrorIsXml) {
  const auto error = MakeErrorBody(431, "Code", "words", "ID");
  EXPECT_EQ(error.head.status, 431);
  EXPECT_EQ(error.head.headers, "Content-Type: application/xml\r\n");
  EXPECT_EQ(error.body,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>Code</Code><Message>words</Message>"
            "<RequestId>ID</RequestId></Error>");
}

TEST(OutputBuffer, GrowsAndKeepsWhatItHolds) {
  OutputBuffer out;
  std::string expected;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    out.Append("x=");
    out.AppendNumber(i * 1'000'003);
    expected += "x=" + std::to_string(i * 1'000'003);
  }
  EXPECT_EQ(out.view(), expected);
  const std::size_t size = out.size();
  auto more = out.Extend(10);
  EXPECT_EQ(more.size(), 10u);
  out.Shrink(size);
  EXPECT_EQ(out.view(), expected);
  out.Clear();
  EXPECT_EQ(out.view(), "");
}

}  // namespace
}  // namespace hearth::http
