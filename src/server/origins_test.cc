#include "server/origins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "io/loop.h"
#include "io/thread_pool.h"

namespace hearth::server {
namespace {

using ::testing::HasSubstr;

class Origins : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<io::Loop>> loop = io::Loop::Create({.name = "fetch"});
    ASSERT_TRUE(loop.has_value());
    loop_ = std::move(*loop);
  }
  void TearDown() override { pool_->Stop(); }

  Result<BuiltOrigins> Build(std::vector<origin::OriginSpec> specs) {
    Config config;
    config.origins = std::move(specs);
    return BuildOrigins(config, {{loop_.get()}, *pool_, SystemClock(), metrics_, log_, process_});
  }

  std::map<std::string, std::string> variables_;
  origin::Environment process_{
      .variable = [this](const std::string& name) -> std::optional<std::string> {
        const auto found = variables_.find(name);
        return found == variables_.end() ? std::nullopt : std::optional<std::string>(found->second);
      },
      .read_file = [](const std::string&) -> Result<std::string> { return Fail(Code::kNotFound, "no file"); }};
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<io::ThreadPool> pool_ = io::ThreadPool::Create({.name = "disk", .threads = 1});
  telemetry::Registry metrics_;
  telemetry::Logger log_{{.level = telemetry::Level::kError}};
};

TEST_F(Origins, AreBuiltInOrderWithTheirNamesAndBuckets) {
  const Result<BuiltOrigins> built =
      Build({{.type = origin::OriginType::kS3, .name = "cold", .endpoint = "http://127.0.0.1:1", .buckets = {"a*"}},
             {.type = origin::OriginType::kFile, .name = "data", .directory = "/nowhere-at-all"}});
  ASSERT_TRUE(built.has_value()) << built.error().message();
  ASSERT_EQ(built->entries.size(), 2u);
  EXPECT_EQ(built->entries[0].name.value, "cold");
  EXPECT_EQ(built->entries[0].buckets, std::vector<std::string>{"a*"});
  EXPECT_EQ(built->entries[1].type, origin::OriginType::kFile) << "a directory that is not there now may come";
}

TEST_F(Origins, OneClientServesAllOriginsOfOneCertificateAuthority) {
  const Result<BuiltOrigins> built =
      Build({{.type = origin::OriginType::kS3, .name = "a", .endpoint = "http://127.0.0.1:1"},
             {.type = origin::OriginType::kS3, .name = "b", .endpoint = "http://127.0.0.1:2"}});
  ASSERT_TRUE(built.has_value());
  EXPECT_EQ(built->clients.size(), 1u);
}

TEST_F(Origins, TypesOfALaterReleaseAreLeftOut) {
  const Result<BuiltOrigins> built = Build({{.type = origin::OriginType::kGs, .name = "gs"}});
  ASSERT_TRUE(built.has_value());
  EXPECT_TRUE(built->entries.empty());
}

TEST_F(Origins, WhatCannotBeUsedNamesTheOriginAndNoSecret) {
  variables_ = {{"AWS_SECRET_ACCESS_KEY", "hush"}};
  const Result<BuiltOrigins> built = Build({{.type = origin::OriginType::kS3, .name = "cold"}});
  ASSERT_FALSE(built.has_value());
  EXPECT_EQ(built.error().code(), Code::kInvalidArgument);
  EXPECT_THAT(built.error().message(), HasSubstr("origin cold"));
  EXPECT_THAT(built.error().message(), testing::Not(HasSubstr("hush")));
}

}  // namespace
}  // namespace hearth::server
