// Names inside a cache directory. One place, so that the store, recovery and `hearth verify` agree.
//
//   lock                       held while a process uses the directory
//   blocks/<xx>/<hash>.blk     xx: the first two hex digits of the hash
//   index.log, index.ckpt      RecordLogs of kind HIDX
//   metadata.log               RecordLog of kind HMET
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace hearth::cache {

inline constexpr std::string_view kLockPath = "lock";
inline constexpr std::string_view kBlocksDirectory = "blocks";
inline constexpr std::string_view kIndexLogPath = "index.log";
inline constexpr std::string_view kIndexCheckpointPath = "index.ckpt";
inline constexpr std::string_view kMetadataLogPath = "metadata.log";
inline constexpr std::string_view kIndexKind = "HIDX";
inline constexpr std::string_view kMetadataKind = "HMET";

// "blocks/ab"
std::string BlockDirectory(const Hash128& hash);
// "blocks/ab/abcd....blk"
std::string BlockPath(const Hash128& hash);
// The hash in "abcd....blk"; nullopt if that is not such a name.
std::optional<Hash128> HashOfFileName(std::string_view name);

}  // namespace hearth::cache
