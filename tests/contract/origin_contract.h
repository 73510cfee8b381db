// The promises of origin/origin.h as tests, for every implementation.
//
// An implementation is given as an OriginFixture: how to fill it, and where its calls run. Instantiate in a
// *_test.cc of this folder:
//
//   INSTANTIATE_TEST_SUITE_P(File, OriginContract, ::testing::Values(OriginCase{"File", &MakeFileFixture}),
//   OriginCaseName);
//
// Each test makes its own fixture and uses a bucket of its own (Bucket()).
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/task.h"
#include "http/percent.h"
#include "origin/origin.h"

namespace hearth::contract {

// What a backend can hold or promise beyond the common ground.
struct OriginTraits {
  bool odd_paths = false;  // keys with empty components: "a//b", "/a", "a/"
};

class OriginFixture {
 public:
  virtual ~OriginFixture() = default;

  virtual origin::Origin& origin() = 0;
  virtual OriginTraits traits() const { return {}; }

  // The bucket of the running test; it exists.
  virtual std::string Bucket() = 0;
  // Makes the next version of the object, `size` bytes that differ from version to version, and returns them.
  virtual std::string Put(const std::string& key, std::size_t size) = 0;

  // Runs `task` as a job of an executor and waits until it has ended.
  virtual void Run(Task<void> task) = 0;
  // Runs them together.
  virtual void RunAll(std::vector<Task<void>> tasks) = 0;
};

struct OriginCase {
  std::string name;
  // Null: skipped, for the reason in `why_not`.
  std::function<std::unique_ptr<OriginFixture>(std::string& why_not)> make;
};
inline void PrintTo(const OriginCase& origin, std::ostream* out) { *out << origin.name; }
inline std::string OriginCaseName(const ::testing::TestParamInfo<OriginCase>& info) { return info.param.name; }

class OriginContract : public ::testing::TestWithParam<OriginCase> {
 protected:
  void SetUp() override;
  void TearDown() override { fixture_.reset(); }

  struct Read {
    Result<origin::GetAnswer> answer = Fail(Code::kInternal, "not asked");
    std::string bytes;             // as far as they came
    std::optional<Error> problem;  // of the body
  };
  origin::GetRequest Request(std::string key) const;
  origin::GetRequest RangeRequest(std::string key, std::uint64_t begin, std::uint64_t end) const;
  // Asks, and reads the whole body in pieces of `piece` bytes.
  Read Get(origin::GetRequest request, std::size_t piece = 100'000);
  Result<origin::GetAnswer> Open(origin::GetRequest request);
  Result<origin::ObjectMeta> Head(std::string key);
  // Forwards a request about the test's bucket.
  Result<origin::ForwardAnswer> Forward(std::string operation, http::QueryList query = {}, std::string method = "GET");
  // Keys and common prefixes of the pages of ListObjectsV2, each page sorted.
  std::vector<std::string> ListAll(http::QueryList query);
  // The next bytes of an open body.
  Result<std::string> ReadSome(origin::GetAnswer& answer, std::size_t bytes);
  void ReadRest(origin::GetAnswer& answer, std::size_t piece, Read& into);

  static Task<void> GetAndRead(origin::Origin& origin, origin::GetRequest request, std::size_t piece, Read& read);

  std::unique_ptr<OriginFixture> fixture_;
  std::string bucket_;
};

}  // namespace hearth::contract
