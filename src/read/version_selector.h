// The `version` argument of clients, URLs and flags (interface.md, "`version` in clients, URLs and flags").
//
// etag:X, generation:N, version-id:X, label:X. Bare: text in double quotes, or 32 hex digits with an optional -N, is
// an ETag; all digits on a gs origin a generation; anything else a label. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/names.h"
#include "base/result.h"

namespace hearth::read {

// Of S3's version id "null", which is not the name of one content as other ids are.
inline constexpr std::string_view kNullVersionSelector = "version-id:null";

struct VersionSelector {
  enum class Kind : std::uint8_t {
    kCurrent,     // whatever is current, by the freshness rules
    kETag,        // a precondition: this content or an error
    kGeneration,  // this version, old or current (gs)
    kVersionId,   // this version, old or current (s3)
    kLabel,       // what the label was bound to by its first read
  };
  Kind kind = Kind::kCurrent;
  std::string value;  // an ETag with its quotes

  // Names what metadata is remembered under, beside the object: "" for the current one and for ETags, which ask
  // about the current one.
  std::string MetadataKey() const;
  bool operator==(const VersionSelector&) const = default;
};

// kInvalidArgument: empty after a prefix, or a generation that is not a number.
Result<VersionSelector> ParseVersionSelector(std::string_view text, bool generations);

}  // namespace hearth::read
