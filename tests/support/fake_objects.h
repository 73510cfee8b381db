// FakeObjects: what a FakeOrigin holds: names, versions, listings. Pure, no waiting.
// A bucket is there once an object was put into it, and stays.
// Not thread-safe: FakeOrigin's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/result.h"
#include "origin/origin.h"

namespace hearth::sim {

struct FakeVersion {
  std::uint64_t number = 0;
  std::uint64_t size = 0;
  std::string last_modified;
  origin::Headers headers;
};

struct FakeObject {
  std::vector<FakeVersion> versions;  // oldest first; the n-th has number n + 1
  bool deleted = false;

  const FakeVersion* current() const { return versions.empty() || deleted ? nullptr : &versions.back(); }
};

class FakeObjects {
 public:
  std::uint64_t Put(std::string_view bucket, std::string_view key, FakeVersion version);
  void Delete(std::string_view bucket, std::string_view key);
  const FakeObject* Find(std::string_view bucket, std::string_view key) const;
  // The version that `version_id` ("v3"; empty: the current one) names, or the error S3 has for it.
  Result<FakeVersion> Resolve(std::string_view bucket, std::string_view key, std::string_view version_id) const;

  // ListObjectsV2 and ListObjects: prefix, delimiter, start-after, continuation-token, marker, max-keys. ListBuckets
  // and HeadBucket. 501 for any other operation.
  origin::ForwardAnswer Forward(const origin::ForwardRequest& request) const;

 private:
  bool HasBucket(std::string_view bucket) const;
  origin::ForwardAnswer List(const origin::ForwardRequest& request) const;
  origin::ForwardAnswer ListBuckets() const;

  std::map<std::pair<std::string, std::string>, FakeObject> objects_;
};

// An error as a server would have said it.
Error RemoteFailure(Code code, int status, std::string s3_code, std::string message);
std::string HttpDate(WallTime time);

}  // namespace hearth::sim
