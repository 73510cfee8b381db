// What the `file` origin answers to each of S3's reading operations that are not about an object's bytes. One table;
// pure.
//
// A directory has no policies, tags or uploads: it answers as AWS does for a bucket or an object that has none. What
// AWS always has and a directory never (ACLs, torrents) is 501.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hearth::origin {

struct FileOperation {
  enum class Kind : std::uint8_t {
    kListBuckets,
    kListObjects,  // all three forms
    kAttributes,   // GetObjectAttributes
    kFixed,        // the same for each bucket or object that exists
  };
  std::string_view name;  // S3's
  Kind kind = Kind::kFixed;
  int status = 200;
  std::string_view code = {};  // of an error
  std::string_view text = {};  // of an error its message, else the document inside the XML
};

std::span<const FileOperation> FileOperations();
const FileOperation* FindFileOperation(std::string_view name);  // null: 501

}  // namespace hearth::origin
