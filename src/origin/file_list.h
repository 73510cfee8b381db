// FileLister: one page of the keys below a directory, in the order of their bytes, as S3 lists them.
//
// Work and memory of a page are bounded: a directory is read once for about a page's worth of its entries, however many
// it has, and no more names than that are kept; a page ends early, truncated, rather than look through a great
// many directories without a file. Not thread-safe: one step at a time. Step blocks, on the disk pool.
//
// A common prefix sorts after `after` or is left out, also where `after` lies inside of it. Links, devices and
// pipes are no objects; directories that may not be read or vanish meanwhile hold none. A directory without any file
// below it is no common prefix (unless looking for one would take too long).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/names.h"
#include "base/result.h"
#include "io/file_system.h"

namespace hearth::origin {

struct FileListRequest {
  BucketName bucket;
  std::string prefix = {};
  std::string delimiter = {};  // empty: none
  std::string after = {};      // keys and common prefixes up to this one are left out
  std::size_t keys_max = 1000;
};

struct FileListing {
  struct File {
    std::string key;
    io::FileInfo info;
  };
  std::vector<File> files = {};
  std::vector<std::string> prefixes = {};
  bool truncated = false;
  std::string last = {};  // key or common prefix that the page ends with: `after` of the next one

  std::size_t size() const { return files.size() + prefixes.size(); }
};

class FileLister {
 public:
  // `root` outlives it.
  FileLister(io::FileSystem& root, FileListRequest request);

  // Goes on for some tens of milliseconds; true: the page is complete. kNotFound (NoSuchBucket), or the disk's error.
  Result<bool> Step();

  FileListing TakePage() { return std::move(page_); }

 private:
  // A directory on the way down. Components are names, those of directories with a slash at the end: in that form
  // their order is the keys'.
  struct Frame {
    std::string path;               // "a/b/", below the bucket; empty: the bucket
    std::vector<std::string> next;  // components to come, the first of them last
    std::string last;               // components up to this one are done
    bool complete = false;          // nothing comes after `next`
  };

  Status Begin();
  Status Read(Frame& frame);
  Status Visit(const std::string& path, const io::FileSystem::Visitor& visit);
  Status Take(std::string name);
  Status AddFile(std::string key);
  Result<bool> HasFile(std::string path);
  bool IsWanted(std::string_view name, bool is_directory) const;
  std::optional<std::string_view> GroupOf(std::string_view name) const;
  bool EndIfFull();
  std::string DiskPath(std::string_view path) const;

  io::FileSystem& root_;
  FileListRequest request_;
  bool begun_ = false;
  bool done_ = false;
  std::vector<Frame> frames_;
  std::string group_;       // the common prefix that was written last; what begins so is done
  std::uint64_t work_ = 0;  // entries that were looked at
  FileListing page_;
};

}  // namespace hearth::origin
