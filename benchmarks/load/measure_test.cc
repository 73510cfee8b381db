#include "load/measure.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/bytes.h"
#include "load/raw_server.h"

#include "support/object_bytes.h"

namespace hearth::load {
namespace {

constexpr std::uint64_t kObjectSize = 300_KiB + 17;
constexpr std::uint64_t kAnswer = 300_KiB;

// The raw server on a file that holds one self-describing object.
class MeasureTest : public testing::Test {
 protected:
  void Serve(std::uint64_t answer_bytes) {
    path_ = std::filesystem::path(testing::TempDir()) / fmt::format("load_measure_test_{}", ::getpid());
    const std::vector<std::byte> bytes = sim::ObjectBytes("bench/one", 1).Make(0, kObjectSize);
    std::ofstream(path_, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), kObjectSize);
    auto opened = RawServer::Open({.files = {path_.string()}, .answer_bytes = answer_bytes});
    ASSERT_TRUE(opened) << opened.error().ToString();
    server_.emplace(std::move(*opened));
    thread_ = std::thread([this] { EXPECT_TRUE(server_->Run()); });
    options_.endpoint.port = server_->port();
    options_.status = 200;
    workload_ = {.path = "/bench/one", .object_size = answer_bytes};
  }
  void TearDown() override {
    if (server_) server_->Stop();
    if (thread_.joinable()) thread_.join();
    std::filesystem::remove(path_);
  }

  std::filesystem::path path_;
  std::optional<RawServer> server_;
  std::thread thread_;
  Workload workload_;
  RunOptions options_{.connections = 4};
};

TEST_F(MeasureTest, EveryAnswerIsCountedWithItsBytesAndItsTimes) {
  Serve(kAnswer);
  options_.count = 100;
  options_.verify = true;
  const auto report = Measure(workload_, options_);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->requests, 100u);
  EXPECT_EQ(report->body_bytes, 100 * kAnswer);
  EXPECT_EQ(report->latency_ns.count(), 100u);
  EXPECT_EQ(report->first_byte_ns.count(), 100u);
  EXPECT_LE(report->first_byte_ns.max(), report->latency_ns.max());
  EXPECT_TRUE(report->failures.empty()) << report->first_failure;
}

TEST_F(MeasureTest, WrongBytesAreFailures) {
  Serve(kAnswer);
  options_.count = 3;
  options_.verify = true;
  options_.content = "bench/another";
  const auto report = Measure(workload_, options_);
  ASSERT_TRUE(report) << report.error().ToString();
  EXPECT_EQ(report->requests, 0u);
  EXPECT_EQ(report->failures.at("bytes"), 3u);
  EXPECT_EQ(report->first_failure, "byte 0 of the object is wrong");
}

TEST_F(MeasureTest, AnotherStatusOrLengthThanExpectedIsAFailure) {
  Serve(4_KiB);
  options_.count = 2;
  workload_.range_size = 1_KiB;
  const auto other_length = Measure(workload_, options_);
  ASSERT_TRUE(other_length);
  EXPECT_EQ(other_length->failures.at("length"), 2u);
  options_.status.reset();
  const auto other_status = Measure(workload_, options_);
  ASSERT_TRUE(other_status);
  EXPECT_EQ(other_status->failures.at("status"), 2u);
}

TEST_F(MeasureTest, ARunOfManyFailuresEnds) {
  Serve(4_KiB);
  options_.count = 1'000'000;
  options_.status = 206;
  const auto report = Measure(workload_, options_);
  ASSERT_TRUE(report);
  EXPECT_GE(report->failures.at("status"), 100u);
  EXPECT_LE(report->failures.at("status"), 100u + options_.connections);
}

TEST_F(MeasureTest, ARateIsKeptAndNotExceeded) {
  Serve(4_KiB);
  options_.count = 50;
  options_.rate = 500;
  const auto report = Measure(workload_, options_);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->requests, 50u);
  EXPECT_GE(report->elapsed, std::chrono::milliseconds(98));  // the last is due after 49 intervals of 2 ms
}

TEST_F(MeasureTest, AStopEndsTheRunAndWhatWasMeasuredStays) {
  Serve(4_KiB);
  options_.count = 1'000'000'000;
  std::atomic<bool> stop = false;
  options_.stop = &stop;
  std::optional<Result<Report>> report;
  std::thread measuring([&] { report = Measure(workload_, options_); });
  stop = true;
  measuring.join();
  ASSERT_TRUE(*report);
  EXPECT_TRUE((*report)->failures.empty());
}

TEST_F(MeasureTest, ADurationEndsTheRun) {
  Serve(4_KiB);
  options_.duration = std::chrono::milliseconds(50);
  const auto report = Measure(workload_, options_);
  ASSERT_TRUE(report);
  EXPECT_GT(report->requests, 0u);
  EXPECT_GE(report->elapsed, std::chrono::milliseconds(50));
}

TEST(Measure, NobodyListeningIsAnError) {
  auto server = RawServer::Open({.files = {"/proc/self/exe"}, .answer_bytes = 1});
  ASSERT_TRUE(server);
  const std::uint16_t port = server->port();
  {
    const RawServer closed = std::move(*server);
  }
  EXPECT_FALSE(Measure({}, {.endpoint = {.port = port}, .count = 1}));
}

TEST(RunOptions, ARunThatWouldNeverEndIsRefused) {
  EXPECT_FALSE((RunOptions{.endpoint = {.port = 1}}.Validate()));
  EXPECT_FALSE((RunOptions{.connections = 0, .count = 1}.Validate()));
  EXPECT_TRUE((RunOptions{.endpoint = {.port = 1}, .count = 1}.Validate()));
}

}  // namespace
}  // namespace hearth::load
