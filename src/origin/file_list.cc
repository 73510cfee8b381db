#include "origin/file_list.h"

#include <algorithm>

#include "origin/file_lookup.h"
#include "origin/file_meta.h"

namespace hearth::origin {
namespace {

using Kind = io::DirectoryEntry::Kind;

// Looking at an entry costs about a microsecond, opening a directory or looking at a file about ten.
constexpr std::uint64_t kOpenWork = 10;
constexpr std::uint64_t kStepWork = 20'000;
// A page that holds something ends here.
constexpr std::uint64_t kPageWork = 500'000;
// Where a directory is looked through for a file, in vain: it counts as one that has some.
constexpr std::uint64_t kHasFileWork = 20'000;
// Of one directory.
constexpr std::size_t kNamesKept = 4'096;
constexpr std::size_t kHasFilePendingMax = 10'000;

// What vanished, is no directory any more, has too long a name or may not be read holds nothing to list.
Status WithoutMissing(Status status) {
  if (status) return status;
  switch (status.error().code()) {
    case Code::kNotFound:
    case Code::kInvalidArgument:
    case Code::kPermissionDenied: return {};
    default: return status;
  }
}

}  // namespace

FileLister::FileLister(io::FileSystem& root, FileListRequest request) : root_(root), request_(std::move(request)) {}

std::string FileLister::DiskPath(std::string_view path) const {
  std::string text = request_.bucket.value;
  if (!path.empty()) text.append("/").append(path.substr(0, path.size() - 1));
  return text;
}

Result<bool> FileLister::Step() {
  if (!begun_) HEARTH_TRY(Begin());
  const std::uint64_t until = work_ + kStepWork;
  while (!done_ && !frames_.empty()) {
    if (work_ >= until) return false;
    Frame& frame = frames_.back();
    if (!frame.next.empty()) {
      frame.last = std::move(frame.next.back());
      frame.next.pop_back();
      HEARTH_TRY(Take(frame.path + frame.last));
    } else if (frame.complete) {
      frames_.pop_back();
    } else {
      HEARTH_TRY(Read(frame));
    }
    if (work_ >= kPageWork && page_.size() > 0 && !frames_.empty()) page_.truncated = done_ = true;
  }
  return true;
}

Status FileLister::Begin() {
  begun_ = true;
  if (const auto bucket = LookAtBucket(root_, request_.bucket); !bucket) return Fail(bucket.error());
  done_ = request_.keys_max == 0;
  // The prefix's own directory, without reading those above it.
  const std::string path = request_.prefix.substr(0, request_.prefix.rfind('/') + 1);
  // Not every prefix can be one of a file's name ("a//", "../"); then there is nothing.
  if (path.empty() || FilePath(request_.bucket, ObjectKey(path.substr(0, path.size() - 1)))) {
    frames_.push_back({.path = path, .next = {}, .last = {}});
  }
  return {};
}

Status FileLister::Visit(const std::string& path, const io::FileSystem::Visitor& visit) {
  work_ += kOpenWork;
  return root_.VisitDirectory(DiskPath(path), [&](const io::DirectoryEntry& entry) {
    ++work_;
    return visit(entry);
  });
}

// Keeps the first components after frame.last: about what a page may need, so that the directory is seldom read twice.
Status FileLister::Read(Frame& frame) {
  std::vector<std::string>& kept = frame.next;  // a heap, the last of them in front
  frame.complete = true;
  std::string name = frame.path;
  const Status status = Visit(frame.path, [&](const io::DirectoryEntry& entry) {
    if (entry.kind == Kind::kOther) return true;
    const bool is_directory = entry.kind == Kind::kDirectory;
    name.resize(frame.path.size());
    name.append(entry.name).append(is_directory ? "/" : "");
    const std::string_view component = std::string_view(name).substr(frame.path.size());
    if (component <= frame.last || !IsWanted(name, is_directory)) return true;
    if (kept.size() == kNamesKept) {
      frame.complete = false;
      if (component >= kept.front()) return true;
      std::ranges::pop_heap(kept);
      kept.pop_back();
    }
    kept.emplace_back(component);
    std::ranges::push_heap(kept);
    return true;
  });
  std::ranges::sort(kept, std::ranges::greater());
  if (!status && frames_.size() == 1 && status.error().code() == Code::kPermissionDenied) {
    return Fail(FromDisk(root_, request_.bucket, status.error()));  // all of it, not a part that hides
  }
  return WithoutMissing(status);
}

bool FileLister::IsWanted(std::string_view name, bool is_directory) const {
  if (!group_.empty() && name.starts_with(group_)) return false;
  if (!name.starts_with(request_.prefix) && !(is_directory && request_.prefix.starts_with(name))) return false;
  if (name > request_.after || (is_directory && request_.after.starts_with(name))) {
    const std::optional<std::string_view> group = GroupOf(name);
    return !group || *group > request_.after;
  }
  return false;
}

std::optional<std::string_view> FileLister::GroupOf(std::string_view name) const {
  if (request_.delimiter.empty() || !name.starts_with(request_.prefix)) return std::nullopt;
  const std::size_t at = name.find(request_.delimiter, request_.prefix.size());
  if (at == name.npos) return std::nullopt;
  return name.substr(0, at + request_.delimiter.size());
}

// The next key, common prefix or directory. Fails only where the disk does.
Status FileLister::Take(std::string name) {
  const bool is_directory = name.ends_with('/');
  if (!IsWanted(name, is_directory)) return {};  // a common prefix was written since the directory was read
  if (const std::optional<std::string_view> group = GroupOf(name)) {
    if (is_directory) {
      const Result<bool> has_file = HasFile(name);
      if (!has_file) return Fail(has_file.error());
      if (!*has_file) return {};
    }
    if (EndIfFull()) return {};
    group_ = *group;
    page_.last = group_;
    page_.prefixes.push_back(group_);
    return {};
  }
  // Of a full page it is enough to know that something may follow.
  if (EndIfFull()) return {};
  if (!is_directory) return AddFile(std::move(name));
  frames_.push_back({.path = std::move(name), .next = {}, .last = {}});
  return {};
}

bool FileLister::EndIfFull() {
  if (page_.size() < request_.keys_max) return false;
  page_.truncated = done_ = true;
  return true;
}

Status FileLister::AddFile(std::string key) {
  work_ += kOpenWork;
  auto info = root_.Stat(request_.bucket.value + "/" + key);
  if (!info) return WithoutMissing(Fail(std::move(info).error()));
  if (!info->is_regular) return {};
  page_.last = key;
  page_.files.push_back({std::move(key), *info});
  return {};
}

Result<bool> FileLister::HasFile(std::string path) {
  const std::uint64_t until = work_ + kHasFileWork;
  std::vector<std::string> pending;
  pending.push_back(std::move(path));
  bool found = false;
  while (!pending.empty() && !found) {
    const std::string above = std::move(pending.back());
    pending.pop_back();
    const Status status = Visit(above, [&](const io::DirectoryEntry& entry) {
      found = entry.kind == Kind::kFile || work_ >= until || pending.size() >= kHasFilePendingMax;
      if (entry.kind == Kind::kDirectory) pending.push_back(above + std::string(entry.name) + "/");
      return !found;
    });
    HEARTH_TRY(WithoutMissing(status));
  }
  return found;
}

}  // namespace hearth::origin
