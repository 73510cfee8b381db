// Lists as S3 writes them: what a request asks for, and the XML of ListBucketResult (both versions),
// ListVersionsResult and ListAllMyBucketsResult, written and read.
//
// Pure; any thread. For origins that list by their own means, and for whoever reads an origin's list. Keys are opaque
// bytes: XML cannot hold all of them, encoding-type=url can (without it such bytes become U+FFFD).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/names.h"
#include "base/result.h"

namespace hearth::origin {

enum class ListForm : std::uint8_t {
  kV1,        // ListObjects: marker
  kV2,        // ListObjectsV2: start-after, continuation-token
  kVersions,  // ListObjectVersions: key-marker
};

inline constexpr std::size_t kListKeysMax = 1000;  // a page, as S3 has it

// The parameters of a list, checked.
struct ListQuery {
  ListForm form = ListForm::kV2;
  std::string prefix = {};
  std::string delimiter = {};             // empty: none
  std::string after = {};                 // start-after, marker or key-marker: keys up to this one are left out
  std::optional<std::string> token = {};  // continuation-token; stands in for `after`
  std::size_t keys_max = kListKeysMax;    // keys and common prefixes together
  bool encode_url = false;                // encoding-type=url
  bool fetch_owner = false;
};

// Parameters that it does not know are ignored, as S3 ignores them. kInvalidArgument with remote status 400.
Result<ListQuery> ParseListQuery(ListForm form, const std::vector<std::pair<std::string, std::string>>& query);

struct ListedObject {
  std::string key;
  std::uint64_t size = 0;     // bytes
  std::string etag;           // with its quotes
  std::string last_modified;  // ISO 8601: 2026-01-02T03:04:05.000Z
  std::string storage_class = "STANDARD";
};

// One page.
struct ObjectListing {
  std::vector<ListedObject> objects = {};
  std::vector<std::string> prefixes = {};  // common ones, with their delimiter
  bool truncated = false;
  std::string next = {};  // if truncated: the continuation token, or the next marker
};

std::string WriteListing(const BucketName& bucket, const ListQuery& query, const ObjectListing& listing);
// A ListBucketResult of either version; keys come out decoded. kUnavailable: it is none.
Result<ObjectListing> ParseListing(std::string_view xml);

struct ListedBucket {
  std::string name;
  std::string created;      // ISO 8601, empty if unknown
  std::string region = {};  // empty if unknown
};
struct BucketListing {
  std::vector<ListedBucket> buckets = {};
  std::string owner_id = {};
  std::string owner_name = {};
  std::string prefix = {};
  std::string next = {};  // continuation token; empty: this was the last page
};

std::string WriteBuckets(const BucketListing& listing);
// kUnavailable: not a ListAllMyBucketsResult.
Result<BucketListing> ParseBuckets(std::string_view xml);

// An <Error> document.
std::string WriteError(std::string_view code, std::string_view message);

// Text between tags: what XML reserves is escaped, what it cannot hold becomes U+FFFD.
std::string EscapeXmlText(std::string_view text);

// "2026-01-02T03:04:05.000Z"; milliseconds are cut off, as S3 does.
std::string FormatIsoTime(WallTime time);

}  // namespace hearth::origin
